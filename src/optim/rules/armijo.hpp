// The Armijo rule (document, algorithm 2): shrink α while f(θ + αp) > f(θ) + c₁ α ⟨∇f(θ), p⟩.
#pragma once

#include "optim/rules/backtracking.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

class Armijo : public StepRule {
 public:
  struct Settings : BacktrackingSettings {
    double c1 = 1e-4;  ///< 0 < c₁ < 1
  };

  explicit Armijo(const Settings& settings) : settings_(settings), first_(settings.initial_step, settings.growth) {}

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  LineStep next(LineFunction& line) override {
    const double slope = line.at(0).slope;
    const LineStep step = backtrack(
        settings_, first_.step(), [&](double alpha) { return line.at(alpha).change <= settings_.c1 * alpha * slope; });
    first_.learn(step);
    return step;
  }

  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

 private:
  Settings settings_;
  FirstTrial first_;
};

}  // namespace odot::inline ODOT_PRECISION
