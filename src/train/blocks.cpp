// Row by row and column by column (document, algorithm 13): k_U rows of U, then k_V of V, and so on, until each has
// been updated once, which is a sweep. The rows of a block do not depend on one another and are solved in parallel.
// With one block of each, and Newton's method, this is alternating least squares (Zhou et al. 2008).
#include <algorithm>
#include <cmath>

#include "kernels/masked_gradient.hpp"
#include "train/row_solver.hpp"
#include "train/sweeps.hpp"

namespace odot {
namespace {

// Ratings a chunk: each costs much more here than in a gradient, so that fewer are enough.
constexpr Offset kChunkRatings = 1024;
// Pieces of long rows whose quadratics are kept at a time, unless a single row has more.
constexpr std::size_t kMostPieces = 256;
// Blocks a side and sweep by default. On ML-1M more than one make the first sweeps better, and more than eight do not.
constexpr Index kRounds = 8;

// k_U and k_V.
struct BlockSizes {
  Index rows;
  Index cols;
};

// Long rows that are solved together: their pieces' quadratics are formed in parallel, then the rows solved in
// parallel.
struct LongRowGroup {
  std::vector<LongRow> rows;
  std::vector<std::size_t> piece_chunks;  // the pieces in order, as numbers of chunks
};

// The rows of one block.
struct Block {
  ChunkPlan plan;
  std::vector<LongRowGroup> groups;
};

std::vector<LongRowGroup> group_long_rows(const ChunkPlan& plan) {
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

// One of the two sides with the blocks of its rows.
class HalfSweep {
 public:
  HalfSweep(const Side& side, Index block_rows, const Penalty& penalty, const FactorLayout& layout,
            const RowMethod& method)
      : side_(side), stride_(layout.stride()), penalty_(penalty) {
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
      solvers_.emplace_back(method, stride_, layout.width(), penalty.pinned);
    }
  }

  std::size_t blocks() const { return blocks_.size(); }

  // Improves the rows of a block; returns the change of f.
  double update(std::size_t number, Real* rows, const Real* columns) {
    const Block& block = blocks_[number];
    std::fill(changes_.begin(), changes_.end(), 0.0);
    parallel_for(block.plan.chunks.size(), [&](std::size_t at) {
      const Chunk& chunk = block.plan.chunks[at];
      if (chunk.piece != Chunk::kWhole) return;
      side_.read(chunk.begin, chunk.end, [&] {
        for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
          changes_[at] += solver().solve(side_, side_.offsets[row], side_.offsets[row + 1], columns,
                                         penalty_.of_row(side_, row), rows + row * stride_);
        }
      });
    });
    for (const LongRowGroup& group : block.groups) update(block.plan, group, rows, columns);
    double change = 0;
    for (const double of_chunk : changes_) change += of_chunk;
    return change;
  }

  // Adds what the optimizers of rows have done so far.
  void add_work(Counts& total) const {
    for (const RowSolver& row_solver : solvers_) total.add_work(row_solver.work());
  }

 private:
  RowSolver& solver() { return solvers_[static_cast<std::size_t>(thread_number())]; }

  void update(const ChunkPlan& plan, const LongRowGroup& group, Real* rows, const Real* columns) {
    parallel_for(group.piece_chunks.size(), [&](std::size_t at) {
      const Chunk& chunk = plan.chunks[group.piece_chunks[at]];
      side_.read(chunk.begin, chunk.end, [&] {
        solver().form(side_, chunk.begin, chunk.end, rows + chunk.row_begin * stride_, columns, pieces_[at]);
      });
    });
    const std::size_t first_piece = group.rows.front().first_piece;
    parallel_for(group.rows.size(), [&](std::size_t at) {
      const LongRow& row = group.rows[at];
      RowQuadratic& total = pieces_[row.first_piece - first_piece];
      for (std::size_t piece = row.first_piece + 1; piece < row.end_piece; ++piece) {
        add(pieces_[piece - first_piece], total);
      }
      changes_[row.first_chunk] = solver().solve(total, penalty_.of_row(side_, row.row), rows + row.row * stride_);
    });
  }

