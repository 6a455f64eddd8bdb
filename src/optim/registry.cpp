// The registry of optimizers, line searches and their parameters: one row each.
#include "odot/optim/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "optim/directions/adagrad.hpp"
#include "optim/directions/adam.hpp"
#include "optim/directions/adaptive_gradient_descent.hpp"
#include "optim/directions/bfgs.hpp"
#include "optim/directions/gradient_descent.hpp"
#include "optim/directions/heavy_ball.hpp"
#include "optim/directions/lbfgs.hpp"
#include "optim/directions/nesterov.hpp"
#include "optim/directions/rmsprop.hpp"
#include "optim/rules/armijo.hpp"
#include "optim/rules/constant.hpp"
#include "optim/rules/exact.hpp"
#include "optim/rules/lipschitz.hpp"
#include "optim/rules/wolfe.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An algorithm together with how to make it from parameter values.
template <class Base>
struct Entry {
  Algorithm algorithm;
  std::function<std::unique_ptr<Base>(const ParameterValues&)> make;
};

template <class Settings>
struct Binding {
  std::string_view parameter;
  double Settings::*member;
};

// The entry of class T: its defaults are read from T::Settings, where the class keeps them.
template <class Base, class T>
Entry<Base> entry(std::string_view name, std::string_view help, std::string_view partner,
                  std::vector<Binding<typename T::Settings>> bindings) {
  typename T::Settings defaults{};
  Algorithm algorithm{name, help, partner, {}};
  if constexpr (!std::is_empty_v<typename T::Settings>) {
    for (const auto& binding : bindings) algorithm.parameters.emplace_back(binding.parameter, defaults.*binding.member);
  }
  return {algorithm, [bindings](const ParameterValues& values) -> std::unique_ptr<Base> {
            typename T::Settings settings{};
            if constexpr (!std::is_empty_v<typename T::Settings>) {
              for (const auto& binding : bindings) {
                const auto found = values.find(binding.parameter);
                if (found != values.end()) settings.*binding.member = found->second;
              }
            }
            return std::make_unique<T>(settings);
          }};
}

template <class T>
auto optimizer(std::string_view name, std::string_view help, std::string_view partner,
               std::vector<Binding<typename T::Settings>> bindings = {}) {
  return entry<Direction, T>(name, help, partner, std::move(bindings));
}

template <class T>
auto line_search(std::string_view name, std::string_view help, std::vector<Binding<typename T::Settings>> bindings) {
  return entry<StepRule, T>(name, help, "", std::move(bindings));
}

const std::vector<Entry<Direction>>& optimizer_entries() {
  static const std::vector<Entry<Direction>> entries{
      optimizer<GradientDescent>("gd", "gradient descent", "lipschitz"),
      optimizer<AdaptiveGradientDescent>("adgd", "adaptive gradient descent (Malitsky & Mishchenko 2020)", "constant",
                                         {{"first-step", &AdaptiveGradientDescent::Settings::first_step}}),
      optimizer<HeavyBall>("heavy-ball", "gradient descent with Polyak's momentum", "exact",
                           {{"momentum", &HeavyBall::Settings::momentum}}),
      optimizer<Nesterov>("nesterov", "gradient descent with Nesterov's momentum", "exact",
                          {{"momentum", &Nesterov::Settings::momentum}}),
      optimizer<AdaGrad>("adagrad", "steps scaled by the sum of past squared gradients", "exact",
                         {{"decay", &AdaGrad::Settings::decay}, {"epsilon", &AdaGrad::Settings::epsilon}}),
      optimizer<RmsProp>("rmsprop", "steps scaled by the mean of recent squared gradients", "exact",
                         {{"decay", &RmsProp::Settings::decay}, {"epsilon", &RmsProp::Settings::epsilon}}),
      optimizer<Adam>("adam", "momentum, and steps scaled by the mean of recent squared gradients", "exact",
                      {{"beta1", &Adam::Settings::beta1},
                       {"beta2", &Adam::Settings::beta2},
                       {"epsilon", &Adam::Settings::epsilon}}),
      optimizer<Bfgs>("bfgs", "quasi-Newton with a dense matrix, for up to 5000 variables", "weak-wolfe",
                      {{"initial-hessian", &Bfgs::Settings::initial_hessian}}),
      optimizer<Lbfgs>("lbfgs", "quasi-Newton from the last few steps", "exact",
                       {{"memory", &Lbfgs::Settings::memory}, {"first-step", &Lbfgs::Settings::first_step}}),
  };
  return entries;
}

