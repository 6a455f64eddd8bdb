// Estimate 1/L (document, algorithm 1): shrink α while ‖∇f(θ) − ∇f(θ + αp)‖ > ‖αp‖ / α. Each trial is an evaluation;
// that of the accepted one is the next iteration's, so a trial accepted at once costs nothing.
#pragma once

#include "optim/rules/backtracking.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

class Lipschitz : public StepRule {
 public:
  struct Settings : BacktrackingSettings {
    // A refused trial costs an evaluation. Shrinking by much more than the growth leaves several iterations without
    // one, and steps of varied length make more progress than steady ones just below 1/L.
    Settings() : BacktrackingSettings{.backtrack = 0.3, .growth = 1.5} {}
  };

  explicit Lipschitz(const Settings& settings) : settings_(settings), first_(settings.initial_step, settings.growth) {}

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  LineStep next(LineFunction& line) override {
    const double length = norm(line.direction());
    const LineStep step = backtrack(settings_, first_.step(), [&](double alpha) {
      return distance(line.origin().gradient, line.evaluate(alpha).gradient) <= length;
    });
    first_.learn(step);
    return step;
  }

  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

  bool needs_descent() const override { return false; }

 private:
  Settings settings_;
  FirstTrial first_;
};

}  // namespace odot::inline ODOT_PRECISION
