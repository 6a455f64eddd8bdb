// odot train
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>
#include <type_traits>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/paths.hpp"
#include "cli/progress.hpp"
#include "cli/trace.hpp"
#include "cli/train_options.hpp"
#include "cli/train_report.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/model/model.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/features.hpp"
#include "odot/ratings/split.hpp"

namespace odot::cli {
namespace {

// What there is to train on and to measure on.
struct Data {
  RatingList train;
  std::optional<RatingData> mapped;  // instead of `train`, an .odr file
  Triples valid;
  FeatureTable user_features;  // only for the network
  FeatureTable item_features;
  Index users = 0;  // with ratings
  Index items = 0;
  double load_seconds = 0;

  std::size_t size() const { return mapped ? mapped->ratings.size() : train.ratings.size(); }
};

// Only a factorisation without hold-out can do with ratings that are not in memory.
Data load(const Options& options, std::uint64_t seed, bool network) {
  const Stopwatch timer;
  Data data;
  if (is_one_odr(options.arguments()) && !network && !options.given("holdout")) {
    data.mapped = load_odr(options.arguments()[0], options);
  } else {
    data.train = load_ratings(options.arguments(), options).list;
  }
  const IdTable& users = data.mapped ? data.mapped->users : data.train.users;
  const IdTable& items = data.mapped ? data.mapped->items : data.train.items;
  data.users = users.size();
  data.items = items.size();
  if (options.given("users")) data.user_features = load_features("users", "user-features", options, data.train.users);
  if (options.given("items")) data.item_features = load_features("items", "item-features", options, data.train.items);
  if (options.given("valid")) {
    const ReadResult valid = load_ratings({options.text("valid")}, options);
    // A table that is part of a file is indexed to look ids up, which nothing after this does: a copy, which shares all
    // else, takes that along.
    data.valid = data.mapped ? reindex(valid.list, IdTable(users), IdTable(items)) : reindex(valid.list, users, items);
  } else if (options.given("holdout")) {
    const double fraction = options.fraction("holdout", 0);
    const Split split = split_ratings(data.train, fraction, seed);
    if (split.test.empty()) {
      throw Error(
          fmt::format("--holdout {} holds none of {} ratings out (every user and every item keeps one): give a "
                      "larger share",
                      options.text("holdout"), data.train.ratings.size()));
    }
    data.valid = select(data.train.ratings, split.test);
    data.train.ratings = select(data.train.ratings, split.train);
  }
  data.load_seconds = timer.seconds();
  return data;
}

void check_train_paths(const Options& options) {
  const std::vector<std::string> inputs = options.inputs({"valid", "config", "users", "items", "init-model"});
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
std::string remedy(const ParameterValues& parameters, const RunReport& report) {
  if (report.line_search == "constant" || report.line_search == "decreasing") {
    const std::string smaller = parameters.count("step") || report.method == "mlp" ? "a smaller --step" : "";
    if (report.method == "mlp") return "try " + smaller;
    return smaller.empty() ? "try --line-search exact, or a small --step"
                           : "try " + smaller + ", or --line-search exact, which chooses it";
  }
  return "try --line-search exact, or smaller ratings";
}

// A trained model with what there is to say of it.
struct Run {
  std::unique_ptr<Model> model;
  RunReport report;
  std::string remedy;
};

Run run(Data& data, const TrainSettings& settings, const TrainObserver& observer,
        const CheckpointSettings& checkpoints) {
  RatingData ratings = data.mapped ? std::move(*data.mapped) : RatingData(std::move(data.train));
  TrainResult result = train(std::move(ratings), data.valid, settings, observer, checkpoints);
  RunReport report = describe(settings, result);
  const std::string advice = remedy(settings.parameters, report);
  return {std::make_unique<Factorization>(std::move(result.model)), std::move(report), advice};
}

Run run(Data& data, const MlpSettings& settings, const TrainObserver& observer, const CheckpointSettings& checkpoints) {
  MlpResult result = train_mlp(std::move(data.train), data.valid, std::move(data.user_features),
                               std::move(data.item_features), settings, observer, checkpoints);
  RunReport report = describe(settings, result, data.users, data.items);
  const std::string advice = remedy(settings.parameters, report);
  return {std::make_unique<Mlp>(std::move(result.model)), std::move(report), advice};
}

}  // namespace

int run_train(const Arguments& arguments) {
  Options options = declare_train();
  if (!options.parse(arguments)) return kDone;
  if (options.given("valid") && options.given("holdout")) {
    throw UsageError("--valid and --holdout contradict each other: give one of them");
  }
  options.fraction("holdout", 0);
  check_train_paths(options);
  const MethodSettings any_settings = method_settings(options);
  const CheckpointSettings checkpoints = checkpoint_settings(options);
  if (options.given("memory-limit")) (void)memory_budget(options);
  if (options.flag_given("dump-config")) {
    (void)options.read_settings();
    std::cout << config_text(options, any_settings);
    return kDone;
  }

  // Opened before any work, so that a target that cannot be written is found first.
  std::unique_ptr<OutputFile> output;
  if (options.given("output")) output = std::make_unique<OutputFile>(options.text("output"));
  if (checkpoints.writes()) OutputFile(checkpoints.path);
  std::unique_ptr<Trace> trace;
  if (options.given("trace")) trace = std::make_unique<Trace>(options.text("trace"), !checkpoints.resume.empty());

  double load_seconds = 0;
  Run trained = std::visit(
      [&](const auto& settings) {
        constexpr bool kNetwork = std::is_same_v<std::decay_t<decltype(settings)>, MlpSettings>;
        Data data = load(options, settings.seed, kNetwork);
        load_seconds = data.load_seconds;
        const InterruptGuard guard;
        std::unique_ptr<ProgressLine> line;
        if (!options.quiet()) line = std::make_unique<ProgressLine>(limits(settings), data.size());
        const RatingMatrix mapped = data.mapped ? data.mapped->ratings : RatingMatrix();
        Run result = run(
            data, settings,
            [&](const TrainProgress& progress) {
              if (trace) trace->write(progress);
              if (line) line->show(progress);
              return !InterruptGuard::interrupted();
            },
            checkpoints);
        verify_rest(mapped);  // few iterations may not have read all
        return result;
      },
      any_settings);

  const RunReport& report = trained.report;
  if (report.diverged()) {
    log(fmt::format("odot: training diverged after {} iterations: the objective grew without bound; {}\n",
                    report.counts.iterations, trained.remedy));
    if (!options.flag_given("keep-diverged")) return kBadData;
  }
  if (output) {
    if (options.given("holdout")) trained.model->settings["holdout"] = options.text("holdout");
    save_model(*trained.model, *output);
    output->commit();
  }
  if (options.flag_given("json")) {
    print_json(to_json(report, load_seconds));
  } else {
    std::cout << to_text(report);
    if (output) std::cout << fmt::format("{:<15} {}\n", "written to", output->path());
  }
  if (report.diverged()) return kBadData;
  if (report.interrupted()) {
    const std::string model = output                 ? "the model so far is saved"
                              : checkpoints.writes() ? "no -o was given, so no model is saved"
                                                     : "no -o was given, so nothing is saved";
    const std::string resume = checkpoints.writes() ? fmt::format("; --resume {} goes on", checkpoints.path) : "";
    log(fmt::format("odot: interrupted after {} iterations; {}{}\n", report.counts.iterations, model, resume));
    return kInterrupted;
  }
  return kDone;
}

}  // namespace odot::cli
