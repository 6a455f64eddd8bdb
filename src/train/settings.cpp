// Settings as a whole: what is in effect, what goes together, what is recorded.
#include "odot/train/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "odot/train/methods.hpp"
#include "train/optimizer_choice.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Where no method is named: tells what is given that goes with no method together, and what each goes with.
void check_together(const Method& meant, const TrainSettings& settings) {
  std::string first;
  std::vector<std::pair<std::string, std::string>> told;  // the methods, and how it is said
  bool all = true;
  for (const TrainOption& option : train_options()) {
    const std::optional<OptionValue> value = option.get ? option.get(settings) : std::nullopt;
    if (!value) continue;
    all = all && meant.takes(option, *value);
    std::vector<std::string_view> names;
    for (const Method& method : methods()) {
      if (method.takes(option, *value)) names.emplace_back(method.name);
    }
    const std::string takers = fmt::format("{}", fmt::join(names, ", "));
    if (names.size() == methods().size()) continue;
    if (std::ranges::count(told, takers, &std::pair<std::string, std::string>::first) > 0) continue;
    const std::string name = value == OptionValue(false) ? "no-" + option.name : option.name;
    if (first.empty()) first = name;
    told.emplace_back(takers, fmt::format("{} for {}", told.empty() ? "is" : name, takers));
  }
  if (all || told.size() < 2) return;
  std::vector<std::string> texts;
  for (const auto& [takers, text] : told) texts.push_back(text);
  throw Error::of_setting(first, fmt::format("{}: no method takes all of them", fmt::join(texts, "; ")));
}

void check_use(const Method& method, const TrainOption& option, const OptionValue& value) {
  if (!method.takes(option, value)) refuse_unused(option.name, method);
}

// The word of the method's own that the settings, in effect, have in an optimizer's place; nullptr for others.
const Word* solver_of(const Method& method, const TrainSettings& settings) {
  const auto found = std::ranges::find(method.solvers, settings.optimizer.value_or(""), &Word::name);
  return found == method.solvers.end() ? nullptr : &*found;
}

void check_optimizer(const Method& method, const std::string& name) {
  std::vector<std::string_view> known;
  for (const Word& word : method.solvers) known.emplace_back(word.name);
  for (const Algorithm& algorithm : optimizers()) known.push_back(algorithm.name);
  if (std::ranges::count(known, name) > 0) return;
  for (const Method& other : methods()) {
    if (std::ranges::count(other.solvers, name, &Word::name) == 0) continue;
    throw Error::of_setting("optimizer", fmt::format("{} needs method {}", name, other.name));
  }
  throw Error(
      fmt::format("unknown optimizer '{}': known are {}", name, fmt::join(nearest_first(std::move(known), name), ", ")),
      ErrorKind::usage);
}

}  // namespace

bool runs_optimizer(const TrainSettings& settings) {
  const Method& method = method_of(settings);
  return method.takes_optimizers() && solver_of(method, settings) == nullptr;
}

TrainSettings in_effect(TrainSettings settings) {
  const Method& method = method_of(settings);
  settings.method = method.name;
  if (settings.init && !settings.rank) settings.rank = settings.init->model.layout.rank;
  const auto set_default = [&](const TrainOption& option) {
    if (!option.set || option.get(settings) || !method.decided(option.name).empty()) return;
    if (const std::optional<OptionValue> own = option.get(method.defaults)) {
      option.set(settings, *own);
    } else if (option.standard && method.uses(option.name)) {
      option.set(settings, *option.standard);
    }
  };
  for (const TrainOption& option : train_options()) {
    if (!option.needs_optimizer) set_default(option);
  }
  if (!runs_optimizer(settings)) return settings;
  for (const TrainOption& option : train_options()) {
    if (option.needs_optimizer && !is_parameter(option.name)) set_default(option);
  }
  const Algorithm& optimizer = find_optimizer(*settings.optimizer);
  if (!settings.line_search) settings.line_search = std::string(optimizer.default_partner);
  for (const Algorithm* algorithm : {&optimizer, &find_line_search(*settings.line_search)}) {
    for (const auto& [name, standard] : algorithm->parameters) {
      const TrainOption& option = *find_train_option(name);
      set_default(option);
      if (!option.get(settings)) option.set(settings, standard);
    }
  }
  return settings;
}

void check(const TrainSettings& settings) {
  const Method& method = method_of(settings);
  if (!settings.method) check_together(method, settings);
  for (const auto& [name, value] : settings.parameters) {
    if (!find_train_option(name)) (void)find_parameter(name);
  }
  for (const TrainOption& option : train_options()) {
    const std::optional<OptionValue> value = option.get ? option.get(settings) : std::nullopt;
    if (!value) continue;
    check_use(method, option, *value);
    if (option.name == "optimizer") {
      check_optimizer(method, *settings.optimizer);
    } else {
      check_value(option, *value);
    }
  }
  const TrainSettings effective = in_effect(settings);
  if (const Word* solver = solver_of(method, effective)) {
    for (const TrainOption& option : train_options()) {
      if (!option.needs_optimizer || !option.get(settings)) continue;
      throw Error::of_setting(option.name,
                              fmt::format("is of no use to {}, which takes no steps along lines", solver->name));
    }
  } else if (method.takes_optimizers()) {
    const OptimizerChoice choice = choose_optimizer(effective);
    choice.direction();
    choice.rule();
  }
  if (method.check) method.check(effective);
}

void check(const CheckpointSettings& checkpoints, const TrainSettings& settings) {
  const Method& method = method_of(settings);
  if (method.resumes) return;
  for (const auto& [option, path] : {std::pair{"checkpoint", checkpoints.path}, {"resume", checkpoints.resume}}) {
    if (!path.empty()) refuse_unused(option, method, &Method::resumes);
  }
}

StopSettings stop_settings(const TrainSettings& settings) {
  return {.iterations = settings.iterations.value_or(0),
          .tolerance = settings.tolerance.value_or(0),
          .gradient_tolerance = settings.gradient_tolerance.value_or(0),
          .seconds = settings.time_limit.value_or(0)};
}

SettingTexts recorded_settings(const TrainSettings& settings) {
  const TrainSettings effective = in_effect(settings);
  const TrainSettings standard = in_effect({.method = effective.method});
  SettingTexts texts;
  for (const TrainOption& option : train_options()) {
    if (!option.recorded || !option.get) continue;
    const std::optional<OptionValue> value = option.get(effective);
    if (!value) continue;
    const std::string text = value_text(*value);
    if (option.silent_zero && text == "0" && value == option.get(standard)) continue;
    texts[option.name] = text;
  }
  if (effective.init) texts["init-model"] = effective.init->checksum;
  return texts;
}

}  // namespace odot::inline ODOT_PRECISION
