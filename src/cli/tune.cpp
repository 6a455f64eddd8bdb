// odot tune
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <new>
#include <optional>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/paths.hpp"
#include "cli/trial.hpp"
#include "cli/tune_log.hpp"
#include "cli/tune_space.hpp"
#include "core/digest.hpp"
#include "odot/core/error.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/model/model_file.hpp"
#include "odot/tune/halving.hpp"
#include "odot/tune/sampler.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kRungs = 3;
constexpr std::size_t kTableLines = 5;

// What was asked for.
struct Search {
  Options options = declare_tune();
  TuneSpace space;
  std::string metric;
  SamplerKind sampler = SamplerKind::sobol;
  std::size_t rungs = kRungs;
  std::size_t trials = 100;
  std::size_t folds = 1;
  std::string holdout = "0.1";
  double seconds = std::numeric_limits<double>::infinity();
  std::uint64_t seed = 1;
};

// A training and what came of it.
struct Result {
  Job job;
  Json line;  // of the log
  double value = std::numeric_limits<double>::infinity();
};

double duration(const std::string& text) {
  const std::string units = "smh";
  const std::size_t unit = text.empty() ? std::string::npos : units.find(text.back());
  const std::optional<double> number = to_number(unit == std::string::npos ? text : text.substr(0, text.size() - 1));
  if (number && *number > 0) return *number * (unit == std::string::npos ? 1 : std::pow(60, static_cast<double>(unit)));
  throw UsageError(fmt::format("--duration is '{}', but must be a time such as 300, 90s, 5m or 1h", text));
}