template <class Settings>
std::vector<Binding<Settings>> backtracking_bindings(std::vector<Binding<Settings>> own = {}) {
  std::vector<Binding<Settings>> bindings{{"backtrack", &Settings::backtrack},
                                          {"max-trials", &Settings::max_trials},
                                          {"min-step", &Settings::min_step},
                                          {"initial-step", &Settings::initial_step},
                                          {"growth", &Settings::growth}};
  bindings.insert(bindings.end(), own.begin(), own.end());
  return bindings;
}

const std::vector<Entry<StepRule>>& line_search_entries() {
  static const std::vector<Entry<StepRule>> entries{
      line_search<Constant>("constant", "the same step always", {{"step", &Constant::Settings::step}}),
      line_search<Decreasing>("decreasing", "step/√k in iteration k", {{"step", &Decreasing::Settings::step}}),
      line_search<Lipschitz>("lipschitz", "an estimate of 1/L, L the gradient's Lipschitz constant",
                             backtracking_bindings<Lipschitz::Settings>()),
      line_search<Armijo>("armijo", "shrinks the step until f decreases sufficiently",
                          backtracking_bindings<Armijo::Settings>({{"c1", &Armijo::Settings::c1}})),
      line_search<WeakWolfe>("weak-wolfe", "bisects for sufficient decrease and curvature",
                             {{"c1", &WeakWolfe::Settings::c1},
                              {"c2", &WeakWolfe::Settings::c2},
                              {"max-trials", &WeakWolfe::Settings::max_trials},
                              {"initial-step", &WeakWolfe::Settings::initial_step},
                              {"growth", &WeakWolfe::Settings::growth}}),
      line_search<StrongWolfe>("strong-wolfe", "shrinks the step until decrease and a flat enough slope are met",
                               backtracking_bindings<StrongWolfe::Settings>(
                                   {{"c1", &StrongWolfe::Settings::c1}, {"c2", &StrongWolfe::Settings::c2}})),
      line_search<Exact>("exact", "the minimiser along the line", {{"max-trials", &Exact::Settings::max_trials}}),
  };
  return entries;
}

template <class Base>
std::vector<Algorithm> algorithms_of(const std::vector<Entry<Base>>& entries) {
  std::vector<Algorithm> algorithms;
  for (const auto& e : entries) algorithms.push_back(e.algorithm);
  return algorithms;
}

template <class Named>
const Named& find(const std::vector<Named>& known, std::string_view name, std::string_view what) {
  for (const Named& candidate : known) {
    if (candidate.name == name) return candidate;
  }
  std::vector<std::string_view> names;
  for (const Named& candidate : known) names.push_back(candidate.name);
  throw Error(fmt::format("unknown {} '{}': known are {}", what, name, fmt::join(nearest_first(names, name), ", ")),
              ErrorKind::usage);
}

void check_values(const Algorithm& algorithm, std::string_view what, const ParameterValues& values) {
  for (const auto& [name, value] : values) {
    const Option& parameter = find_parameter(name);
    if (!algorithm.has(name)) {
      std::vector<std::string_view> own;
      for (const auto& p : algorithm.parameters) own.push_back(p.first);
      throw Error(fmt::format("the {} {} has no parameter {}: it has {}", what, algorithm.name, name,
                              own.empty() ? "none" : fmt::format("{}", fmt::join(own, ", "))),
                  ErrorKind::usage);
    }
    check_value(parameter, value);
  }
}

