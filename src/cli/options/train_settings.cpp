// From parsed options to settings.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "cli/options/train_options.hpp"
#include "core/duration.hpp"
#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/features/features.hpp"
#include "odot/model/model_file.hpp"
#include "odot/train/methods.hpp"

namespace odot::cli {
namespace {

constexpr int kMostInterval = 1'000'000'000;

// What the option was given as; nothing where it was not.
std::optional<OptionValue> given_value(const Options& options, const TrainOption& option) {
  if (option.kind != OptionKind::toggle) {
    if (!options.given(option.name)) return std::nullopt;
    return parse_value(option, options.text(option.name));
  }
  if (options.flag_given(option.name)) return true;
  if (options.flag_given("no-" + option.name)) return false;
  return std::nullopt;
}

// Inputs are no settings, so that nobody but the one who reads them knows whether the method uses them.
void check_inputs(const Options& options, const Method& method) {
  for (const TrainOption& option : train_options()) {
    if (option.kind != OptionKind::input || !options.given(option.name) || method.uses(option.name)) continue;
    refuse_unused(option.name, method);
  }
  for (const char* file : {"users", "items"}) {
    if (method.features != FeatureUse::must || options.given(file)) continue;
    throw UsageError(fmt::format("--method {} needs --{} FILE with the features of the {}", method.name, file, file));
  }
  for (const auto& [specification, file] : {std::pair("user-features", "users"), std::pair("item-features", "items")}) {
    if (method.features == FeatureUse::none || !options.given(specification)) continue;
    if (!options.given(file)) throw UsageError(fmt::format("--{} is of no use without --{} FILE", specification, file));
    try {
      check_feature_specification(options.text(specification));
    } catch (const Error& error) {
      throw UsageError(fmt::format("--{}: {}", specification, error.what()));
    }
  }
}

void check_held_out(const Options& options, const TrainSettings& settings) {
  if (options.given("valid") || options.given("holdout") || options.known("folds")) return;
  for (const TrainOption& option : train_options()) {
    if (!option.needs_held_out || !option.get) continue;
    const std::optional<OptionValue> value = option.get(settings);
    if (!value || value_text(*value) == "0") continue;
    throw Error::of_setting(option.name, "needs ratings to measure on: give --valid or --holdout");
  }
}

// "10" or "30s".
void set_interval(const std::string& text, CheckpointSettings& settings) {
  const std::optional<double> number = to_number<double>(text);
  const std::optional<double> time = to_seconds(text);
  if (!number && time && *time > 0) {
    settings.seconds = *time;
  } else if (number && *number >= 1 && *number == std::floor(*number) && *number <= kMostInterval) {
    settings.iterations = static_cast<int>(*number);
  } else {
    throw UsageError(fmt::format(
        "--checkpoint-every is '{}', but must be a number of iterations such as 10, or a time such as 30s or 5m",
        text));
  }
}

}  // namespace

CheckpointSettings checkpoint_settings(const Options& options) {
  CheckpointSettings settings;
  if (options.given("checkpoint-every")) {
    if (!options.given("checkpoint")) throw UsageError("--checkpoint-every is of no use without --checkpoint FILE");
    set_interval(options.text("checkpoint-every"), settings);
  } else {
    settings.seconds = kCheckpointSeconds;
  }
  settings.path = options.text("checkpoint", "");
  settings.resume = options.text("resume", "");
  settings.warn = [](const std::string& problem) {
    log(fmt::format("odot: warning: {}; training goes on, and the last checkpoint stays\n", problem));
  };
  return settings;
}

Json setting_json(const std::string& name, const std::string& text) {
  const TrainOption* const option = find_train_option(name);
  if (option && option->kind == OptionKind::toggle) return text == "true";
  if (option && option->kind != OptionKind::integer && option->kind != OptionKind::number) return text;
  if (const auto whole = to_number<std::int64_t>(text)) return *whole;
  if (const auto number = to_number<double>(text)) return *number;
  return text;
}

TrainSettings given_settings(const Options& options) {
  TrainSettings settings;
  for (const TrainOption& option : train_options()) {
    if (!option.set || !options.known(option.name)) continue;
    if (const std::optional<OptionValue> value = given_value(options, option)) option.set(settings, *value);
  }
  if (options.known("init-model") && options.given("init-model")) {
    const std::string& path = options.text("init-model");
    std::string checksum;
    Factorization model = load_factorization(path, &checksum);
    settings.init = std::make_shared<InitModel>(InitModel{std::move(model), path, std::move(checksum)});
  }
  return settings;
}

void check_settings(const Options& options, const TrainSettings& settings) {
  check_inputs(options, method_of(settings));
  check(settings);
  check_held_out(options, settings);
}

TrainSettings method_settings(const Options& options) {
  TrainSettings settings = given_settings(options);
  check_settings(options, settings);
  return settings;
}

}  // namespace odot::cli
