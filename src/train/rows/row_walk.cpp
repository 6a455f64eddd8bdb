// How a side's rows are cut into blocks, chunks and groups of long rows.
#include "train/rows/row_walk.hpp"

#include <utility>

namespace odot::inline ODOT_PRECISION {
namespace {

// Ratings a chunk: each costs much more here than in a gradient, so that fewer are enough.
constexpr Offset kChunkRatings = 1024;
// Pieces of long rows whose quadratics are kept at a time, unless a single row has more.
constexpr std::size_t kMostPieces = 256;

}  // namespace

RowWalk::RowWalk(const RatingSide& side, Index block_rows, const FactorLayout& layout) : side_(side) {
  const ChunkWork work{.ratings = kChunkRatings, .row = layout.width() / 2};
  std::size_t chunks = 0;
  std::size_t pieces = 0;
  for (Index first = 0, end = 0; first < side.rows(); first = end) {
    end = first + std::min(block_rows, side.rows() - first);
    ChunkPlan plan(side, first, end, work);
    std::vector<LongRowGroup> groups = group_long_rows(plan);
    for (const LongRowGroup& group : groups) pieces = std::max(pieces, group.piece_chunks.size());
    chunks = std::max(chunks, plan.chunks.size());
    blocks_.push_back({std::move(plan), std::move(groups)});
  }
  sums_.resize(chunks);
  pieces_.assign(pieces, RowQuadratic(layout.stride()));
}

std::vector<RowWalk::LongRowGroup> RowWalk::group_long_rows(const ChunkPlan& plan) {
  std::vector<LongRowGroup> groups;
  for (const LongRow& row : plan.long_rows) {
    const std::size_t pieces = row.end_piece - row.first_piece;
    if (groups.empty() || groups.back().piece_chunks.size() + pieces > kMostPieces) groups.emplace_back();
    LongRowGroup& group = groups.back();
    group.rows.push_back(row);
    for (std::size_t k = 0; k < pieces; ++k) group.piece_chunks.push_back(row.first_chunk + k);
  }
  return groups;
}

}  // namespace odot::inline ODOT_PRECISION
