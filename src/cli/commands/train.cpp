// odot train
#include <fmt/format.h>

#include <iostream>
#include <limits>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options/options.hpp"
#include "cli/options/train_options.hpp"
#include "cli/output/figure.hpp"
#include "cli/output/progress.hpp"
#include "cli/output/trace.hpp"
#include "cli/output/train_report.hpp"
#include "cli/paths.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/features/features.hpp"
#include "odot/model/model.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/ratings/split.hpp"
#include "odot/train/methods.hpp"

namespace odot::cli {
namespace {

// Only a method that does not need the ratings' order can do with ratings that are not in memory, and only without
// hold-out.
Dataset load(const Options& options, const TrainSettings& settings) {
  const bool in_memory = method_of(settings).needs_order || options.given("holdout");
  Dataset data =
      in_memory ? Dataset(load_ratings(options.arguments(), options).list) : load_dataset(options.arguments(), options);
  load_features(options, data);
  if (options.given("valid")) {
    const ReadResult valid = load_ratings({options.text("valid")}, options);
    // A table that is part of a file is indexed to look ids up, which nothing after this does: a copy, which shares all
    // else, takes that along.
    data.valid = data.matrix ? reindex(valid.list, IdTable(data.users), IdTable(data.items))
                             : reindex(valid.list, data.users, data.items);
  } else if (options.given("holdout")) {
    const double fraction = options.fraction("holdout", 0);
    const RatingList all{std::move(data.users), std::move(data.items), std::move(data.list)};
    const Split split = split_ratings(all, fraction, *in_effect(settings).seed);
    if (split.test.empty()) {
      throw Error(
          fmt::format("--holdout {} holds none of {} ratings out (every user and every item keeps one): give a "
                      "larger share",
                      options.text("holdout"), all.ratings.size()));
    }
    data.users = all.users;
    data.items = all.items;
    data.valid = select(all.ratings, split.test);
    data.list = select(all.ratings, split.train);
  }
  return data;
}

void check_train_paths(const Options& options) {
  const std::vector<std::string> inputs = options.inputs({"output", "trace", "checkpoint", "resume"});
  std::vector<NamedPath> outputs;
  if (options.given("output")) outputs.push_back({"-o", options.text("output")});
  if (options.given("trace")) outputs.push_back({"--trace", options.text("trace")});
  for (const NamedPath& output : outputs) {
    if (output.path == "-") throw UsageError(output.option + " needs a file: standard output is for the report");
  }
  // A run may go on in the checkpoint that it comes from; nothing else may take its place.
  std::vector<std::string> all = inputs;
  if (options.given("resume")) all.push_back(options.text("resume"));
  check_paths(outputs, all);
  if (!options.given("checkpoint")) return;
  outputs.push_back({"--checkpoint", options.text("checkpoint")});
  if (outputs.back().path == "-") throw UsageError("--checkpoint needs a file: standard output is for the report");
  check_paths(outputs, inputs);
}

// The remedy for a diverged run depends on who chose the step.
std::string remedy(const TrainSettings& settings) {
  const bool fixed = settings.line_search && make_step_rule(*settings.line_search)->fixed_steps();
  if (!fixed) return "try --line-search exact, or smaller ratings";
  const auto step = settings.parameters.find("step");
  if (step == settings.parameters.end() || step->second == 0) return "try --line-search exact, or a small --step";
  // Mini-batches leave no choice.
  if (settings.batch_size.value_or(0) > 0) return "try a smaller --step";
  return "try a smaller --step, or --line-search exact, which chooses it";
}

// What is worth a word of a run's held-out errors: that they were lower before, where nothing keeps the best.
class HeldOutWatch {
 public:
  // Measures where someone else does, and at the first iterations and ever fewer of the later ones, so that it costs
  // next to nothing.
  void see(const TrainProgress& progress) {
    const int iteration = progress.counts.iterations;
    if ((iteration & (iteration - 1)) != 0) return;
    const std::optional<double> rmse = progress.valid_rmse();
    if (rmse && *rmse < lowest_) {
      lowest_ = *rmse;
      iteration_ = iteration;
    }
  }

