// Rows in parallel, block by block: those of a chunk one after another, long ones by their pieces.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"

namespace odot::inline ODOT_PRECISION {

/// One of the two sides, its rows cut into blocks. Results have the same bits on any number of threads where a row's do
/// not depend on the other rows.
class RowWalk {
 public:
  /// Blocks of `block_rows` rows, at least 1; the ratings that `side` views must stay as they are.
  RowWalk(const RatingSide& side, Index block_rows, const FactorLayout& layout);

  std::size_t blocks() const { return blocks_.size(); }

  /// Solves every row of a block once, in parallel. `rows`, whose functions threads call at once, has
  ///   double solve(Index row, Offset begin, Offset end)                   of a row with these ratings
  ///   void form(Index row, Offset begin, Offset end, RowQuadratic& out)   of a piece of a long row, not mirrored
  ///   double solve(Index row, RowQuadratic& total)                        of a long row; `total` is spent
  /// Returns the sum of what they return.
  template <class Rows>
  double update(std::size_t number, Rows&& rows);

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
  template <class Rows>
  void update(const ChunkPlan& plan, const LongRowGroup& group, Rows& rows);

  RatingSide side_;
  std::vector<Block> blocks_;
  std::vector<double> sums_;          // over each chunk of a block
  std::vector<RowQuadratic> pieces_;  // of long rows
};

template <class Rows>
double RowWalk::update(std::size_t number, Rows&& rows) {
  const Block& block = blocks_[number];
  std::fill(sums_.begin(), sums_.end(), 0.0);
  parallel_for(block.plan.chunks.size(), [&](std::size_t at) {
    const Chunk& chunk = block.plan.chunks[at];
    if (chunk.piece != Chunk::kWhole) return;
    side_.read(chunk.begin, chunk.end, [&] {
      for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
        sums_[at] += rows.solve(row, side_.offsets[row], side_.offsets[row + 1]);
      }
    });
  });
  for (const LongRowGroup& group : block.groups) update(block.plan, group, rows);
  return ordered_sum(sums_);
}

template <class Rows>
void RowWalk::update(const ChunkPlan& plan, const LongRowGroup& group, Rows& rows) {
  parallel_for(group.piece_chunks.size(), [&](std::size_t at) {
    const Chunk& chunk = plan.chunks[group.piece_chunks[at]];
    side_.read(chunk.begin, chunk.end, [&] { rows.form(chunk.row_begin, chunk.begin, chunk.end, pieces_[at]); });
  });
  const std::size_t first_piece = group.rows.front().first_piece;
  parallel_for(group.rows.size(), [&](std::size_t at) {
    const LongRow& row = group.rows[at];
    const std::span pieces = std::span(pieces_).subspan(row.first_piece - first_piece, row.end_piece - row.first_piece);
    RowQuadratic& total = pieces.front();
    add_in_order(pieces.subspan(1), total);
    sums_[row.first_chunk] = rows.solve(row.row, total);
  });
}

}  // namespace odot::inline ODOT_PRECISION
