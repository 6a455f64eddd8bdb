// Constant and decreasing steps (document, "Constant + decreasing"): γ, or γ/√k in iteration k = 1, 2, …
#pragma once

#include <cmath>

#include "odot/core/precision.hpp"
#include "odot/optim/step_rule.hpp"
#include "optim/rules/exact.hpp"

namespace odot::inline ODOT_PRECISION {

/// γ given, or "auto": the natural step 1 of directions that carry their own length; for others a share of the step
/// that minimises f along the first direction, divided by the direction's gain, so that it fits any scale of f.
class Constant : public StepRule {
 public:
  static constexpr double kAuto = 0;

  struct Settings {
    double step = kAuto;  ///< γ > 0, or kAuto
  };

  explicit Constant(const Settings& settings) : settings_(settings) {}

  void reset(bool unit_step, double gain) override {
    gain_ = gain;
    gamma_ = settings_.step == kAuto && unit_step ? 1 : settings_.step;
    iteration_ = 0;
  }

  LineStep next(LineFunction& line) override {
    if (gamma_ == kAuto) gamma_ = kShare / gain_ * exact_step(line, ExactSettings{}, 1).step;
    ++iteration_;
    return {gamma_ * factor(iteration_), StepStatus::accepted, 0};
  }

  void visit(StateVisitor& visitor) override {
    visitor.number("gamma", gamma_);
    visitor.integer("iteration", iteration_);
  }

  bool needs_descent() const override { return false; }
  bool fixed_steps() const override { return true; }

 protected:
  virtual double factor(int iteration) const {
    (void)iteration;
    return 1;
  }

 private:
  // The curvature of f grows as the factors grow from their small start, so the first exact step is too long to keep.
  static constexpr double kShare = 0.25;

  Settings settings_;
  double gain_ = 1;
  double gamma_ = kAuto;
  int iteration_ = 0;
};

class Decreasing : public Constant {
 public:
  using Constant::Constant;

 protected:
  double factor(int iteration) const override { return 1 / std::sqrt(iteration); }
};

}  // namespace odot::inline ODOT_PRECISION
