// Estimate 1/L (document, algorithm 1): shrink α while ‖∇f(θ) − ∇f(θ + αp)‖ > ‖αp‖ / α. Each trial is an evaluation;
// that of the accepted one is the next iteration's, so a trial accepted at once costs nothing.
#pragma once

#include "optim/rules/backtracking.hpp"

namespace odot {

class Lipschitz : public StepRule {
 public:
  struct Settings : BacktrackingSettings {
    // A warm start that is refused costs an evaluation, so it grows slowly.
    Settings() : BacktrackingSettings{.growth = 1.25} {}
  };

  explicit Lipschitz(const Settings& settings)
      : settings_(settings), first_(settings.initial_step, settings.growth) {}

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  Step next(LineFunction& line) override {
    const double length = norm(line.direction());
    const Step step = backtrack(settings_, first_.step(), [&](double alpha) {
      return distance(line.origin().gradient, line.evaluate(alpha).gradient) <= length;
    });
    first_.learn(step);
    return step;
  }

  bool needs_descent() const override { return false; }

 private:
  Settings settings_;
  FirstTrial first_;
};

}  // namespace odot
