// The loop of a search.
#include "odot/search/search.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/core/stopwatch.hpp"
#include "odot/train/methods.hpp"
#include "odot/train/options.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kMostChecks = 2000;

void train_on(const std::vector<Dataset>& folds, const TrainSettings& settings, const TrainObserver& observer,
              SearchResult& result) {
  for (const Dataset& fold : folds) {
    if (result.trial.status == "done") measure(fold, settings, observer, result.trial);
  }
  result.status = result.trial.status;
}

}  // namespace

TrainSettings at_point(TrainSettings base, const std::vector<Dimension>& dimensions, const Point& point) {
  for (std::size_t k = 0; k < point.size(); ++k) set(base, dimensions[k].name, point[k]);
  return base;
}

void check_space(const SearchSettings& settings) {
  std::vector<std::vector<std::string>> samples;
  for (const Dimension& dimension : settings.dimensions) samples.push_back(dimension.samples());
  for (std::size_t k = 0; k < samples.size(); ++k) {
    for (const std::string& value : samples[k]) {
      // All values of the others, like the digits of a number, until one goes with it.
      std::optional<Error> complaint;
      std::vector<std::size_t> digits(samples.size(), 0);
      bool more = true;
      bool good = false;
      std::size_t checks = 0;
      for (; more && !good && checks < kMostChecks; ++checks) {
        Point point;
        for (std::size_t d = 0; d < samples.size(); ++d) point.push_back(d == k ? value : samples[d][digits[d]]);
        try {
          (void)settings.settings_of(point);
          good = true;
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::usage) throw;
          if (!complaint) complaint = error;
        }
        more = false;
        for (std::size_t d = 0; d < samples.size() && !more; ++d) {
          if (d == k) continue;
          more = ++digits[d] < samples[d].size();
          if (!more) digits[d] = 0;
        }
      }
      if (!good && checks < kMostChecks) throw Error(*complaint);
    }
  }
}

SearchOutcome search(const SearchSettings& settings, const std::vector<Dataset>& folds, const SearchHooks& hooks) {
  const Stopwatch watch;
  PointSampler sampler(settings.sampler, settings.dimensions.size(), settings.seed);
  Halving halving(settings.trials, settings.rungs);
  const auto going = [&] { return (!hooks.going || hooks.going()) && watch.seconds() < settings.seconds; };
  const auto limit_of = [&](const TrainSettings& chosen, const Halving::Job& job) {
    const TrainSettings all = in_effect(chosen);
    const Method& method = method_of(all);
    const int least = method.warm_up ? method.warm_up(all) : 1;
    return rung_iterations(*all.iterations, job.rung, settings.rungs, 3, least);
  };
  const auto message = [&](const Error& error) {
    return hooks.message ? hooks.message(error) : std::string(error.what());
  };
  std::vector<Point> points;
  SearchOutcome outcome;
  std::vector<SearchResult>& results = outcome.results;
  std::map<std::pair<int, Point>, std::size_t> trained;  // the first of the results of a point and its iterations

  // Nothing where it was interrupted.
  const auto train_point = [&](const Halving::Job& job) -> std::optional<SearchResult> {
    SearchResult result{.job = job, .point = points[job.trial]};
    try {
      TrainSettings chosen = settings.settings_of(result.point);
      result.limit = limit_of(chosen, job);
      chosen.iterations = result.limit;
      // The same again would give the same: spaces of few points, or rungs of as many iterations.
      if (const auto same = trained.find({result.limit, result.point}); same != trained.end()) {
        result = results[same->second];
        result.job = job;
        result.trial.seconds = 0;
        return result;
      }
      train_on(
          folds, chosen, [&](const TrainProgress&) { return going(); }, result);
      if (result.status == to_string(StopReason::interrupted)) return std::nullopt;
    } catch (const Error& error) {
      result.status = error.kind() == ErrorKind::usage ? "invalid" : "failed";
      result.error = message(error);
    } catch (const std::bad_alloc&) {
      result.status = "failed";
      result.error = "not enough memory";
    }
    if (result.status != "done") return result;
    const double rmse = mean(result.trial.rmse);
    const double mae = mean(result.trial.mae);
    if (std::isfinite(rmse) && std::isfinite(mae)) {
      result.value = settings.by_mae ? mae : rmse;
    } else {
      result.status = to_string(StopReason::diverged);
    }
    return result;
  };

  while (going()) {
    const std::optional<Halving::Job> job = halving.next();
    if (!job) break;
    if (job->trial == points.size()) {
      const std::vector<double> coordinates = sampler.next();
      Point& point = points.emplace_back();
      for (std::size_t k = 0; k < coordinates.size(); ++k) point.push_back(settings.dimensions[k].at(coordinates[k]));
    }
    std::optional<SearchResult> result;
    if (hooks.known) result = hooks.known(*job, points[job->trial]);
    const bool known = result.has_value();
    if (known && result->status == "done") result->limit = limit_of(settings.settings_of(result->point), *job);
    if (!known) result = train_point(*job);
    if (!result) break;
    results.push_back(std::move(*result));
    trained.emplace(std::pair(results.back().limit, results.back().point), results.size() - 1);
    const double value = results.back().value;
    halving.finish(*job, value);
    if (std::isfinite(value) && (!outcome.best || value < results[*outcome.best].value)) {
      outcome.best = results.size() - 1;
    }
    if (hooks.finished) hooks.finished(results, known);
  }
  outcome.points = points.size();
  outcome.seconds = watch.seconds();
  return outcome;
}

TrainSettings settings_of_best(const SearchSettings& settings, const SearchResult& result) {
  TrainSettings chosen = settings.settings_of(result.point);
  const std::vector<int>& best = result.trial.best_iterations;
  chosen.iterations = result.limit;
  if (!best.empty()) {
    const std::vector<double> numbers(best.begin(), best.end());
    chosen.iterations = static_cast<int>(std::lround(mean(numbers)));
  }
  return chosen;
}

}  // namespace odot::inline ODOT_PRECISION
