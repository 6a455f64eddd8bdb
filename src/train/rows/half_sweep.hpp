// Solving all rows of one side while the other side stays as it is.
#pragma once

#include <vector>

#include "kernels/chunk_plan.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/rows/row_solver.hpp"

namespace odot::inline ODOT_PRECISION {

/// One of the two sides, its rows cut into blocks, with all that solving them needs. Results have the same bits on any
/// number of threads, and a row's do not depend on the other rows.
class HalfSweep {
 public:
  /// Blocks of `block_rows` rows, whose element `pinned` (−1: none) may not change. The ratings that `side` views must
  /// stay as they are; `prior` must outlive this.
  HalfSweep(const RatingSide& side, Index block_rows, const RowPrior& prior, const FactorLayout& layout, int pinned,
            const RowMethod& method);

  std::size_t blocks() const { return blocks_.size(); }

  /// Improves the rows of a block, in parallel; returns the change of f. `rows` are the side's, all of them, and
  /// `columns` the other's.
  double update(std::size_t number, Real* rows, const Real* columns);

  /// Adds what the optimizers of rows have done so far.
  void add_work(Counts& total) const;

 private:
  // Long rows that are solved together: their pieces' quadratics are formed in parallel, then the rows solved in
  // parallel.
  struct LongRowGroup {
    std::vector<LongRow> rows;
    std::vector<std::size_t> piece_chunks;  // the pieces in order, as numbers of chunks
  };

  struct Block {
    ChunkPlan plan;
    std::vector<LongRowGroup> groups;
  };

  static std::vector<LongRowGroup> group_long_rows(const ChunkPlan& plan);
  RowSolver& solver();
  void update(const ChunkPlan& plan, const LongRowGroup& group, Real* rows, const Real* columns);

  RatingSide side_;
  std::size_t stride_;
  const RowPrior& prior_;
  std::vector<Block> blocks_;
  std::vector<double> changes_;       // of f by each chunk of a block
  std::vector<RowQuadratic> pieces_;  // of long rows
  std::vector<RowSolver> solvers_;    // for each thread
};

}  // namespace odot::inline ODOT_PRECISION