  Side side_;
  std::size_t stride_;
  Penalty penalty_;
  std::vector<Block> blocks_;
  std::vector<double> changes_;       // of f by each chunk of a block
  std::vector<RowQuadratic> pieces_;  // of long rows
  std::vector<RowSolver> solvers_;    // for each thread
};

BlockSizes block_sizes(const TrainSettings& settings, Index users, Index items) {
  const auto share = [](Index of, Index numerator, Index denominator) {
    const double size = static_cast<double>(of) * numerator / std::max<Index>(denominator, 1);
    return std::max<Index>(1, static_cast<Index>(std::llround(size)));
  };
  if (settings.block_rows == 0 && settings.block_cols == 0) {
    return {(users + kRounds - 1) / kRounds, (items + kRounds - 1) / kRounds};
  }
  // Where one is given, the other follows in proportion: k_U / k_V = m / n.
  return {settings.block_rows ? settings.block_rows : share(settings.block_cols, users, items),
          settings.block_cols ? settings.block_cols : share(settings.block_rows, items, users)};
}

class BlockSweeper : public Sweeper {
 public:
  BlockSweeper(const TrainTask& task, const RowMethod& method, const BlockSizes& sizes, const Vector& theta)
      : layout_(task.layout),
        user_penalty_(::odot::user_penalty(task)),
        item_penalty_(::odot::item_penalty(task)),
        by_user_(task.ratings.by_user()),
        by_item_(task.ratings.by_item()),
        users_(by_user_, sizes.rows, user_penalty_, layout_, method),
        items_(by_item_, sizes.cols, item_penalty_, layout_, method) {
    Vector gradient(layout_.item_row(0));
    MaskedGradient pass(by_user_, layout_.stride());
    const Real* items = theta.data() + layout_.item_row(0);
    penalty_value_ = penalty(theta);
    value_ = pass(theta.data(), items, user_penalty_, gradient.data()).squared_error + penalty_value_;
    ++passes_;
  }

  void sweep(Vector& theta) override {
    Real* users = theta.data();
    Real* items = theta.data() + layout_.item_row(0);
    const std::size_t rounds = std::max(users_.blocks(), items_.blocks());
    for (std::size_t round = 0; round < rounds; ++round) {
      // Given all that it depends on, what a row adds to f is a quadratic, and f changes as that does.
      if (round < users_.blocks()) value_ += users_.update(round, users, items);
      if (round < items_.blocks()) value_ += items_.update(round, items, users);
    }
    passes_ += 2;
    penalty_value_ = penalty(theta);
    // Where the ratings are met exactly, the rounding of all changes must not take f below what it can be.
    value_ = std::max(value_, penalty_value_);
  }

  double value() const override { return value_; }
  double squared_error() const override { return value_ - penalty_value_; }
  long passes() const override { return passes_; }

  // f is kept up to date by adding changes: evaluated anew it would be another number.
  void visit(StateVisitor& visitor) override {
    visitor.number("tracked_value", value_);
    visitor.integer("passes", passes_);
    Counts all = work();
    all.visit(visitor);
    if (visitor.restores()) earlier_work_ = all;
  }

  Counts work() const override {
    Counts total = earlier_work_;
    users_.add_work(total);
    items_.add_work(total);
    return total;
  }

 private:
  double penalty(const Vector& theta) const {
    return user_penalty_.value(by_user_, theta.data(), layout_.stride()) +
           item_penalty_.value(by_item_, theta.data() + layout_.item_row(0), layout_.stride());
  }

  FactorLayout layout_;
  Penalty user_penalty_;
  Penalty item_penalty_;
  Side by_user_;
  Side by_item_;
  HalfSweep users_;
  HalfSweep items_;
  double value_ = 0;
  double penalty_value_ = 0;
  long passes_ = 0;
  Counts earlier_work_;  // of the runs that this one goes on from
};

}  // namespace

TrainOutcome run_blocks(const TrainTask& task, Vector& theta) {
  const TrainSettings& settings = task.settings;
  const RowMethod method =
      settings.optimizer == kNewton ? RowMethod{} : RowMethod{choose_optimizer(settings), settings.inner_iterations};
  restore_factors(task, theta);
  BlockSweeper sweeper(task, method, block_sizes(settings, task.layout.users, task.layout.items), theta);
  return run_sweeps(task, sweeper, theta);
}

}  // namespace odot
