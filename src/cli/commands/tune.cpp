// odot tune
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/load.hpp"
#include "cli/options/train_options.hpp"
#include "cli/options/tune_space.hpp"
#include "cli/output/figure.hpp"
#include "cli/output/tune_log.hpp"
#include "cli/output/tune_table.hpp"
#include "cli/paths.hpp"
#include "core/digest.hpp"
#include "core/duration.hpp"
#include "odot/core/output_file.hpp"
#include "odot/model/model_file.hpp"
#include "odot/search/search.hpp"
#include "odot/train/options.hpp"

namespace odot::cli {
namespace {

// What was asked for.
struct Search {
  Options options = declare_tune();
  TuneSpace space;
  TrainSettings base;  // of every point
  SearchSettings how;
  std::string metric;
  std::size_t folds = 1;
  std::string holdout = "0.1";
};

double duration(const std::string& text) {
  if (const std::optional<double> seconds = to_seconds(text); seconds && *seconds > 0) return *seconds;
  throw UsageError(fmt::format("--duration is '{}', but must be a time such as 300, 90s, 5m or 1h", text));
}

void read_search(Search& search) {
  const Options& options = search.options;
  if (search.space.dimensions.empty()) {
    throw UsageError("there is nothing to search: give an option of train a range or a list, e.g. --rank 8..128:log2");
  }
  for (const TrainOption& option : train_options()) {
    if (!option.by_clock || !options.given(option.name)) continue;
    throw UsageError(fmt::format(
        "--{} is of no use to tune: what the clock ends cannot be reproduced; give --iterations", option.name));
  }
  search.metric = options.choice("metric", "rmse");
  search.how.by_mae = search.metric == "mae";
  search.how.sampler = options.choice("sampler", "sobol") == "sobol" ? SamplerKind::sobol : SamplerKind::random;
  if (options.flag_given("no-halving")) search.how.rungs = 1;
  const bool searches_iterations = std::ranges::any_of(
      search.space.dimensions, [](const Dimension& dimension) { return dimension.name == "iterations"; });
  if (searches_iterations && search.how.rungs > 1) {
    throw UsageError("successive halving chooses the iterations: give --iterations one value, or --no-halving");
  }
  if (options.given("duration")) {
    search.how.seconds = duration(options.text("duration"));
    search.how.trials = std::numeric_limits<int>::max();
  }
  search.how.trials =
      static_cast<std::size_t>(options.integer("trials", static_cast<long long>(search.how.trials), 1, 2'147'483'647));
  if (options.given("valid") + options.given("holdout") + options.given("folds") > 1) {
    throw UsageError("--valid, --holdout and --folds contradict each other: give one of them");
  }
  options.fraction("holdout", 0);
  search.holdout = options.text("holdout", search.holdout);
  search.folds = static_cast<std::size_t>(options.integer("folds", 1, 2, 1000));
  search.base = given_settings(options);
  search.how.seed = search.base.seed.value_or(search.how.seed);
  if (options.flag_given("resume") && !options.given("log")) throw UsageError("--resume needs --log FILE");
  std::vector<NamedPath> outputs;
  for (const auto& [name, label] : {std::pair{"output", "-o"}, std::pair{"log", "--log"}}) {
    if (!options.given(name)) continue;
    if (options.text(name) == "-") throw UsageError(fmt::format("{} must be a file", label));
    outputs.push_back({label, options.text(name)});
  }
  check_paths(outputs, options.inputs({"output", "log"}));
  search.how.dimensions = search.space.dimensions;
  search.how.settings_of = [&search](const Point& point) {
    TrainSettings settings = at_point(search.base, search.how.dimensions, point);
    check_settings(search.options, settings);
    return settings;
  };
  check_space(search.how);
}

// Whatever decides what is trained; the numbers of trials and seconds only decide how much of it.
Json describe(const Search& search) {
  Json json;
  json["ratings"] = search.options.arguments();
  json["space"] = search.space.spaces;
  json["fixed"] = search.space.fixed;
  json["iterations"] = search.options.text("iterations", "");
  json["sampler"] = search.how.sampler == SamplerKind::sobol ? "sobol" : "random";
  json["rungs"] = search.how.rungs;
  json["metric"] = search.metric;
  json["seed"] = search.how.seed;
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
std::string command(const Search& search, const Point& point_values, int iterations) {
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
  Arguments point = point_words(search.space, point_values);
  const auto at = std::ranges::find(point, "--iterations");
  if (at != point.end()) point.erase(at, at + 2);
  add(point);
  add({"--iterations", std::to_string(iterations), "--seed", std::to_string(search.how.seed)});
  return shell_text(words);
}

// Of what comes from files and decides the search.
std::string checksum(const Search& search, const Dataset& data, const std::vector<Dataset>& folds) {
  Digest digest;
  if (search.space.config) digest.add(*search.space.config);
  for (const Triples* ratings : {&data.list, &folds[0].valid}) {
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

std::vector<Dataset> make_folds(const Search& search, const Dataset& data) {
  std::vector<Dataset> folds;
  if (search.options.given("valid")) {
    const RatingList valid = load_ratings({search.options.text("valid")}, search.options).list;
    folds.push_back(make_fold(data, reindex(valid, data.users, data.items)));
  } else if (search.folds > 1) {
    const std::vector<std::size_t> numbers = fold_numbers(data.size(), search.folds, search.how.seed);
    for (std::size_t k = 0; k < search.folds; ++k) folds.push_back(make_fold(data, fold_split(numbers, k)));
  } else {
    const RatingList all{data.users, data.items, data.list};
    folds.push_back(make_fold(data, split_ratings(all, search.options.fraction("holdout", 0.1), search.how.seed)));
  }
  if (folds[0].valid.size() == 0) throw Error("there are no held-out ratings to measure on");
  return folds;
}

// A line of the log.
Json to_json(const Search& search, const SearchResult& result) {
  Json line{{"trial", result.job.trial}, {"rung", result.job.rung}};
  line["options"] = shell_text(point_words(search.space, result.point));
  for (std::size_t k = 0; k < result.point.size(); ++k) {
    const std::string& name = search.space.dimensions[k].name;
    line["point"][name] = setting_json(name, result.point[k]);
  }
  line["command"] = result.limit > 0 || result.status != "invalid" ? command(search, result.point, result.limit) : "";
  line["status"] = result.status;
  if (!result.error.empty()) line["error"] = result.error;
  const Trial& trial = result.trial;
  if (!trial.rmse.empty() && result.error.empty()) {
    line["rmse"] = number_or_null(mean(trial.rmse));
    line["mae"] = number_or_null(mean(trial.mae));
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

// What a line of the log says; the figures of folds are not needed again, only their means.
SearchResult from_json(const Search& search, const Json& line, const Halving::Job& job, const Point& point) {
  SearchResult result{.job = job, .point = point};
  result.status = line.at("status").get<std::string>();
  if (line.contains("error")) result.error = line.at("error").get<std::string>();
  result.trial.iterations = line.value("iterations", 0);
  if (line.contains("best_iteration")) result.trial.best_iterations = {line.at("best_iteration").get<int>()};
  if (result.status != "done") return result;
  result.trial.rmse = {line.at("rmse").get<double>()};
  result.trial.mae = {line.at("mae").get<double>()};
  result.value = line.at(search.metric).get<double>();
  return result;
}

// Trains with the best options on all ratings. False when that was interrupted; throws Error where there is no model to
// write.
bool save_best(const Search& search, Dataset data, const SearchResult& best, OutputFile& output) {
  const auto going = [](const TrainProgress&) { return !InterruptGuard::interrupted(); };
  const TrainResult result = train(std::move(data), settings_of_best(search.how, best), going);
  const std::string_view reason = result.report.stop_reason;
  if (reason == to_string(StopReason::diverged)) {
    throw Error("the best options on all ratings: training diverged; no model is written", ErrorKind::numerical);
  }
  if (reason == to_string(StopReason::interrupted)) return false;
  save_model(*result.model, output);
  output.commit();
  return true;
}

// What to say of a search that found nothing.
std::string why_none(const std::vector<SearchResult>& results) {
  if (results.empty()) return "odot: the time was over before a training was done: give a longer --duration\n";
  std::map<std::string, std::size_t> counts;
  for (const SearchResult& result : results) ++counts[result.status];
  if (counts[std::string(to_string(StopReason::diverged))] == results.size()) {
    return fmt::format(
        "odot: all {} trainings diverged: their objectives grew without bound; search smaller values of --step, or "
        "give --line-search exact, which chooses it\n",
        results.size());
  }
  std::vector<std::string> parts;
  for (const auto& [status, count] : counts) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, status));
  }
  const auto told = std::ranges::find_if(results, [](const SearchResult& one) { return !one.error.empty(); });
  return fmt::format("odot: none of {} trainings gave a figure: {}{}\n", results.size(), fmt::join(parts, ", "),
                     told == results.end() ? "" : "; the first of these said: " + told->error);
}

void print(const Search& search, const SearchOutcome& outcome, bool interrupted, const OutputFile* written) {
  const SearchResult& winner = outcome.results[*outcome.best];
  const Json line = to_json(search, winner);
  const std::string text = line["command"].get<std::string>();
  if (search.options.flag_given("json")) {
    print_json({{"metric", search.metric},
                {"rmse", line["rmse"]},
                {"mae", line["mae"]},
                {"point", line["point"]},
                {"trial", winner.job.trial},
                {"rung", winner.job.rung},
                {"command", text},
                {"trials", outcome.points},
                {"trainings", outcome.results.size()},
                {"seconds", outcome.seconds},
                {"interrupted", interrupted}});
    return;
  }
  std::cout << fmt::format("{:<15} {} points, {} trainings, {:.1f} s\n", "search", outcome.points,
                           outcome.results.size(), outcome.seconds);
  std::cout << fmt::format("{:<15} {}, MAE {}\n", "held-out RMSE", figure(line["rmse"].get<double>()),
                           figure(line["mae"].get<double>()));
  std::cout << fmt::format("{:<15} {}\n", "command", text);
  if (written) std::cout << fmt::format("{:<15} {}\n", "written to", written->path());
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
  Dataset data = load_ratings(options.arguments(), options).list;
  if (!options.quiet()) log(note_equal_ratings(data));
  load_features(options, data);
  const std::vector<Dataset> folds = make_folds(search, data);
  std::unique_ptr<TuneLog> trace;
  if (options.given("log")) {
    Json description = describe(search);
    description["checksum"] = checksum(search, data, folds);
    trace = std::make_unique<TuneLog>(options.text("log"), description, options.flag_given("resume"));
  }
  if (!output) data.list = {};

  const InterruptGuard guard;
  TuneTable table(options.quiet(), search.metric);
  SearchHooks hooks;
  hooks.going = [] { return !InterruptGuard::interrupted(); };
  hooks.message = message_of;
  hooks.known = [&](const Halving::Job& job, const Point& point) -> std::optional<SearchResult> {
    const Json* line = trace ? trace->find(job.trial, job.rung) : nullptr;
    if (!line) return std::nullopt;
    return from_json(search, *line, job, point);
  };
  hooks.finished = [&](const std::vector<SearchResult>& results, bool known) {
    if (trace && !known) trace->write(to_json(search, results.back()));
    table.show(results, [&](const Point& point) { return shell_text(point_words(search.space, point)); });
  };
  const SearchOutcome outcome = odot::search(search.how, folds, hooks);

  bool interrupted = InterruptGuard::interrupted();
  const std::vector<SearchResult>& results = outcome.results;
  if (!outcome.best) {
    log(interrupted ? std::string("odot: interrupted before a training gave a figure\n") : why_none(results));
    return interrupted ? kInterrupted : kBadData;
  }
  // What the search has found is told whatever becomes of the model.
  std::optional<Error> failure;
  try {
    if (output && !interrupted) interrupted = !save_best(search, std::move(data), results[*outcome.best], *output);
  } catch (const Error& error) {
    failure = error;
  }
  print(search, outcome, interrupted, interrupted || failure ? nullptr : output.get());
  if (failure) throw Error(*failure);
  if (!interrupted) return kDone;
  log(fmt::format("odot: interrupted after {} trainings{}\n", results.size(), output ? "; no model is written" : ""));
  return kInterrupted;
}

}  // namespace odot::cli
