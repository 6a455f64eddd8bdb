// The loop that the document's algorithms 1, 2 and 4 share: shrink the step until a condition holds.
#pragma once

#include "optim/rules/first_trial.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

struct BacktrackingSettings {
  double backtrack = 0.5;                   ///< β, 0 < β < 1
  double max_trials = 200;                  ///< t, ≥ 1
  double min_step = 1e-20;                  ///< ε > 0: a search that falls below it ends there
  double initial_step = FirstTrial::kWarm;  ///< first trial, or kWarm
  double growth = 2;                        ///< ≥ 1: enlarges the last step for a warm start
};

/// α ← first trial; while not acceptable(α): α ← β α, until α < ε or t trials are used up.
template <class Acceptable>
LineStep backtrack(const BacktrackingSettings& settings, double first, Acceptable acceptable) {
  double step = first;
  const int most = static_cast<int>(settings.max_trials);
  for (int trial = 1; trial <= most; ++trial) {
    if (acceptable(step)) return {step, StepStatus::accepted, trial};
    step *= settings.backtrack;
    if (step < settings.min_step) return {step, StepStatus::floor, trial};
  }
  return {step, StepStatus::out_of_trials, most};
}

}  // namespace odot::inline ODOT_PRECISION