void read_search(Search& search) {
  const Options& options = search.options;
  if (search.space.dimensions.empty()) {
    throw UsageError("there is nothing to search: give an option of train a range or a list, e.g. --rank 8..128:log2");
  }
  if (options.given("time-limit")) {
    throw UsageError("--time-limit is of no use to tune: what the clock ends cannot be reproduced; give --iterations");
  }
  search.metric = options.choice("metric", "rmse");
  search.sampler = options.choice("sampler", "sobol") == "sobol" ? SamplerKind::sobol : SamplerKind::random;
  if (options.flag_given("no-halving")) search.rungs = 1;
  const bool searches_iterations = std::ranges::any_of(
      search.space.dimensions, [](const Dimension& dimension) { return dimension.name == "iterations"; });
  if (searches_iterations && search.rungs > 1) {
    throw UsageError("successive halving chooses the iterations: give --iterations one value, or --no-halving");
  }
  if (options.given("duration")) {
    search.seconds = duration(options.text("duration"));
    search.trials = std::numeric_limits<int>::max();
  }
  search.trials =
      static_cast<std::size_t>(options.integer("trials", static_cast<long long>(search.trials), 1, 2'147'483'647));
  if (options.given("valid") + options.given("holdout") + options.given("folds") > 1) {
    throw UsageError("--valid, --holdout and --folds contradict each other: give one of them");
  }
  options.fraction("holdout", 0);
  search.holdout = options.text("holdout", search.holdout);
  search.folds = static_cast<std::size_t>(options.integer("folds", 1, 2, 1000));
  search.seed = options.seed(search.seed);
  if (options.flag_given("resume") && !options.given("log")) throw UsageError("--resume needs --log FILE");
  std::vector<NamedPath> outputs;
  for (const auto& [name, label] : {std::pair{"output", "-o"}, std::pair{"log", "--log"}}) {
    if (!options.given(name)) continue;
    if (options.text(name) == "-") throw UsageError(fmt::format("{} must be a file", label));
    outputs.push_back({label, options.text(name)});
  }
  check_paths(outputs, options.inputs({"valid", "config", "users", "items"}));
  check_space(search.space);
}

// Whatever decides what is trained; the numbers of trials and seconds only decide how much of it.
Json describe(const Search& search) {
  Json json;
  json["ratings"] = search.options.arguments();
  json["space"] = search.space.spaces;
  json["fixed"] = search.space.fixed;
  json["iterations"] = search.options.text("iterations", "");
  json["sampler"] = search.sampler == SamplerKind::sobol ? "sobol" : "random";
  json["rungs"] = search.rungs;
  json["metric"] = search.metric;
  json["seed"] = search.seed;
  if (search.options.given("valid")) {
    json["valid"] = search.options.text("valid");
  } else if (search.folds > 1) {
    json["folds"] = search.folds;
  } else {
    json["holdout"] = search.holdout;
  }
  return json;
}

// The command that measures the same figure.
std::string command(const Search& search, const std::vector<std::string>& values, int iterations) {
  Arguments words{"odot", search.folds > 1 ? "cv" : "train"};
  const auto add = [&](const Arguments& more) { words.insert(words.end(), more.begin(), more.end()); };
  add(search.options.arguments());
  if (search.options.given("valid")) {
    add({"--valid", search.options.text("valid")});
  } else if (search.folds > 1) {
    add({"--folds", std::to_string(search.folds)});
  } else {
    add({"--holdout", search.holdout});
  }
  add(search.space.fixed);
  Arguments point = point_words(search.space, values);
  const auto at = std::ranges::find(point, "--iterations");
  if (at != point.end()) point.erase(at, at + 2);
  add(point);
  add({"--iterations", std::to_string(iterations), "--seed", std::to_string(search.seed)});
  return shell_text(words);
}

// Of what comes from files and decides the search.
std::string checksum(const Search& search, const TrialData& data, const std::vector<Fold>& folds) {
  Digest digest;
  if (search.space.config) digest.add(*search.space.config);
  for (const Triples* ratings : {&data.list.ratings, &folds[0].test}) {
    digest.add_values(ratings->user);
    digest.add_values(ratings->item);
    digest.add_values(ratings->value);
  }
  for (const auto* features : {&data.user_features, &data.item_features}) {
    if (!*features) continue;
    digest.add_values((*features)->inputs);
    for (Index k = 0; k < (*features)->ids.size(); ++k) digest.add(std::string((*features)->ids[k]) + '\0');
  }
  return digest.text();
}

std::vector<Fold> make_folds(const Search& search, const TrialData& data) {
  std::vector<Fold> folds;
  const std::size_t size = data.list.ratings.size();
  if (search.options.given("valid")) {
    const RatingList valid = load_ratings({search.options.text("valid")}, search.options).list;
    folds.push_back(make_fold(data, reindex(valid, data.list.users, data.list.items)));
  } else if (search.folds > 1) {
    const std::vector<std::size_t> numbers = fold_numbers(size, search.folds, search.seed);
    for (std::size_t k = 0; k < search.folds; ++k) folds.push_back(make_fold(data, fold_split(numbers, k)));
  } else {
    folds.push_back(make_fold(data, split_ratings(data.list, search.options.fraction("holdout", 0.1), search.seed)));
  }
  if (folds[0].test.size() == 0) throw Error("there are no held-out ratings to measure on");
  return folds;
}

// The best so far: on a terminal a table that is written over, elsewhere a line for each training.
class Table {
 public:
  explicit Table(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {}

  void show(const std::vector<Result>& results, const Result& last, const std::string& metric,
            const std::string& point) {
    if (quiet_) return;
    const std::string name = metric == "rmse" ? "RMSE" : "MAE";
    const std::string status = last.line["status"].get<std::string>();
    const std::string figure = std::isfinite(last.value) ? fmt::format("{} {:.4f}", name, last.value) : status;
    const std::string line = fmt::format("trial {} rung {}: {}  {}\n", last.job.trial, last.job.rung, figure, point);
    if (!terminal_) {
      log(line);
      return;
    }
    std::vector<const Result*> best;
    for (const Result& result : results) {
      if (std::isfinite(result.value)) best.push_back(&result);
    }
    std::ranges::stable_sort(best, {}, [](const Result* result) { return result->value; });
    best.resize(std::min(best.size(), kTableLines));
    std::string text = lines_ > 0 ? fmt::format("\x1b[{}A\x1b[J", lines_) : "";
    // Cut to the width of a terminal of 80 columns: a line that wraps could not be written over.
    const auto add = [&](const std::string& row) { text += row.substr(0, 79) + "\n"; };
    add(fmt::format("{} trainings; {}", results.size(), line.substr(0, line.size() - 1)));
    for (const Result* result : best) {
      add(fmt::format("  {:.4f}  {}", result->value, result->line["options"].get<std::string>()));
    }
    lines_ = 1 + best.size();
    log(text);
  }

 private:
  bool quiet_;
  bool terminal_;
  std::size_t lines_ = 0;
};

// Trains one point, unless it cannot be; nothing when it was interrupted.
std::optional<Json> train_point(const Search& search, const TrialData& data, const std::vector<Fold>& folds,
                                const std::vector<Result>& results, const Job& job,
                                const std::vector<std::string>& values, const Stopwatch& watch) {
  Json line{{"trial", job.trial}, {"rung", job.rung}};
  line["options"] = shell_text(point_words(search.space, values));
  for (std::size_t k = 0; k < values.size(); ++k) line["point"][search.space.dimensions[k].name] = values[k];
  line["command"] = "";
  Trial trial;
  try {
    MethodSettings settings = point_settings(search.space, values);
    iterations(settings) = rung_iterations(iterations(settings), job.rung, search.rungs);
    line["command"] = command(search, values, iterations(settings));
    // The same again would give the same: spaces of few points, or rungs of as many iterations.
    for (const Result& earlier : results) {
      if (earlier.line["command"] != line["command"]) continue;
      Json same = earlier.line;
      same["trial"] = job.trial;
      same["rung"] = job.rung;
      same["seconds"] = 0;
      return same;
    }
    const auto observer = [&](const TrainProgress&) {
      return !InterruptGuard::interrupted() && watch.seconds() < search.seconds;
    };
    for (const Fold& fold : folds) {
      if (trial.status == "done") measure(data, fold, settings, observer, trial);
    }
    if (trial.status == "interrupted") return std::nullopt;
    line["status"] = trial.status;
  } catch (const UsageError& error) {
    line["status"] = "invalid";
    line["error"] = error.what();
  } catch (const Error& error) {
    line["status"] = "failed";
    line["error"] = error.what();
  } catch (const std::bad_alloc&) {
    line["status"] = "failed";
    line["error"] = "not enough memory";
  }
  if (line["status"] == "done") {
    line["rmse"] = number_or_null(mean(trial.rmse));
    line["mae"] = number_or_null(mean(trial.mae));
    if (!line["rmse"].is_number() || !line["mae"].is_number()) line["status"] = "diverged";
    if (search.folds > 1) line["folds"] = {{"rmse", trial.rmse}, {"mae", trial.mae}};
  }
  line["iterations"] = trial.iterations;
  if (!trial.best_iterations.empty()) {
    const std::vector<double> best(trial.best_iterations.begin(), trial.best_iterations.end());
    line["best_iteration"] = std::lround(mean(best));
  }
  line["seconds"] = trial.seconds;
  return line;
}

// Trains on all ratings, as long as the best training was before early stopping would have ended it. False when that
// was interrupted; throws Error where there is no model to write.
bool save_best(const Search& search, TrialData data, const std::vector<std::string>& values, const Result& best,
               OutputFile& output) {
  MethodSettings any_settings = point_settings(search.space, values);
  const auto early = best.line.find("best_iteration");
  iterations(any_settings) = early != best.line.end()
                                 ? early->get<int>()
                                 : rung_iterations(iterations(any_settings), best.job.rung, search.rungs);
  const auto going = [](const TrainProgress&) { return !InterruptGuard::interrupted(); };
  const auto save = [&](const auto& result) {
    const std::string_view reason = result.report.stop_reason;
    if (reason == "diverged") throw Error("the best options on all ratings: training diverged; no model is written");
    if (reason == "interrupted") return false;
    save_model(result.model, output);
    output.commit();
    return true;
  };
  if (const auto* settings = std::get_if<TrainSettings>(&any_settings)) {
    return save(train(RatingData(std::move(data.list)), {}, *settings, going));
  }
  return save(train_mlp(std::move(data.list), {}, std::move(*data.user_features), std::move(*data.item_features),
                        std::get<MlpSettings>(any_settings), going));
}

}  // namespace

int run_tune(const Arguments& arguments) {
  Search search;
  // Asked for help, a space with a mistake is none.
  if (!asks_for_help(arguments)) search.space = take_space(arguments);
  if (!search.options.parse(asks_for_help(arguments) ? arguments : search.space.rest, search.space.config))
    return kDone;
  read_search(search);
  const Options& options = search.options;

  std::unique_ptr<OutputFile> output;
  if (options.given("output")) output = std::make_unique<OutputFile>(options.text("output"));
  // Before the log, so that ratings that cannot be read leave none.
  TrialData data = load_trial_data(options);
  const std::vector<Fold> folds = make_folds(search, data);
  std::unique_ptr<TuneLog> trace;
  if (options.given("log")) {
    Json description = describe(search);
    description["checksum"] = checksum(search, data, folds);
    trace = std::make_unique<TuneLog>(options.text("log"), description, options.flag_given("resume"));
  }
  if (!output) data.list.ratings = {};

  const InterruptGuard guard;
  const Stopwatch watch;
  PointSampler sampler(search.sampler, search.space.dimensions.size(), search.seed);
  Halving halving(search.trials, search.rungs);
  Table table(options.quiet());
  std::vector<std::vector<std::string>> points;
  std::vector<Result> results;
  std::optional<std::size_t> best;
  while (!InterruptGuard::interrupted() && watch.seconds() < search.seconds) {
    const std::optional<Job> job = halving.next();
    if (!job) break;
    if (job->trial == points.size()) {
      const std::vector<double> coordinates = sampler.next();
      std::vector<std::string>& values = points.emplace_back();
      for (std::size_t k = 0; k < coordinates.size(); ++k) {
        values.push_back(search.space.dimensions[k].at(coordinates[k]));
      }
    }
    const Json* known = trace ? trace->find(job->trial, job->rung) : nullptr;
    const std::optional<Json> line =
        known ? *known : train_point(search, data, folds, results, *job, points[job->trial], watch);
    if (!line) break;
    if (trace && !known) trace->write(*line);
    Result& result = results.emplace_back(Result{*job, *line});
    if ((*line)["status"] == "done") result.value = (*line)[search.metric].get<double>();
    halving.finish(*job, result.value);
    if (std::isfinite(result.value) && (!best || result.value < results[*best].value)) best = results.size() - 1;
    table.show(results, result, search.metric, shell_text(point_words(search.space, points[job->trial])));
  }

  bool interrupted = InterruptGuard::interrupted();
  if (!best) {
    log(fmt::format("odot: {} trainings, and none of them gave a figure{}\n", results.size(),
                    results.empty() || !results[0].line.contains("error")
                        ? ""
                        : "; the first: " + results[0].line["error"].get<std::string>()));
    return interrupted ? kInterrupted : kBadData;
  }
  const Result& winner = results[*best];
  // What the search has found is told whatever becomes of the model.
  std::optional<Error> failure;
  try {
    if (output && !interrupted) {
      interrupted = !save_best(search, std::move(data), points[winner.job.trial], winner, *output);
    }
  } catch (const Error& error) {
    failure = error;
  }
  const std::string text = winner.line["command"].get<std::string>();
  if (options.flag_given("json")) {
    print_json({{"metric", search.metric},
                {"rmse", winner.line["rmse"]},
                {"mae", winner.line["mae"]},
                {"point", winner.line["point"]},
                {"trial", winner.job.trial},
                {"rung", winner.job.rung},
                {"command", text},
                {"trials", points.size()},
                {"trainings", results.size()},
                {"seconds", watch.seconds()},
                {"interrupted", interrupted}});
  } else {
    std::cout << fmt::format("{:<15} {} points, {} trainings, {:.1f} s\n", "search", points.size(), results.size(),
                             watch.seconds());
    std::cout << fmt::format("{:<15} {:.4f}, MAE {:.4f}\n", "held-out RMSE", winner.line["rmse"].get<double>(),
                             winner.line["mae"].get<double>());
    std::cout << fmt::format("{:<15} {}\n", "command", text);
    if (output && !interrupted && !failure) std::cout << fmt::format("{:<15} {}\n", "written to", output->path());
  }
  if (failure) throw Error(*failure);
  if (!interrupted) return kDone;
  log(fmt::format("odot: interrupted after {} trainings{}\n", results.size(), output ? "; no model is written" : ""));
  return kInterrupted;
}

}  // namespace odot::cli
