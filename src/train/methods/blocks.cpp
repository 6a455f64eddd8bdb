// Row by row and column by column (document, algorithm 13): k_U rows of U, then k_V of V, and so on, until each has
// been updated once, which is a sweep. The rows of a block do not depend on one another and are solved in parallel.
// With one block of each, and Newton's method, this is alternating least squares (Zhou et al. 2008).
#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/masked_gradient.hpp"
#include "train/methods/methods.hpp"
#include "train/optimizer_choice.hpp"
#include "train/rows/half_sweep.hpp"
#include "train/sweeps.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The solver of rows that is no optimizer of the registry: alternating least squares.
constexpr const char* kNewton = "newton";

constexpr int kMostInnerIterations = 1'000'000;

// Blocks a side and sweep by default. On ML-1M more than one make the first sweeps better, and more than eight do not.
constexpr Index kRounds = 8;

// k_U and k_V.
struct BlockSizes {
  Index rows;
  Index cols;
};

BlockSizes block_sizes(const TrainSettings& settings, Index users, Index items) {
  const Index block_rows = settings.block_rows.value_or(0);
  const Index block_cols = settings.block_cols.value_or(0);
  const auto share = [](Index of, Index numerator, Index denominator) {
    const double size = static_cast<double>(of) * numerator / std::max<Index>(denominator, 1);
    return std::max<Index>(1, static_cast<Index>(std::llround(size)));
  };
  if (block_rows == 0 && block_cols == 0) {
    return {(users + kRounds - 1) / kRounds, (items + kRounds - 1) / kRounds};
  }
  // Where one is given, the other follows in proportion: k_U / k_V = m / n.
  return {block_rows ? block_rows : share(block_cols, users, items),
          block_cols ? block_cols : share(block_rows, items, users)};
}

class BlockSweeper : public Sweeper {
 public:
  BlockSweeper(const TrainTask& task, const RowMethod& method, const BlockSizes& sizes, const Vector& theta)
      : layout_(task.layout),
        user_prior_(task.ratings.by_user(), user_penalty(task), layout_.stride()),
        item_prior_(task.ratings.by_item(), item_penalty(task), layout_.stride()),
        users_(task.ratings.by_user(), sizes.rows, user_prior_, layout_, layout_.user_pin(), method),
        items_(task.ratings.by_item(), sizes.cols, item_prior_, layout_, layout_.item_pin(), method) {
    Vector gradient(layout_.item_row(0));
    MaskedGradient pass(task.ratings.by_user(), layout_.stride());
    const Real* items = theta.data() + layout_.item_row(0);
    if (task.unobserved) all_.emplace(layout_, *task.unobserved);
    prior_value_ = prior(theta);
    value_ = pass(theta.data(), items, user_penalty(task), gradient.data()).squared_error + prior_value_;
    ++passes_;
  }

  void sweep(Vector& theta) override {
    Real* users = theta.data();
    Real* items = theta.data() + layout_.item_row(0);
    const std::size_t rounds = std::max(users_.blocks(), items_.blocks());
    for (std::size_t round = 0; round < rounds; ++round) {
      // Given all that it depends on, what a row adds to f is a quadratic, and f changes as that does.
      if (round < users_.blocks()) {
        if (all_) all_->for_users(theta.data(), user_prior_.of_all());
        value_ += users_.update(round, users, items);
      }
      if (round < items_.blocks()) {
        if (all_) all_->for_items(theta.data(), item_prior_.of_all());
        value_ += items_.update(round, items, users);
      }
    }
    passes_ += 2;
    prior_value_ = prior(theta);
    // Where the ratings are met exactly, the rounding of all changes must not take f below what it can be.
    value_ = std::max(value_, prior_value_);
  }

  double value() const override { return value_; }
  double squared_error() const override { return value_ - prior_value_; }
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
  double prior(const Vector& theta) const {
    const double ridge = user_prior_.value(theta.data()) + item_prior_.value(theta.data() + layout_.item_row(0));
    return all_ ? ridge + all_->value(theta.data()) : ridge;
  }

  FactorLayout layout_;
  RidgePrior user_prior_;
  RidgePrior item_prior_;
  HalfSweep users_;
  HalfSweep items_;
  std::optional<AllEntries> all_;
  double value_ = 0;
  double prior_value_ = 0;
  long passes_ = 0;
  Counts earlier_work_;  // of the runs that this one goes on from
};

}  // namespace

TrainOutcome run_blocks(const TrainTask& task, Vector& theta) {
  const TrainSettings& settings = task.settings;
  const RowMethod method = settings.optimizer == kNewton
                               ? RowMethod(NewtonRows{})
                               : RowMethod(OptimizedRows{choose_optimizer(settings), *settings.inner_iterations});
  restore_factors(task, theta);
  BlockSweeper sweeper(task, method, block_sizes(settings, task.layout.users, task.layout.items), theta);
  return run_sweeps(task, sweeper, theta);
}

namespace {

std::vector<TrainOption> own_options() {
  Option inner = integer_option("inner-iterations", kOptimisationGroup, "N", "blocks: most iterations a row and sweep",
                                {1, kMostInnerIterations});
  inner.standard = std::int64_t{3};
  inner.needs_optimizer = true;
  const auto size = [&](const char* name, const char* what, const char* other) {
    Option option = integer_option(name, kOptimisationGroup, "K", what, {1, kUnknown - 1});
    const std::string text = std::string("default: in proportion to --") + other + ", or else an eighth of all";
    option.default_text = [text] { return text; };
    return option;
  };
  constexpr const char* kRows = "block-rows";
  constexpr const char* kCols = "block-cols";
  return {member(std::move(inner), &TrainSettings::inner_iterations),
          member(size(kRows, "blocks: rows of U that are updated before the next columns of V", kCols),
                 &TrainSettings::block_rows),
          member(size(kCols, "blocks: columns of V that are updated before the next rows of U", kRows),
                 &TrainSettings::block_cols)};
}

}  // namespace

Method blocks_method() {
  Method method{.name = "blocks", .help = "row by row of U and column by column of V", .unit = "sweeps"};
  method.options = {"center", "biases", "optimizer", "line-search"};
  // A sweep does what several iterations of the others do.
  method.defaults = {.optimizer = kNewton, .iterations = 50, .tolerance = 1e-4};
  method.own = own_options();
  method.solvers = {{kNewton, "solves each row's normal equations"}};
  method.default_regularisation = usual_regularisation;
  return factor_method(std::move(method), {run_blocks});
}

}  // namespace odot::inline ODOT_PRECISION
