// The registry of methods.
#include "odot/train/methods.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "train/methods/methods.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

void add(std::deque<Method>& all, Method method) {
  add_train_options(method.own);
  all.push_back(std::move(method));
}

std::deque<Method>& registry() {
  static std::deque<Method> all = [] {
    std::deque<Method> methods;
    for (const auto& method : {variational_method, gibbs_method, blocks_method, full_method, nnmf_method, mlp_method})
      add(methods, method());
    return methods;
  }();
  return all;
}

// Whether something that is set is about steps along lines.
bool chooses_steps(const TrainSettings& settings) {
  if (settings.optimizer) {
    const auto solves = [&](const Method& method) {
      return std::ranges::count(method.solvers, *settings.optimizer, &Word::name) > 0;
    };
    if (std::ranges::none_of(methods(), solves)) return true;
  }
  return std::ranges::any_of(train_options(), [&](const TrainOption& option) {
    return option.along_lines && option.get && option.get(settings);
  });
}

bool takes_all(const Method& method, const TrainSettings& settings) {
  return std::ranges::all_of(train_options(), [&](const TrainOption& option) {
    const std::optional<OptionValue> value = option.get ? option.get(settings) : std::nullopt;
    return !value || method.takes(option, *value);
  });
}

}  // namespace

std::string Method::decided(std::string_view option) const {
  const auto found = std::ranges::find(decides, option, &std::pair<std::string, std::string>::first);
  return found == decides.end() ? std::string() : found->second;
}

bool Method::takes(const TrainOption& option, const OptionValue& value) const {
  return uses(option.name) || option.get(defaults) == value;
}

bool Method::uses(std::string_view option) const {
  if (std::ranges::count(options, option) > 0 || std::ranges::count(own, option, &TrainOption::name) > 0) return true;
  if (is_parameter(option)) return takes_optimizers();
  const TrainOption* row = find_train_option(option);
  return row && row->common;
}

bool Method::takes_optimizers() const { return std::ranges::count(options, "line-search") > 0; }

const std::deque<Method>& methods() { return registry(); }

const Method& find_method(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    names.emplace_back(method.name);
  }
  throw Error(
      fmt::format("unknown method '{}': known are {}", name, fmt::join(nearest_first(std::move(names), name), ", ")),
      ErrorKind::usage);
}

void register_method(Method method) {
  for (const Method& other : methods()) {
    if (other.name == method.name) throw Error("there is a method " + method.name + " already", ErrorKind::usage);
  }
  add(registry(), std::move(method));
}

const Method& method_of(const TrainSettings& settings) {
  if (settings.method) return find_method(*settings.method);
  const auto stepping = std::ranges::find_if(methods(), &Method::takes_steps);
  const bool steps = stepping != methods().end() && chooses_steps(settings);
  if (steps && takes_all(*stepping, settings)) return *stepping;
  const auto able = std::ranges::find_if(methods(), [&](const Method& method) { return takes_all(method, settings); });
  if (able != methods().end()) return *able;
  return steps ? *stepping : methods().front();
}

void refuse_unused(const std::string& option, const Method& method, const std::function<bool(const Method&)>& users) {
  std::vector<std::string_view> names;
  for (const Method& other : methods()) {
    if (users(other)) names.emplace_back(other.name);
  }
  throw Error::of_setting(option,
                          fmt::format("is of no use to method {}, only to {}", method.name, fmt::join(names, ", ")));
}

void refuse_unused(const std::string& option, const Method& method) {
  refuse_unused(option, method, [&](const Method& other) { return other.uses(option); });
}

}  // namespace odot::inline ODOT_PRECISION
