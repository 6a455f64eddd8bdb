// Folds, and training on them.
#include "odot/search/cross_validation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "odot/core/stopwatch.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

void forget_untrained(const std::vector<Index>& trained, Index size, std::vector<Index>& indices) {
  std::vector<bool> known(size);
  for (const Index index : trained) known[index] = true;
  for (Index& index : indices) {
    if (index != kUnknown && !known[index]) index = kUnknown;
  }
}

// Features are looked up by id, and methods that have some take a list; for others the matrix is made once, for all
// trainings.
Dataset fold_of(const Dataset& data, Triples train, Triples test) {
  Dataset fold;
  fold.users = data.users;
  fold.items = data.items;
  fold.valid = std::move(test);
  if (data.user_features || data.item_features) {
    fold.user_features = data.user_features;
    fold.item_features = data.item_features;
    fold.list = std::move(train);
  } else {
    fold.matrix = RatingMatrix(data.users.size(), data.items.size(), std::move(train));
  }
  return fold;
}

}  // namespace

Dataset make_fold(const Dataset& data, const Split& split) {
  Triples train = select(data.list, split.train);
  Triples test = select(data.list, split.test);
  if (!data.user_features) forget_untrained(train.user, data.users.size(), test.user);
  if (!data.item_features) forget_untrained(train.item, data.items.size(), test.item);
  return fold_of(data, std::move(train), std::move(test));
}

Dataset make_fold(const Dataset& data, Triples test) { return fold_of(data, data.list, std::move(test)); }

void measure(const Dataset& fold, const TrainSettings& settings, const TrainObserver& observer, Trial& trial) {
  const Stopwatch timer;
  const TrainReport report = train(fold, settings, observer).report;
  if (report.stop_reason == to_string(StopReason::diverged) ||
      report.stop_reason == to_string(StopReason::interrupted)) {
    trial.status = report.stop_reason;
  }
  trial.iterations = std::max(trial.iterations, report.optimisation.counts.iterations);
  if (report.best_iteration) trial.best_iterations.push_back(*report.best_iteration);
  trial.rmse.push_back(report.valid->rmse);
  trial.mae.push_back(report.valid->mae);
  trial.seconds += timer.seconds();
}

Trial cross_validate(const Dataset& data, const TrainSettings& settings, std::size_t folds, const FoldHooks& hooks) {
  const std::vector<std::size_t> numbers = fold_numbers(data.list.size(), folds, *in_effect(settings).seed);
  Trial trial;
  for (std::size_t k = 0; k < folds && trial.status == "done"; ++k) {
    const Dataset fold = make_fold(data, fold_split(numbers, k));
    measure(fold, settings, hooks.observe ? hooks.observe(k, fold) : TrainObserver(), trial);
    if (hooks.finished) hooks.finished(k, trial);
  }
  return trial;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double middle = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace odot::inline ODOT_PRECISION
