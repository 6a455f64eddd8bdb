// Samples along a line, from the polynomial where the objective has one, otherwise by evaluating.
#include "odot/optim/line_function.hpp"

namespace odot::inline ODOT_PRECISION {

LineFunction::LineFunction(Objective& objective, const Iterate& origin, ConstSpan direction, Iterate& trial)
    : objective_(objective), origin_(origin), direction_(direction), trial_(trial) {}

const std::optional<LinePolynomial>& LineFunction::polynomial() {
  if (!asked_) {
    asked_ = true;
    polynomial_ = objective_.line(origin_.x, direction_);
    if (polynomial_) ++lines_;
  }
  return polynomial_;
}

double LineFunction::initial_slope() {
  if (!initial_slope_) initial_slope_ = dot(origin_.gradient, direction_);
  return *initial_slope_;
}

Sample LineFunction::at(double step) {
  if (polynomial()) return {step, polynomial_->change(step), polynomial_->slope(step)};
  if (step == 0) return {0, 0, initial_slope()};
  const Iterate& point = evaluate(step);
  return {step, point.value - origin_.value, dot(point.gradient, direction_)};
}

const Iterate& LineFunction::evaluate(double step) {
  if (trial_step_ != step) {
    add_scaled(origin_.x, step, direction_, trial_.x);
    trial_.value = objective_.value_gradient(trial_.x, trial_.gradient);
    trial_step_ = step;
    ++evaluations_;
  }
  return trial_;
}

}  // namespace odot::inline ODOT_PRECISION
