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

namespace odot {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A method together with how to make it from parameter values.
template <class Base>
struct Entry {
  Method method;
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
  Method method{name, help, partner, {}};
  if constexpr (!std::is_empty_v<typename T::Settings>) {
    for (const auto& binding : bindings) method.parameters.emplace_back(binding.parameter, defaults.*binding.member);
  }
  return {method, [bindings](const ParameterValues& values) -> std::unique_ptr<Base> {
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
std::vector<Method> methods_of(const std::vector<Entry<Base>>& entries) {
  std::vector<Method> methods;
  for (const auto& e : entries) methods.push_back(e.method);
  return methods;
}

template <class Named>
const Named& find(const std::vector<Named>& known, std::string_view name, std::string_view what) {
  for (const Named& candidate : known) {
    if (candidate.name == name) return candidate;
  }
  std::vector<std::string_view> names;
  for (const Named& candidate : known) names.push_back(candidate.name);
  throw Error(fmt::format("unknown {} '{}': known are {}", what, name, fmt::join(nearest_first(names, name), ", ")));
}

void check_values(const Method& method, std::string_view what, const ParameterValues& values) {
  for (const auto& [name, value] : values) {
    const Parameter& parameter = find_parameter(name);
    const bool used = std::any_of(method.parameters.begin(), method.parameters.end(),
                                  [&, n = std::string_view(name)](const auto& own) { return own.first == n; });
    if (!used) {
      std::vector<std::string_view> own;
      for (const auto& p : method.parameters) own.push_back(p.first);
      throw Error(fmt::format("the {} {} has no parameter {}: it has {}", what, method.name, name,
                              own.empty() ? "none" : fmt::format("{}", fmt::join(own, ", "))));
    }
    const bool low_ok = parameter.low_open ? value > parameter.low : value >= parameter.low;
    const bool high_ok = parameter.high_open ? value < parameter.high : value <= parameter.high;
    if (!low_ok || !high_ok || (parameter.integer && value != std::floor(value))) {
      throw Error(fmt::format("{} is {}, but must be {}", name, value, parameter.range()));
    }
  }
}

template <class Base>
std::unique_ptr<Base> make(const std::vector<Entry<Base>>& entries, const Method& method, std::string_view what,
                           const ParameterValues& values) {
  check_values(method, what, values);
  for (const auto& e : entries) {
    if (e.method.name == method.name) return e.make(values);
  }
  return nullptr;
}

}  // namespace

std::string Parameter::range() const {
  const std::string_view kind = integer ? "a whole number " : "";
  std::string text;
  if (std::isinf(high)) {
    text = fmt::format("{}{} {}", kind, low_open ? ">" : "≥", low);
  } else {
    text = fmt::format("{}{} {} and {} {}", kind, low_open ? ">" : "≥", low, high_open ? "<" : "≤", high);
  }
  return zero_word.empty() ? text : fmt::format("{} or the word {}", text, zero_word);
}

const std::vector<Parameter>& parameters() {
  static const std::vector<Parameter> all{
      {"momentum", "momentum β", 0, 1, false, true, false, ""},
      {"beta1", "decay of the first moment, β₁", 0, 1, false, true, false, ""},
      {"beta2", "decay of the second moment, β₂", 0, 1, false, true, false, ""},
      {"decay", "decay of the squared gradients, α (rmsprop: below 1)", 0, 1, false, false, false, ""},
      {"epsilon", "ε added to the root of the squared gradients", 0, kInfinity, true, true, false, ""},
      {"memory", "pairs of steps kept", 1, 1000, false, false, true, ""},
      {"initial-hessian", "H_0 is this times I, 1 as in the document; scaled: sized by the first steps", 0, kInfinity,
       false, true, false, "scaled"},
      {"first-step", "length of the very first step relative to that of θ", 0, kInfinity, true, true, false, ""},
      {"step", "step γ; auto: found along the first direction", 0, kInfinity, false, true, false, "auto"},
      {"c1", "sufficient decrease, c₁", 0, 1, true, true, false, ""},
      {"c2", "curvature, c₂ > c₁", 0, 1, true, true, false, ""},
      {"backtrack", "factor β that shrinks a refused step", 0, 1, true, true, false, ""},
      {"max-trials", "most trials a search, t", 1, 1e6, false, false, true, ""},
      {"min-step", "floor ε: a search that falls below it ends", 0, kInfinity, true, true, false, ""},
      {"initial-step", "first trial of a search; warm: the last step enlarged", 0, kInfinity, false, true, false,
       "warm"},
      {"growth", "enlargement of the last step for a warm start", 1, kInfinity, false, true, false, ""},
  };
  return all;
}

const std::vector<Method>& optimizers() {
  static const std::vector<Method> methods = methods_of(optimizer_entries());
  return methods;
}

const std::vector<Method>& line_searches() {
  static const std::vector<Method> methods = methods_of(line_search_entries());
  return methods;
}

const Parameter& find_parameter(std::string_view name) { return find(parameters(), name, "parameter"); }
const Method& find_optimizer(std::string_view name) { return find(optimizers(), name, "optimizer"); }
const Method& find_line_search(std::string_view name) { return find(line_searches(), name, "line search"); }

std::unique_ptr<Direction> make_direction(std::string_view name, const ParameterValues& values) {
  return make(optimizer_entries(), find_optimizer(name), "optimizer", values);
}

std::unique_ptr<StepRule> make_step_rule(std::string_view name, const ParameterValues& values) {
  return make(line_search_entries(), find_line_search(name), "line search", values);
}

}  // namespace odot
