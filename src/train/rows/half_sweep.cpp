// Rows in parallel: those of a chunk one after another, long ones by their pieces.
#include "train/rows/half_sweep.hpp"

#include <algorithm>
#include <span>

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Ratings a chunk: each costs much more here than in a gradient, so that fewer are enough.
constexpr Offset kChunkRatings = 1024;
// Pieces of long rows whose quadratics are kept at a time, unless a single row has more.
constexpr std::size_t kMostPieces = 256;

}  // namespace

HalfSweep::HalfSweep(const RatingSide& side, Index block_rows, const RowPrior& prior, const FactorLayout& layout,
                     int pinned, const RowMethod& method)
    : side_(side), stride_(layout.stride()), prior_(prior) {
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
  changes_.resize(chunks);
  pieces_.assign(pieces, RowQuadratic(stride_));
  for (int thread = 0; thread < threads(); ++thread) {
    solvers_.emplace_back(method, stride_, layout.width(), pinned);
  }
}

std::vector<HalfSweep::LongRowGroup> HalfSweep::group_long_rows(const ChunkPlan& plan) {
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

double HalfSweep::update(std::size_t number, Real* rows, const Real* columns) {
  const Block& block = blocks_[number];
  std::fill(changes_.begin(), changes_.end(), 0.0);
  parallel_for(block.plan.chunks.size(), [&](std::size_t at) {
    const Chunk& chunk = block.plan.chunks[at];
    if (chunk.piece != Chunk::kWhole) return;
    side_.read(chunk.begin, chunk.end, [&] {
      for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
        changes_[at] += solver().solve(side_, side_.offsets[row], side_.offsets[row + 1], columns, prior_.of_row(row),
                                       rows + row * stride_);
      }
    });
  });
  for (const LongRowGroup& group : block.groups) update(block.plan, group, rows, columns);
  return ordered_sum(changes_);
}

void HalfSweep::update(const ChunkPlan& plan, const LongRowGroup& group, Real* rows, const Real* columns) {
  parallel_for(group.piece_chunks.size(), [&](std::size_t at) {
    const Chunk& chunk = plan.chunks[group.piece_chunks[at]];
    side_.read(chunk.begin, chunk.end, [&] {
      solver().form(side_, chunk.begin, chunk.end, rows + chunk.row_begin * stride_, columns, pieces_[at]);
    });
  });
  const std::size_t first_piece = group.rows.front().first_piece;
  parallel_for(group.rows.size(), [&](std::size_t at) {
    const LongRow& row = group.rows[at];
    const std::span pieces = std::span(pieces_).subspan(row.first_piece - first_piece, row.end_piece - row.first_piece);
    RowQuadratic& total = pieces.front();
    add_in_order(pieces.subspan(1), total);
    changes_[row.first_chunk] = solver().solve(total, prior_.of_row(row.row), rows + row.row * stride_);
  });
}

void HalfSweep::add_work(Counts& total) const {
  for (const RowSolver& row_solver : solvers_) total.add_work(row_solver.work());
}

RowSolver& HalfSweep::solver() { return solvers_[static_cast<std::size_t>(thread_number())]; }

}  // namespace odot::inline ODOT_PRECISION
