// odot train
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <limits>
#include <memory>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/trace.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/split.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// "gd (gradient descent), …" for help.
std::string list(const std::vector<Method>& methods) {
  std::string text;
  for (const Method& method : methods) {
    text += fmt::format("\n{}: {}", method.name, method.help);
    if (!method.default_partner.empty()) text += fmt::format(" [{}]", method.default_partner);
  }
  return text;
}

std::string default_text(const Parameter& parameter, double value) {
  return value == 0 && !parameter.zero_word.empty() ? std::string(parameter.zero_word) : fmt::format("{}", value);
}

// "…, ≥ 0 and < 1 (heavy-ball 0.9, nesterov 0.9)": help and live defaults from the registry.
std::string parameter_help(const Parameter& parameter) {
  std::string users;
  const auto add = [&](const std::vector<Method>& methods) {
    for (const Method& method : methods) {
      for (const auto& [name, value] : method.parameters) {
        if (name != parameter.name) continue;
        users += fmt::format("{}{} {}", users.empty() ? "" : ", ", method.name, default_text(parameter, value));
      }
    }
  };
  add(optimizers());
  add(line_searches());
  return fmt::format("{}; {} ({})", parameter.help, parameter.range(), users);
}

Options declare() {
  const TrainSettings standard;
  Options options("odot train RATINGS... [-o MODEL] [options]",
                  "Fits X ≈ mean + biases + UV to the ratings by minimising\n"
                  "  ‖W ∘ (X − UV)‖² + λ‖U‖² + λ‖V‖²\n"
                  "over the observed entries. RATINGS are files of user, item and rating, or - for standard input.");
  options.arguments("RATINGS", 1, -1);
  options.group("Data and results");
  options.value("output,o", "MODEL", "write the model here (safetensors)");
  options.value("valid", "FILE", "ratings to measure on after and during training");
  options.value("holdout", "FRACTION", "hold this share of the ratings out and measure on it");
  options.value("trace", "FILE", "write a JSON line an iteration");
  options.flag("json", "print the report as one JSON object");
  options.value("config", "FILE", "read options from here, one NAME = VALUE a line; the command line wins");
  options.flag("keep-diverged", "if the run diverges, keep the last finite iterate all the same");
  options.reading_group();
  options.group("Model");
  options.value("method", "NAME", "full: all factors at once (default full)");
  options.value("rank,k", "R", fmt::format("factors of a user or item, 1 to 1024 (default {})", standard.rank));
  options.value("lambda", "L",
                fmt::format("regularisation λ ≥ 0 (default {} times the standard deviation of the ratings under count "
                            "scaling, {} times under uniform)",
                            default_lambda(LambdaScaling::count), default_lambda(LambdaScaling::uniform)));
  options.value("lambda-scaling", "HOW",
                fmt::format("uniform: λ for every row; count: λ times the row's number of ratings (default {})",
                            to_string(standard.lambda_scaling)));
  options.toggle("center", fmt::format("subtract the mean rating (default {})", standard.center ? "on" : "off"));
  options.toggle("biases", fmt::format("a bias for every user and item (default {})", standard.biases ? "on" : "off"));
  options.toggle("clip", fmt::format("predictions stay in the range of the training ratings (default {})",
                                     standard.clip ? "on" : "off"));
  options.value("seed", "N", fmt::format("of the random start and of --holdout (default {})", standard.seed));
  options.group("Optimisation");
  options.value(
      "optimizer", "NAME",
      fmt::format("(default {}) one of, with its default line search:{}", standard.optimizer, list(optimizers())));
  options.value("line-search", "NAME", fmt::format("one of:{}", list(line_searches())));
  options.value("iterations,t", "N", fmt::format("most iterations (default {})", standard.stop.iterations));
  options.value("tolerance", "X",
                fmt::format("stop when the objective changes by less than this share (default {}; 0: never)",
                            standard.stop.tolerance));
  options.value("gradient-tolerance", "X",
                fmt::format("stop when the gradient is this much shorter than at the start (default {})",
                            standard.stop.gradient_tolerance));
  options.value("time-limit", "SECONDS", "stop training after this time");
  options.group("Parameters of the optimizer or line search (with whose they are, and their defaults)");
  for (const Parameter& parameter : parameters()) {
    options.value(std::string(parameter.name), "X", parameter_help(parameter));
  }
  options.common_group();
  return options;
}

