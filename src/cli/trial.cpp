#include "cli/trial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/train_options.hpp"
#include "odot/core/stopwatch.hpp"

namespace odot::cli {
namespace {

void forget_untrained(const std::vector<Index>& trained, Index size, std::vector<Index>& indices) {
  std::vector<bool> known(size);
  for (const Index index : trained) known[index] = true;
  for (Index& index : indices) {
    if (!known[index]) index = kUnknown;
  }
}

}  // namespace

Fold make_fold(const RatingList& list, const Split& split) {
  Triples train = select(list.ratings, split.train);
  Fold fold;
  fold.test = select(list.ratings, split.test);
  forget_untrained(train.user, list.users.size(), fold.test.user);
  forget_untrained(train.item, list.items.size(), fold.test.item);
  fold.train = RatingMatrix(list.users.size(), list.items.size(), std::move(train));
  return fold;
}

void measure(const Fold& fold, const TrainSettings& settings, const TrainObserver& observer, Trial& trial) {
  const Stopwatch timer;
  const TrainResult result = train(RatingData({}, {}, fold.train), fold.test, settings, observer);
  trial.seconds += timer.seconds();
  trial.iterations = std::max(trial.iterations, result.report.optimisation.counts.iterations);
  const StopReason reason = result.report.optimisation.reason;
  if (reason == StopReason::diverged || reason == StopReason::interrupted) trial.status = to_string(reason);
  trial.rmse.push_back(result.report.valid->rmse);
  trial.mae.push_back(result.report.valid->mae);
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

TrainSettings factorisation_settings(const Options& options) {
  if (options.text("method", "") == "mlp") {
    throw UsageError("cv and tune measure factorisations: --method can be full, blocks or nnmf, but not mlp");
  }
  return std::get<TrainSettings>(method_settings(options));
}

}  // namespace odot::cli
