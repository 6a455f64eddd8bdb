// Each row by the RowSolver of the thread that comes to it.
#include "train/rows/half_sweep.hpp"

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The rows as RowWalk sees them.
struct SolvedRows {
  const RatingSide& side;
  std::size_t stride;
  const RowPrior& prior;
  std::vector<RowSolver>& solvers;
  Real* rows;
  const Real* columns;

  RowSolver& solver() { return solvers[static_cast<std::size_t>(thread_number())]; }

  double solve(Index row, Offset begin, Offset end) {
    return solver().solve(side, begin, end, columns, prior.of_row(row), rows + row * stride);
  }
  void form(Index row, Offset begin, Offset end, RowQuadratic& out) {
    solver().form(side, begin, end, rows + row * stride, columns, out);
  }
  double solve(Index row, RowQuadratic& total) { return solver().solve(total, prior.of_row(row), rows + row * stride); }
};

}  // namespace

HalfSweep::HalfSweep(const RatingSide& side, Index block_rows, const RowPrior& prior, const FactorLayout& layout,
                     int pinned, const RowMethod& method)
    : side_(side), stride_(layout.stride()), prior_(prior), walk_(side, block_rows, layout) {
  for (int thread = 0; thread < threads(); ++thread) {
    solvers_.emplace_back(method, stride_, layout.width(), pinned);
  }
}

double HalfSweep::update(std::size_t number, Real* rows, const Real* columns) {
  return walk_.update(number, SolvedRows{side_, stride_, prior_, solvers_, rows, columns});
}

void HalfSweep::add_work(Counts& total) const {
  for (const RowSolver& row_solver : solvers_) total.add_work(row_solver.work());
}

}  // namespace odot::inline ODOT_PRECISION
