// How far an optimizer goes along its direction.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/optim/line_function.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

enum class StepStatus {
  accepted,       ///< the rule's conditions hold
  floor,          ///< the step fell below the rule's floor ε before they held
  out_of_trials,  ///< the allowed number of trials was used up before they held
};

struct LineStep {
  double step = 0;
  StepStatus status = StepStatus::accepted;
  int trials = 0;  ///< steps whose conditions were checked
};

/// A step-size strategy.
class StepRule {
 public:
  virtual ~StepRule() = default;

  /// Forgets everything. `unit_step` and `gain` are those of the Direction that will be used.
  virtual void reset(bool unit_step, double gain) = 0;

  /// Chooses the step along `line`.
  virtual LineStep next(LineFunction& line) = 0;

  /// Visits all that next() depends on besides its argument, the settings and what reset() was given.
  virtual void visit(StateVisitor& visitor) = 0;

  /// True when the rule is only defined for descent directions.
  virtual bool needs_descent() const { return true; }

  /// True when steps are fixed beforehand, with nothing compared along the line: each costs one evaluation, which may
  /// be of another function than the last, as with mini-batches.
  virtual bool fixed_steps() const { return false; }
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
