// Where a search along a line starts.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/optim/step_rule.hpp"

namespace odot::inline ODOT_PRECISION {

/// The first trial step of each search: always the same one (the document's algorithms start at 1), or "warm", the last
/// accepted step enlarged, which saves most trials. Directions that carry their own length start at 1 either way.
class FirstTrial {
 public:
  static constexpr double kWarm = 0;

  /// `initial_step` is the step, or kWarm; `growth` ≥ 1 enlarges the last accepted step.
  FirstTrial(double initial_step, double growth) : initial_step_(initial_step), growth_(growth) {}

  void reset(bool unit_step) {
    warm_ = initial_step_ == kWarm && !unit_step;
    next_ = initial_step_ == kWarm ? 1 : initial_step_;
  }

  double step() const { return next_; }

  /// Learns from the search that just ended.
  void learn(const LineStep& last) {
    if (warm_) next_ = last.status == StepStatus::accepted ? last.step * growth_ : 1;
  }

  void visit(StateVisitor& visitor) { visitor.number("first_trial", next_); }

 private:
  double initial_step_;
  double growth_;
  bool warm_ = false;
  double next_ = 1;
};

}  // namespace odot::inline ODOT_PRECISION
