// From parsed options to settings.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "cli/train_options.hpp"
#include "odot/core/error.hpp"
#include "odot/core/spelling.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/features.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMostInnerIterations = 1'000'000;
constexpr int kMostPatience = 1'000'000;
constexpr int kMostInterval = 1'000'000'000;
constexpr long long kMostRatings = 1'000'000'000'000;
constexpr double kLargest = 1e9;  // of a layer; the library has its own limit

// Options that not every method uses, with those that do.
struct Use {
  const char* option;
  std::vector<std::string_view> methods;
};

const std::vector<Use>& uses() {
  static const std::vector<Use> all{
      {"rank", {"full", "blocks", "nnmf"}},
      {"init-model", {"full", "blocks", "nnmf"}},
      {"lambda", {"full", "blocks", "nnmf"}},
      {"lambda-per-rating", {"full", "blocks", "nnmf"}},
      {"center", {"full", "blocks"}},
      {"biases", {"full", "blocks"}},
      {"unobserved", {"full", "blocks", "nnmf"}},
      {"no-unobserved", {"full", "blocks", "nnmf"}},
      {"tolerance", {"full", "blocks", "nnmf"}},
      {"gradient-tolerance", {"full"}},
      {"optimizer", {"full", "blocks", "mlp"}},
      {"line-search", {"full", "blocks", "mlp"}},
      {"inner-iterations", {"blocks"}},
      {"block-rows", {"blocks"}},
      {"block-cols", {"blocks"}},
      {"users", {"mlp"}},
      {"items", {"mlp"}},
      {"user-features", {"mlp"}},
      {"item-features", {"mlp"}},
      {"layers", {"mlp"}},
      {"output-relu", {"mlp"}},
      {"no-output-relu", {"mlp"}},
      {"batch-size", {"mlp"}},
  };
  return all;
}

void check_uses(const Options& options, std::string_view method) {
  for (const Use& use : uses()) {
    if (!options.given(use.option) || std::ranges::count(use.methods, method) > 0) continue;
    throw UsageError(
        fmt::format("--{} is of no use to --method {}, only to {}", use.option, method, fmt::join(use.methods, ", ")));
  }
}

constexpr const char* kMlp = "mlp";

// Alternating least squares, unless something is said of an optimizer that it has not.
FactorMethod default_method(const Options& options) {
  const auto given = [&](const Parameter& parameter) { return options.given(std::string(parameter.name)); };
  const bool steps = options.given("line-search") || options.given("gradient-tolerance") ||
                     std::ranges::any_of(parameters(), given) ||
                     options.text("optimizer", std::string(kNewton)) != kNewton;
  return steps ? FactorMethod::full : FactorMethod::blocks;
}

// The method by its name; nothing for the network.
std::optional<FactorMethod> chosen_method(const Options& options) {
  const std::string name = options.text("method", std::string(to_string(default_method(options))));
  std::vector<std::string_view> names;
  for (const FactorMethod method : {FactorMethod::full, FactorMethod::blocks, FactorMethod::nnmf}) {
    if (name == to_string(method)) return method;
    names.push_back(to_string(method));
  }
  if (name == kMlp) return std::nullopt;
  names.emplace_back(kMlp);
  throw UsageError(
      fmt::format("unknown method '{}': known are {}", name, fmt::join(nearest_first(std::move(names), name), ", ")));
}

// What is not given is 0 when the other is: --lambda alone is the plain objective.
std::optional<Regularisation> regularisation(const Options& options) {
  if (!options.given("lambda") && !options.given("lambda-per-rating")) return std::nullopt;
  return Regularisation{options.number("lambda", 0, 0, kInfinity),
                        options.number("lambda-per-rating", 0, 0, kInfinity)};
}

ParameterValues parameter_values(const Options& options) {
  ParameterValues values;
  for (const Parameter& parameter : parameters()) {
    const std::string name(parameter.name);
    if (!options.given(name)) continue;
    if (!parameter.zero_word.empty() && options.text(name) == parameter.zero_word) {
      values[name] = 0;
    } else if (const std::optional<double> value = to_number(options.text(name))) {
      values[name] = *value;
    } else {
      throw UsageError(fmt::format("--{} is '{}', but must be {}", name, options.text(name), parameter.range()));
    }
  }
  return values;
}

// The library's checks; it speaks of "c1", a user of "--c1".
template <class Settings>
void check_as_usage(const Settings& settings, const Options& options) {
  try {
    check(settings);
  } catch (const Error& error) {
    const std::string message = error.what();
    throw UsageError((options.known(message.substr(0, message.find(' '))) ? "--" : "") + message);
  }
}

int early_stop(const Options& options, int standard) {
  const int patience = static_cast<int>(options.integer("early-stop", standard, 0, kMostPatience));
  const bool measured = options.given("valid") || options.given("holdout") || options.known("folds");
  if (options.given("early-stop") && patience > 0 && !measured) {
    throw UsageError("--early-stop needs ratings to measure on: give --valid or --holdout");
  }
  return patience;
}

