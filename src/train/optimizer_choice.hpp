// The optimizer and the line search that settings name.
#pragma once

#include <memory>

#include "odot/core/precision.hpp"
#include "odot/train/settings.hpp"

namespace odot::inline ODOT_PRECISION {

/// An optimizer and a line search of the registry, each with the parameters that it has.
struct OptimizerChoice {
  const Algorithm& optimizer;
  const Algorithm& line_search;
  ParameterValues of_optimizer;
  ParameterValues of_line_search;

  std::unique_ptr<Direction> direction() const { return make_direction(optimizer.name, of_optimizer); }
  std::unique_ptr<StepRule> rule() const { return make_step_rule(line_search.name, of_line_search); }
};

/// What settings that are in effect and run an optimizer name. Throws Error for unknown names and for parameters that
/// neither of the two has.
OptimizerChoice choose_optimizer(const TrainSettings& settings);

/// Whether a method that takes optimizers runs one of the registry, and not one of Method::solvers.
bool runs_optimizer(const TrainSettings& settings);

}  // namespace odot::inline ODOT_PRECISION