TrainSettings settings_from(const Options& options) {
  TrainSettings settings;
  if (options.text("method", "full") != "full") {
    throw UsageError(fmt::format("--method is '{}', but must be full", options.text("method")));
  }
  settings.rank = static_cast<int>(options.integer("rank", settings.rank, 1, 1024));
  if (options.given("lambda")) settings.lambda = options.number("lambda", 0, 0, kInfinity);
  if (options.given("lambda-scaling")) {
    const std::string& word = options.text("lambda-scaling");
    if (word != "uniform" && word != "count") {
      throw UsageError(fmt::format("--lambda-scaling is '{}', but must be uniform or count", word));
    }
    settings.lambda_scaling = word == "count" ? LambdaScaling::count : LambdaScaling::uniform;
  }
  settings.center = options.on_off("center", settings.center);
  settings.biases = options.on_off("biases", settings.biases);
  settings.clip = options.on_off("clip", settings.clip);
  settings.seed = static_cast<std::uint64_t>(
      options.integer("seed", static_cast<long long>(settings.seed), 0, std::numeric_limits<long long>::max()));
  settings.optimizer = options.text("optimizer", settings.optimizer);
  if (options.given("line-search")) settings.line_search = options.text("line-search");
  settings.stop.iterations =
      static_cast<int>(options.integer("iterations", settings.stop.iterations, 0, std::numeric_limits<int>::max()));
  settings.stop.tolerance = options.number("tolerance", settings.stop.tolerance, 0, 1);
  settings.stop.gradient_tolerance = options.number("gradient-tolerance", settings.stop.gradient_tolerance, 0, 1);
  settings.stop.seconds = options.number("time-limit", settings.stop.seconds, 0, kInfinity);
  for (const Parameter& parameter : parameters()) {
    const std::string name(parameter.name);
    if (!options.given(name)) continue;
    const bool word = !parameter.zero_word.empty() && options.text(name) == parameter.zero_word;
    settings.parameters[name] = word ? 0 : options.number(name, 0, -kInfinity, kInfinity);
  }
  try {
    check(settings);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return settings;
}

// What there is to train on and to measure on.
struct Data {
  RatingList train;
  Triples valid;
  double load_seconds = 0;
};

Data load(const Options& options, std::uint64_t seed) {
  const Timer timer;
  Data data;
  data.train = load_ratings(options.arguments(), options).list;
  if (options.given("valid")) {
    const ReadResult valid = load_ratings({options.text("valid")}, options);
    data.valid = reindex(valid.list, data.train.users, data.train.items);
  } else if (options.given("holdout")) {
    const double fraction = options.number("holdout", 0, 0, 1);
    const Split split = split_ratings(data.train, fraction, seed);
    data.valid = select(data.train.ratings, split.test);
    data.train.ratings = select(data.train.ratings, split.train);
  }
  data.load_seconds = timer.seconds();
  return data;
}

// The remedy for a diverged run depends on who chose the step.
std::string remedy(const TrainSettings& settings, const std::string& line_search) {
  if (line_search == "constant" || line_search == "decreasing") {
    return settings.parameters.count("step") ? "try a smaller --step, or --line-search exact, which chooses it"
                                             : "try --line-search exact, or a small --step";
  }
  return "try --line-search exact, or smaller ratings";
}

Json report_json(const TrainSettings& settings, const TrainResult& result, const Data& data) {
  const TrainReport& report = result.report;
  const Counts& counts = report.optimisation.counts;
  Json json;
  json["train_rmse"] = number_or_null(report.train.rmse);
  json["valid_rmse"] = report.valid ? number_or_null(report.valid->rmse) : Json(nullptr);
  json["valid_mae"] = report.valid ? number_or_null(report.valid->mae) : Json(nullptr);
  json["objective"] = number_or_null(report.optimisation.value);
  json["iterations"] = counts.iterations;
  json["evaluations"] = counts.evaluations;
  json["passes"] = report.passes;
  json["stop_reason"] = to_string(report.optimisation.reason);
  json["gradient_norm"] = number_or_null(report.optimisation.gradient_norm);
  json["trials"] = counts.trials;
  json["restarts"] = counts.restarts;
  json["floor_steps"] = counts.floor_steps;
  json["ratings"] = report.train.ratings;
  json["valid_ratings"] = data.valid.size();
  json["valid_unknown_users"] = report.valid ? report.valid->unknown_users : 0;
  json["valid_unknown_items"] = report.valid ? report.valid->unknown_items : 0;
  json["users"] = result.model.layout.users;
  json["items"] = result.model.layout.items;
  json["method"] = "full";
  json["rank"] = settings.rank;
  json["lambda"] = report.lambda;
  json["lambda_scaling"] = to_string(settings.lambda_scaling);
  json["optimizer"] = settings.optimizer;
  json["line_search"] = report.line_search;
  json["seed"] = settings.seed;
  json["threads"] = threads();
  json["seconds"] = {
      {"load", data.load_seconds}, {"train", report.optimisation.seconds}, {"evaluate", report.evaluate_seconds}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  return json;
}

void print_report(const TrainSettings& settings, const TrainResult& result) {
  const TrainReport& report = result.report;
  const Counts& counts = report.optimisation.counts;
  fmt::memory_buffer out;
  const auto line = [&](const char* name, const std::string& text) {
    fmt::format_to(std::back_inserter(out), "{:<15} {}\n", name, text);
  };
  line("ratings", fmt::format("{} by {} users of {} items", report.train.ratings, result.model.layout.users,
                              result.model.layout.items));
  line("model", fmt::format("rank {}{}{}, lambda {:.4g} ({})", settings.rank, settings.center ? ", mean" : "",
                            settings.biases ? ", biases" : "", report.lambda, to_string(settings.lambda_scaling)));
  line("training", fmt::format("{} with {}: {} iterations, {} passes, {:.2f} s, stopped by: {}", settings.optimizer,
                               report.line_search, counts.iterations, report.passes, report.optimisation.seconds,
                               to_string(report.optimisation.reason)));
  line("objective", fmt::format("{:.6g}", report.optimisation.value));
  line("train RMSE", fmt::format("{:.4f}", report.train.rmse));
  if (report.valid) {
    line("held-out RMSE", fmt::format("{:.4f}", report.valid->rmse));
    line("held-out MAE", fmt::format("{:.4f} on {} ratings", report.valid->mae, report.valid->ratings));
    if (report.valid->unknown_users + report.valid->unknown_items > 0) {
      line("", fmt::format("{} of unknown users, {} of unknown items", report.valid->unknown_users,
                           report.valid->unknown_items));
    }
  }
  std::cout << fmt::to_string(out);
}

}  // namespace

int run_train(const Arguments& arguments) {
  Options options = declare();
  if (!options.parse(arguments)) return kDone;
  if (options.given("valid") && options.given("holdout")) {
    throw UsageError("--valid and --holdout contradict each other: give one of them");
  }
  const double holdout = options.number("holdout", 0.5, 0, 1);
  if (holdout == 0 || holdout == 1) throw UsageError("--holdout must be more than 0 and less than 1");
  const TrainSettings settings = settings_from(options);
  if (options.text("output", "") == "-")
    throw UsageError("-o - is not possible: a model is not written to standard output");

  // Opened before any work, so that a target that cannot be written is found first.
  std::unique_ptr<OutputFile> output;
  if (options.given("output")) output = std::make_unique<OutputFile>(options.text("output"));
  Data data = load(options, settings.seed);
  std::unique_ptr<Trace> trace;
  if (options.given("trace")) trace = std::make_unique<Trace>(options.text("trace"));

  TrainResult result;
  {
    const InterruptGuard guard;
    std::unique_ptr<ProgressLine> line;
    if (!options.quiet()) line = std::make_unique<ProgressLine>(settings.stop, data.train.ratings.size());
    result = train(std::move(data.train), data.valid, settings, [&](const TrainProgress& progress) {
      if (trace) trace->write(progress);
      if (line) line->show(progress);
      return !InterruptGuard::interrupted();
    });
  }

  const Summary& optimisation = result.report.optimisation;
  const bool diverged = optimisation.reason == StopReason::diverged;
  if (diverged) {
    fmt::print(stderr, "odot: training diverged after {} iterations: the objective grew without bound; {}\n",
               optimisation.counts.iterations, remedy(settings, result.report.line_search));
    if (!options.flag_given("keep-diverged")) return kBadData;
  }
  if (options.given("holdout")) result.model.settings["holdout"] = options.text("holdout");
  if (output) {
    save_model(result.model, *output);
    output->commit();
  }
  if (options.flag_given("json")) {
    print_json(report_json(settings, result, data));
  } else {
    print_report(settings, result);
    if (output) std::cout << fmt::format("{:<15} {}\n", "written to", output->path());
  }
  if (diverged) return kBadData;
  if (optimisation.reason == StopReason::interrupted) {
    fmt::print(stderr, "odot: interrupted after {} iterations; {}\n", optimisation.counts.iterations,
               output ? "the model so far is saved" : "no -o was given, so nothing is saved");
    return kInterrupted;
  }
  return kDone;
}

}  // namespace odot::cli
