// Non-negative factors by multiplicative updates: U ← U ∘ (W∘X)Vᵀ / ((W∘UV)Vᵀ + λU + ε), then V likewise (document,
// equations 11 to 13; Lee & Seung 2001). f never rises.
#include <cmath>
#include <optional>

#include "kernels/multiplicative_update.hpp"
#include "train/methods/methods.hpp"
#include "train/sweeps.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The pass by user that ends a sweep evaluates f and prepares the next sweep's U at once.
class MultiplicativeSweeper : public Sweeper {
 public:
  MultiplicativeSweeper(const TrainTask& task, const Vector& theta)
      : layout_(task.layout),
        user_penalty_(::odot::user_penalty(task)),
        item_penalty_(::odot::item_penalty(task)),
        by_item_(task.ratings.by_item()),
        user_update_(task.ratings.by_user(), layout_.stride()),
        item_update_(by_item_, layout_.stride()),
        next_(theta.size()) {
    if (task.unobserved) all_.emplace(layout_, *task.unobserved);
    evaluate(theta);
  }

  void sweep(Vector& theta) override {
    const std::size_t v = layout_.item_row(0);
    copy(ConstSpan(next_).first(v), Span(theta).first(v));
    if (all_) all_->for_items(theta.data(), of_all_);
    update(item_update_, theta.data() + v, theta.data(), item_penalty_, next_.data() + v);
    ++passes_;
    copy(ConstSpan(next_).subspan(v), Span(theta).subspan(v));
    evaluate(theta);
  }

  double value() const override { return value_; }
  double squared_error() const override { return squared_error_; }
  long passes() const override { return passes_; }
  void visit(StateVisitor& visitor) override { visitor.integer("passes", passes_); }

 private:
  void evaluate(const Vector& theta) {
    const Real* items = theta.data() + layout_.item_row(0);
    if (all_) all_->for_users(theta.data(), of_all_);
    const PassSums sums = update(user_update_, theta.data(), items, user_penalty_, next_.data());
    ++passes_;
    squared_error_ = sums.squared_error;
    value_ = squared_error_ + sums.penalty + item_penalty_.value(by_item_, items, layout_.stride()) +
             (all_ ? all_->value(theta.data()) : 0);
  }

  PassSums update(MultiplicativeUpdate& by, const Real* rows, const Real* columns, const Penalty& penalty,
                  Real* next) const {
    return all_ ? by(rows, columns, penalty, next, of_all_.matrix.data(), of_all_.linear.data())
                : by(rows, columns, penalty, next);
  }

  FactorLayout layout_;
  Penalty user_penalty_;
  Penalty item_penalty_;
  RatingSide by_item_;
  MultiplicativeUpdate user_update_;
  MultiplicativeUpdate item_update_;
  Vector next_;  // what θ becomes
  std::optional<AllEntries> all_;
  RowsOfAll of_all_;
  double value_ = 0;
  double squared_error_ = 0;
  long passes_ = 0;
};

}  // namespace

TrainOutcome run_nnmf(const TrainTask& task, Vector& theta) {
  restore_factors(task, theta);
  MultiplicativeSweeper sweeper(task, theta);
  return run_sweeps(task, sweeper, theta);
}

namespace {

// Factors far from zero, whose products are the ratings themselves.
Regularisation regularisation(int rank, double deviation) { return {2 * std::sqrt(rank) * deviation, 0}; }

}  // namespace

Method nnmf_method() {
  Method method{.name = "nnmf",
                .help = "factors that are not negative, by multiplicative updates; without mean and biases",
                .unit = "sweeps"};
  method.defaults = {.center = false, .biases = false, .unobserved = true, .iterations = 500};
  method.default_regularisation = regularisation;
  method.regularisation_note = "growing with the square root of the rank";
  return factor_method(std::move(method), {run_nnmf, true});
}

}  // namespace odot::inline ODOT_PRECISION