template <class Base>
std::unique_ptr<Base> make(const std::vector<Entry<Base>>& entries, const Algorithm& algorithm, std::string_view what,
                           const ParameterValues& values) {
  check_values(algorithm, what, values);
  for (const auto& e : entries) {
    if (e.algorithm.name == algorithm.name) return e.make(values);
  }
  return nullptr;
}

}  // namespace

bool Algorithm::has(std::string_view parameter) const {
  return std::ranges::any_of(parameters, [&](const auto& own) { return own.first == parameter; });
}

const std::vector<Option>& parameters() {
  static const std::vector<Option> all = [] {
    constexpr bool kOpen = true;
    const auto number = [](std::string name, std::string help, const Range& range, std::string zero_word = {}) {
      Option option{.name = std::move(name), .placeholder = "X", .help = std::move(help), .range = range};
      option.group = "Parameters of the optimizer or line search (in brackets: whose default it is)";
      option.zero_word = std::move(zero_word);
      option.along_lines = true;
      option.needs_optimizer = true;
      return option;
    };
    const auto integer = [&](std::string name, std::string help, const Range& range) {
      Option option = number(std::move(name), std::move(help), range);
      option.kind = OptionKind::integer;
      return option;
    };
    return std::vector<Option>{
        number("momentum", "momentum β", {0, 1, !kOpen, kOpen}),
        number("beta1", "decay of the first moment, β₁", {0, 1, !kOpen, kOpen}),
        number("beta2", "decay of the second moment, β₂", {0, 1, !kOpen, kOpen}),
        number("decay", "decay of the squared gradients, α (rmsprop: below 1)", {0, 1}),
        number("epsilon", "ε added to the root of the squared gradients", {0, kInfinity, kOpen}),
        integer("memory", "pairs of steps kept", {1, 1000}),
        number("initial-hessian", "H_0 is this times I, 1 as in the document; scaled: sized by the first steps",
               {0, kInfinity}, "scaled"),
        number("first-step", "length of the very first step relative to that of θ", {0, kInfinity, kOpen}),
        number("step", "step γ; auto: found along the first direction", {0, kInfinity}, "auto"),
        number("c1", "sufficient decrease, c₁", {0, 1, kOpen, kOpen}),
        number("c2", "curvature, c₂ > c₁", {0, 1, kOpen, kOpen}),
        number("backtrack", "factor β that shrinks a refused step", {0, 1, kOpen, kOpen}),
        integer("max-trials", "most trials a search, t", {1, 1e6}),
        number("min-step", "floor ε: a search that falls below it ends", {0, kInfinity, kOpen}),
        number("initial-step", "first trial of a search; warm: the last step enlarged", {0, kInfinity}, "warm"),
        number("growth", "enlargement of the last step for a warm start", {1, kInfinity}),
    };
  }();
  return all;
}

const std::vector<Algorithm>& optimizers() {
  static const std::vector<Algorithm> all = algorithms_of(optimizer_entries());
  return all;
}

const std::vector<Algorithm>& line_searches() {
  static const std::vector<Algorithm> all = algorithms_of(line_search_entries());
  return all;
}

bool is_parameter(std::string_view name) { return std::ranges::count(parameters(), name, &Option::name) > 0; }

const Option& find_parameter(std::string_view name) { return find(parameters(), name, "parameter"); }
const Algorithm& find_optimizer(std::string_view name) { return find(optimizers(), name, "optimizer"); }
const Algorithm& find_line_search(std::string_view name) { return find(line_searches(), name, "line search"); }

std::unique_ptr<Direction> make_direction(std::string_view name, const ParameterValues& values) {
  return make(optimizer_entries(), find_optimizer(name), "optimizer", values);
}

std::unique_ptr<StepRule> make_step_rule(std::string_view name, const ParameterValues& values) {
  return make(line_search_entries(), find_line_search(name), "line search", values);
}

}  // namespace odot::inline ODOT_PRECISION
