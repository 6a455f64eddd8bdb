// The names of all optimizers and line searches, their parameters, defaults and help: the single source for the
// command line, its errors, the docs and the tests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"
#include "odot/optim/step_rule.hpp"
#include "odot/settings/option.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// An optimizer or a line search.
struct Algorithm {
  std::string_view name;
  std::string_view help;
  std::string_view default_partner;                             ///< of an optimizer: its default line search
  std::vector<std::pair<std::string_view, double>> parameters;  ///< names of parameters() and their defaults here

  bool has(std::string_view parameter) const;
};

/// Hyper-parameters, each shared by all that have it; options of kind number or integer, in their group of the help.
const std::vector<Option>& parameters();
const std::vector<Algorithm>& optimizers();
const std::vector<Algorithm>& line_searches();

/// Whether there is a parameter of that name.
bool is_parameter(std::string_view name);

/// Throws Error that lists the known names, the nearest first, where the name is unknown.
const Option& find_parameter(std::string_view name);
const Algorithm& find_optimizer(std::string_view name);
const Algorithm& find_line_search(std::string_view name);

/// Values of parameters by name.
using ParameterValues = std::map<std::string, double, std::less<>>;

/// Throw Error for an unknown name, a parameter that it does not have, or a value out of range.
std::unique_ptr<Direction> make_direction(std::string_view name, const ParameterValues& values = {});
std::unique_ptr<StepRule> make_step_rule(std::string_view name, const ParameterValues& values = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
