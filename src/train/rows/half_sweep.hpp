// Solving for all rows of one side, block by block.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "train/rows/row_prior.hpp"
#include "train/rows/row_solver.hpp"
#include "train/rows/row_walk.hpp"

namespace odot::inline ODOT_PRECISION {

/// One of the two sides, its rows cut into blocks, with all that solving them needs. Results have the same bits on any
/// number of threads, and a row's do not depend on the other rows.
class HalfSweep {
 public:
  /// Blocks of `block_rows` rows, whose element `pinned` (−1: none) may not change. The ratings that `side` views must
  /// stay as they are; `prior` must outlive this.
  HalfSweep(const RatingSide& side, Index block_rows, const RowPrior& prior, const FactorLayout& layout, int pinned,
            const RowMethod& method);

  std::size_t blocks() const { return walk_.blocks(); }

  /// Improves the rows of a block, in parallel; returns the change of f. `rows` are the side's, all of them, and
  /// `columns` the other's.
  double update(std::size_t number, Real* rows, const Real* columns);

  /// Adds what the optimizers of rows have done so far.
  void add_work(Counts& total) const;

 private:
  RatingSide side_;
  std::size_t stride_;
  const RowPrior& prior_;
  RowWalk walk_;
  std::vector<RowSolver> solvers_;  // for each thread
};

}  // namespace odot::inline ODOT_PRECISION
