// The exact line search: the step that minimises f along the line.
#pragma once

#include "optim/rules/first_trial.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

struct ExactSettings {
  double max_trials = 100;  ///< samples of a line that is no polynomial, ≥ 1
};

/// The α > 0 of least f. On a polynomial of degree ≤ 4 it is the global minimiser, found from the roots of the
/// slope (De Sterck & Winlaw 2015 use the same quartic); otherwise a local one, bracketed from `first` and refined
/// until the slope is a ten-thousandth of the initial one. Status out_of_trials with the best step known (0 where there
/// is none) when f does not turn up again.
LineStep exact_step(LineFunction& line, const ExactSettings& settings, double first);

class Exact : public StepRule {
 public:
  using Settings = ExactSettings;

  explicit Exact(const Settings& settings) : settings_(settings), first_(FirstTrial::kWarm, 1) {}

  void reset(bool unit_step, double) override { first_.reset(unit_step); }

  LineStep next(LineFunction& line) override {
    const LineStep step = exact_step(line, settings_, first_.step());
    first_.learn(step);
    return step;
  }

  void visit(StateVisitor& visitor) override { first_.visit(visitor); }

 private:
  Settings settings_;
  FirstTrial first_;
};

}  // namespace odot::inline ODOT_PRECISION
