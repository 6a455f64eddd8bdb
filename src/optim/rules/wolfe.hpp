// The Wolfe rules (document, algorithms 3 and 4). Both ask for sufficient decrease,
// f(θ + αp) ≤ f(θ) + c₁ α ⟨∇f(θ), p⟩, and for a slope that has come up far enough.
#pragma once

#include <cmath>
#include <limits>

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "optim/rules/backtracking.hpp"

namespace odot::inline ODOT_PRECISION {

struct WolfeConstants {
  double c1 = 1e-4;  ///< 0 < c₁ < c₂
  double c2 = 0.9;   ///< c₁ < c₂ < 1
};

/// Throws Error unless c₁ < c₂.
inline void check(const WolfeConstants& constants) {
  if (!(constants.c1 < constants.c2))
    throw Error::of_setting("c1", "must be smaller than c2: no step may meet both conditions otherwise");
}

/// Algorithm 3: bisection for ⟨∇f(θ + αp), p⟩ ≥ c₂ ⟨∇f(θ), p⟩, doubling α while no upper bound is known.
class WeakWolfe : public StepRule {
 public:
  struct Settings : WolfeConstants {
    double max_trials = 200;                  ///< t, ≥ 1
    double initial_step = FirstTrial::kWarm;  ///< first trial, or kWarm
    double growth = 1;                        ///< ≥ 1: enlarges the last step for a warm start
  };

  explicit WeakWolfe(const Settings& settings) : settings_(settings), first_(settings.initial_step, settings.growth) {
    check(settings);
  }

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  LineStep next(LineFunction& line) override {
    const LineStep step = search(line);
    first_.learn(step);
    return step;
  }

  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

 private:
  LineStep search(LineFunction& line) const {
    const double slope = line.at(0).slope;
    double alpha = first_.step();
    double low = 0;
    double high = std::numeric_limits<double>::infinity();
    const int most = static_cast<int>(settings_.max_trials);
    for (int trial = 1; trial <= most; ++trial) {
      const Sample sample = line.at(alpha);
      if (!(sample.change <= settings_.c1 * alpha * slope)) {
        high = alpha;
        alpha = 0.5 * (low + high);
      } else if (sample.slope < settings_.c2 * slope) {
        low = alpha;
        alpha = std::isinf(high) ? 2 * low : 0.5 * (low + high);
      } else {
        return {alpha, StepStatus::accepted, trial};
      }
    }
    return {alpha, StepStatus::out_of_trials, most};
  }

  Settings settings_;
  FirstTrial first_;
};

/// Algorithm 4: shrink α until |⟨∇f(θ + αp), p⟩| ≤ c₂ |⟨∇f(θ), p⟩| as well. It only shrinks, so a first trial that is
/// too short ends at the floor ε, which is reported. A warm start is therefore doubled first, for as long as it is.
class StrongWolfe : public StepRule {
 public:
  struct Settings : BacktrackingSettings, WolfeConstants {};

  explicit StrongWolfe(const Settings& settings) : settings_(settings), first_(settings.initial_step, settings.growth) {
    check(settings);
  }

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  LineStep next(LineFunction& line) override {
    const double slope = line.at(0).slope;
    double first = first_.step();
    int trials = 0;
    if (settings_.initial_step == FirstTrial::kWarm) {
      while (trials < static_cast<int>(settings_.max_trials) && too_short(line.at(first), slope)) {
        first *= 2;
        ++trials;
      }
    }
    LineStep step = backtrack(settings_, first, [&](double alpha) {
      const Sample sample = line.at(alpha);
      return sample.change <= settings_.c1 * alpha * slope && std::abs(sample.slope) <= settings_.c2 * std::abs(slope);
    });
    step.trials += trials;
    first_.learn(step);
    return step;
  }

  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

 private:
  bool too_short(const Sample& sample, double slope) const {
    return sample.change <= settings_.c1 * sample.step * slope && sample.slope < settings_.c2 * slope;
  }

  Settings settings_;
  FirstTrial first_;
};

}  // namespace odot::inline ODOT_PRECISION
