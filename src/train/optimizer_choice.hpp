// The optimizer and the line search that settings name.
#pragma once

#include <map>
#include <string>

#include "odot/train/train.hpp"

namespace odot {

/// An optimizer and a line search of the registry, each with its own share of the parameters.
struct OptimizerChoice {
  const Method& optimizer;
  const Method& line_search;
  ParameterValues of_optimizer;
  ParameterValues of_line_search;

  std::unique_ptr<Direction> direction() const { return make_direction(optimizer.name, of_optimizer); }
  std::unique_ptr<StepRule> rule() const { return make_step_rule(line_search.name, of_line_search); }

  /// Names and all parameters, in words.
  void describe(std::map<std::string, std::string>& out) const;
};

/// Throws Error for unknown names and for parameters that neither of the two has.
OptimizerChoice choose_optimizer(const std::string& optimizer, const std::optional<std::string>& line_search,
                                 const ParameterValues& parameters);
inline OptimizerChoice choose_optimizer(const TrainSettings& settings) {
  return choose_optimizer(settings.optimizer, settings.line_search, settings.parameters);
}

}  // namespace odot
