// The names of all optimizers and line searches, their parameters, defaults and help: the single source for the
// command line, its errors, the docs and the tests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "odot/optim/direction.hpp"
#include "odot/optim/step_rule.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// A hyper-parameter, shared by all methods that have it.
struct Parameter {
  std::string_view name;  ///< as on the command line, e.g. "beta1"
  std::string_view help;  ///< what it is, with the symbol of the source
  double low;
  double high;
  bool low_open;   ///< low itself is not allowed
  bool high_open;  ///< high itself is not allowed
  bool integer;
  std::string_view zero_word;  ///< the word that stands for 0 ("auto", "warm"), or empty

  /// "0 ≤ β < 1" in the words of the help.
  std::string range() const;
};

/// One optimizer or line search.
struct Method {
  std::string_view name;
  std::string_view help;
  std::string_view default_partner;                             ///< of an optimizer: its default line search
  std::vector<std::pair<std::string_view, double>> parameters;  ///< names of Parameters and their defaults here
};

const std::vector<Parameter>& parameters();
const std::vector<Method>& optimizers();
const std::vector<Method>& line_searches();

/// Throws Error that lists the known names, the nearest first, where the name is unknown.
const Parameter& find_parameter(std::string_view name);
const Method& find_optimizer(std::string_view name);
const Method& find_line_search(std::string_view name);

/// Values of parameters by name.
using ParameterValues = std::map<std::string, double, std::less<>>;

/// Throw Error for an unknown name, a parameter that the method does not have, or a value out of range.
std::unique_ptr<Direction> make_direction(std::string_view name, const ParameterValues& values = {});
std::unique_ptr<StepRule> make_step_rule(std::string_view name, const ParameterValues& values = {});

}  // namespace odot
#pragma GCC visibility pop
