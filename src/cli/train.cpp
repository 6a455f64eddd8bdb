// odot train
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/paths.hpp"
#include "cli/progress.hpp"
#include "cli/trace.hpp"
#include "cli/train_options.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/split.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {
namespace {

// What there is to train on and to measure on.
struct Data {
  RatingList train;
  Triples valid;
  double load_seconds = 0;
};

Data load(const Options& options, std::uint64_t seed) {
  const Stopwatch timer;
  Data data;
  data.train = load_ratings(options.arguments(), options).list;
  if (options.given("valid")) {
    const ReadResult valid = load_ratings({options.text("valid")}, options);
    data.valid = reindex(valid.list, data.train.users, data.train.items);
  } else if (options.given("holdout")) {
    const double fraction = options.fraction("holdout", 0);
    const Split split = split_ratings(data.train, fraction, seed);
    data.valid = select(data.train.ratings, split.test);
    data.train.ratings = select(data.train.ratings, split.train);
  }
  data.load_seconds = timer.seconds();
  return data;
}

void check_train_paths(const Options& options) {
  std::vector<std::string> inputs = options.arguments();
  for (const char* input : {"valid", "config"}) {
    if (options.given(input)) inputs.push_back(options.text(input));
  }
  std::vector<NamedPath> outputs;
  if (options.given("output")) outputs.push_back({"-o", options.text("output")});
  if (options.given("trace")) outputs.push_back({"--trace", options.text("trace")});
  for (const NamedPath& output : outputs) {
    if (output.path == "-") throw UsageError(output.option + " needs a file: standard output is for the report");
  }
  check_paths(outputs, inputs);
}

// The remedy for a diverged run depends on who chose the step.
std::string remedy(const TrainSettings& settings, const std::string& line_search) {
  if (line_search == "constant" || line_search == "decreasing") {
    return settings.parameters.count("step") ? "try a smaller --step, or --line-search exact, which chooses it"
                                             : "try --line-search exact, or a small --step";
  }
  return "try --line-search exact, or smaller ratings";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// "adam with exact: 90 iterations", "blocks, newton: 12 sweeps".
std::string describe_run(const TrainSettings& settings, const TrainReport& report) {
  const int iterations = report.optimisation.counts.iterations;
  const std::string with = report.line_search.empty() ? "" : " with " + report.line_search;
  if (settings.method == FactorMethod::full) {
    return fmt::format("{}{}: {} iterations", settings.optimizer, with, iterations);
  }
  const std::string optimizer = settings.optimizer.empty() ? "" : ", " + settings.optimizer;
  return fmt::format("{}{}{}: {} sweeps", to_string(settings.method), optimizer, with, iterations);
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
  if (report.unobserved) {
    json["unobserved_below_lowest"] = report.unobserved->below_lowest;
    json["unobserved_near_one"] = report.unobserved->near_one;
    json["unobserved_entries"] = report.unobserved->entries;
  }
  json["method"] = to_string(settings.method);
  json["rank"] = settings.rank;
  json["lambda"] = report.lambda;
  json["lambda_scaling"] = to_string(settings.lambda_scaling);
  json["optimizer"] = text_or_null(settings.optimizer);
  json["line_search"] = text_or_null(report.line_search);
  json["seed"] = settings.seed;
  json["threads"] = threads();
  json["seconds"] = {
      {"load", data.load_seconds}, {"train", report.optimisation.seconds}, {"evaluate", report.evaluate_seconds}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  return json;
}

void print_report(const TrainSettings& settings, const TrainResult& result) {
  const TrainReport& report = result.report;
  fmt::memory_buffer out;
  const auto line = [&](const char* name, const std::string& text) {
    fmt::format_to(std::back_inserter(out), "{:<15} {}\n", name, text);
  };
  line("ratings", fmt::format("{} by {} users of {} items", report.train.ratings, result.model.layout.users,
                              result.model.layout.items));
  line("model", fmt::format("rank {}{}{}, lambda {:.4g} ({})", settings.rank, settings.center ? ", mean" : "",
                            settings.biases ? ", biases" : "", report.lambda, to_string(settings.lambda_scaling)));
  line("training", fmt::format("{}, {} passes, {:.2f} s, stopped by: {}", describe_run(settings, report), report.passes,
                               report.optimisation.seconds, to_string(report.optimisation.reason)));
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
  if (report.unobserved) {
    line("unobserved",
         fmt::format("{:.1f}% predicted below {:g}, {:.1f}% between 0.5 and 1.5", 100 * report.unobserved->below_lowest,
                     result.model.lowest, 100 * report.unobserved->near_one));
  }
  std::cout << fmt::to_string(out);
}

}  // namespace

int run_train(const Arguments& arguments) {
  Options options = declare_train_options();
  if (!options.parse(arguments)) return kDone;
  if (options.given("valid") && options.given("holdout")) {
    throw UsageError("--valid and --holdout contradict each other: give one of them");
  }
  options.fraction("holdout", 0);
  const TrainSettings settings = train_settings(options);
  check_train_paths(options);

  // Opened before any work, so that a target that cannot be written is found first.
  std::unique_ptr<OutputFile> output;
  if (options.given("output")) output = std::make_unique<OutputFile>(options.text("output"));
  std::unique_ptr<Trace> trace;
  if (options.given("trace")) trace = std::make_unique<Trace>(options.text("trace"));
  Data data = load(options, settings.seed);

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
    log(fmt::format("odot: training diverged after {} iterations: the objective grew without bound; {}\n",
                    optimisation.counts.iterations, remedy(settings, result.report.line_search)));
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
    log(fmt::format("odot: interrupted after {} iterations; {}\n", optimisation.counts.iterations,
                    output ? "the model so far is saved" : "no -o was given, so nothing is saved"));
    return kInterrupted;
  }
  return kDone;
}

}  // namespace odot::cli