TrainSettings factor_settings(const Options& options, FactorMethod method) {
  TrainSettings settings = default_settings(method);
  if (options.given("init-model")) {
    const std::string& path = options.text("init-model");
    settings.init = std::make_shared<InitModel>(InitModel{load_factorization(path), path, model_checksum(path)});
    settings.rank = settings.init->model.layout.rank;
  }
  settings.rank = static_cast<int>(options.integer("rank", settings.rank, 1, kHighestRank));
  settings.regularisation = regularisation(options);
  settings.center = options.on_off("center", settings.center);
  settings.biases = options.on_off("biases", settings.biases);
  settings.clip = options.on_off("clip", settings.clip);
  settings.unobserved = options.on_off("unobserved", settings.unobserved);
  settings.seed = options.seed(settings.seed);
  settings.optimizer = options.text("optimizer", settings.optimizer);
  if (options.given("line-search")) settings.line_search = options.text("line-search");
  settings.inner_iterations =
      static_cast<int>(options.integer("inner-iterations", settings.inner_iterations, 1, kMostInnerIterations));
  if (options.given("inner-iterations") && settings.optimizer == kNewton) {
    throw UsageError("--inner-iterations is of no use to newton, which solves a row in one step");
  }
  settings.block_rows = static_cast<Index>(options.integer("block-rows", settings.block_rows, 1, kUnknown - 1));
  settings.block_cols = static_cast<Index>(options.integer("block-cols", settings.block_cols, 1, kUnknown - 1));
  settings.stop.iterations =
      static_cast<int>(options.integer("iterations", settings.stop.iterations, 0, std::numeric_limits<int>::max()));
  settings.stop.tolerance = options.number("tolerance", settings.stop.tolerance, 0, 1);
  settings.stop.gradient_tolerance = options.number("gradient-tolerance", settings.stop.gradient_tolerance, 0, 1);
  settings.stop.seconds = options.number("time-limit", settings.stop.seconds, 0, kInfinity);
  settings.early_stop = early_stop(options, settings.early_stop);
  settings.parameters = parameter_values(options);
  check_as_usage(settings, options);
  return settings;
}

// "64,128,64", or "none".
std::vector<std::size_t> layers(const std::string& text) {
  std::vector<std::size_t> sizes;
  if (text == "none") return sizes;
  std::istringstream words(text + ",");
  for (std::string word; std::getline(words, word, ',');) {
    const std::optional<double> size = to_number(word);
    if (!size || *size < 1 || *size != std::floor(*size)) {
      throw UsageError(fmt::format("--layers is '{}', but must be sizes with commas between, or none", text));
    }
    sizes.push_back(static_cast<std::size_t>(std::min(*size, kLargest)));
  }
  return sizes;
}

MlpSettings mlp_settings(const Options& options) {
  for (const char* needed : {"users", "items"}) {
    if (!options.given(needed)) {
      throw UsageError(fmt::format("--method mlp needs --{} FILE with the features of the {}", needed, needed));
    }
  }
  MlpSettings settings;
  if (options.given("layers")) settings.hidden = layers(options.text("layers"));
  settings.output_relu = options.on_off("output-relu", settings.output_relu);
  settings.batch_size = static_cast<std::size_t>(
      options.integer("batch-size", static_cast<long long>(settings.batch_size), 0, kMostRatings));
  settings.epochs =
      static_cast<int>(options.integer("iterations", settings.epochs, 0, std::numeric_limits<int>::max()));
  settings.early_stop = early_stop(options, settings.early_stop);
  settings.optimizer = options.text("optimizer", settings.optimizer);
  settings.line_search = options.text("line-search", settings.line_search);
  settings.parameters = parameter_values(options);
  settings.seconds = options.number("time-limit", settings.seconds, 0, kInfinity);
  settings.seed = options.seed(settings.seed);
  settings.clip = options.on_off("clip", settings.clip);
  check_as_usage(settings, options);
  for (const char* specification : {"user-features", "item-features"}) {
    if (!options.given(specification)) continue;
    try {
      check_feature_specification(options.text(specification));
    } catch (const Error& error) {
      throw UsageError(fmt::format("--{}: {}", specification, error.what()));
    }
  }
  return settings;
}

// "10" or "30s".
void set_interval(const std::string& text, CheckpointSettings& settings) {
  const bool time = text.ends_with('s');
  const std::optional<double> number = to_number(time ? text.substr(0, text.size() - 1) : text);
  if (number && time && *number > 0) {
    settings.seconds = *number;
  } else if (number && !time && *number >= 1 && *number == std::floor(*number) && *number <= kMostInterval) {
    settings.iterations = static_cast<int>(*number);
  } else {
    throw UsageError(fmt::format(
        "--checkpoint-every is '{}', but must be a number of iterations such as 10, or a time such as 30s", text));
  }
}

}  // namespace

int& iterations(MethodSettings& settings) {
  if (auto* network = std::get_if<MlpSettings>(&settings)) return network->epochs;
  return std::get<TrainSettings>(settings).stop.iterations;
}

std::uint64_t seed(const MethodSettings& settings) {
  return std::visit([](const auto& some) { return some.seed; }, settings);
}

StopSettings limits(const TrainSettings& settings) { return settings.stop; }
StopSettings limits(const MlpSettings& settings) {
  return {.iterations = settings.epochs, .seconds = settings.seconds};
}

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

MethodSettings method_settings(const Options& options) {
  const std::optional<FactorMethod> method = chosen_method(options);
  check_uses(options, method ? to_string(*method) : kMlp);
  if (method) return factor_settings(options, *method);
  return mlp_settings(options);
}

}  // namespace odot::cli