  // Nothing, or a line.
  std::string note(const TrainReport& report) const {
    if (!report.valid || report.best_iteration || !(report.valid->rmse > kWorse * lowest_)) return "";
    const std::string_view unit = method_of(report.settings).unit;
    return fmt::format(
        "the held-out RMSE was {} after {} {} and has risen to {} since: --early-stop N ends where it has not fallen "
        "for N {}, and keeps the best\n",
        figure(lowest_), iteration_, unit, figure(report.valid->rmse), unit);
  }

 private:
  static constexpr double kWorse = 1.005;  // less comes and goes

  double lowest_ = std::numeric_limits<double>::infinity();
  int iteration_ = 0;
};

}  // namespace

int run_train(const Arguments& arguments) {
  Options options = declare_train();
  if (!options.parse(arguments)) return kDone;
  if (options.given("valid") && options.given("holdout")) {
    throw UsageError("--valid and --holdout contradict each other: give one of them");
  }
  options.fraction("holdout", 0);
  check_train_paths(options);
  const TrainSettings settings = method_settings(options);
  const CheckpointSettings checkpoints = checkpoint_settings(options);
  check(checkpoints, settings);
  if (options.given("memory-limit")) (void)memory_budget(options);
  if (options.flag_given("dump-config")) {
    (void)options.read_settings();
    std::cout << config_text(options, settings);
    return kDone;
  }

  // Opened before any work, so that a target that cannot be written is found first.
  std::unique_ptr<OutputFile> output;
  if (options.given("output")) output = std::make_unique<OutputFile>(options.text("output"));
  if (checkpoints.writes()) OutputFile(checkpoints.path);
  std::unique_ptr<Trace> trace;
  if (options.given("trace")) trace = std::make_unique<Trace>(options.text("trace"), !checkpoints.resume.empty());

  const Stopwatch loading;
  Dataset data = load(options, settings);
  const double load_seconds = loading.seconds();
  if (!options.quiet()) log(note_equal_ratings(data));
  const RatingMatrix mapped = data.matrix.value_or(RatingMatrix());
  HeldOutWatch watch;
  TrainResult trained = [&] {
    const InterruptGuard guard;
    std::unique_ptr<ProgressLine> line;
    if (!options.quiet()) line = std::make_unique<ProgressLine>(stop_settings(in_effect(settings)), data.size());
    const TrainObserver observer = [&](const TrainProgress& progress) {
      if (trace) trace->write(progress);
      if (line) {
        line->show(progress);
        watch.see(progress);
      }
      return !InterruptGuard::interrupted();
    };
    return train(std::move(data), settings, observer, checkpoints);
  }();
  verify_rest(mapped);  // few iterations may not have read all

  const TrainReport& report = trained.report;
  const int iterations = report.optimisation.counts.iterations;
  if (has_diverged(report)) {
    log(fmt::format("odot: training diverged after {} iterations: the objective grew without bound; {}\n", iterations,
                    remedy(report.settings)));
    if (!options.flag_given("keep-diverged")) return kBadData;
  }
  // A model of no iterations is one of random numbers, or what it was started from.
  if (was_interrupted(report) && iterations == 0) {
    log(fmt::format("odot: interrupted before the first iteration; no model is written{}\n",
                    checkpoints.writes() ? fmt::format("; --resume {} goes on", checkpoints.path) : ""));
    return kInterrupted;
  }
  if (output) {
    if (options.given("holdout")) trained.model->settings["holdout"] = options.text("holdout");
    save_model(*trained.model, *output);
    output->commit();
  }
  if (options.flag_given("json")) {
    print_json(to_json(report, load_seconds));
  } else {
    std::cout << to_text(report, trained.model->lowest);
    if (output) std::cout << fmt::format("{:<15} {}\n", "written to", output->path());
  }
  if (!options.quiet()) log(watch.note(report));
  if (has_diverged(report)) return kBadData;
  if (was_interrupted(report)) {
    const std::string model = output                 ? "the model so far is saved"
                              : checkpoints.writes() ? "no -o was given, so no model is saved"
                                                     : "no -o was given, so nothing is saved";
    const std::string resume = checkpoints.writes() ? fmt::format("; --resume {} goes on", checkpoints.path) : "";
    log(fmt::format("odot: interrupted after {} iterations; {}{}\n", iterations, model, resume));
    return kInterrupted;
  }
  return kDone;
}

}  // namespace odot::cli
