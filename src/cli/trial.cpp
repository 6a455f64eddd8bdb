#include "cli/trial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/load.hpp"
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

void add(const auto& report, int iterations, Trial& trial) {
  if (report.stop_reason == "diverged" || report.stop_reason == "interrupted") trial.status = report.stop_reason;
  trial.iterations = std::max(trial.iterations, iterations);
  if (report.best_iteration) trial.best_iterations.push_back(*report.best_iteration);
  trial.rmse.push_back(report.valid->rmse);
  trial.mae.push_back(report.valid->mae);
}

}  // namespace

TrialData load_trial_data(const Options& options) {
  TrialData data{load_ratings(options.arguments(), options).list, {}, {}};
  if (options.given("users")) data.user_features = load_features("users", "user-features", options, data.list.users);
  if (options.given("items")) data.item_features = load_features("items", "item-features", options, data.list.items);
  return data;
}

Fold make_fold(const TrialData& data, const Split& split) {
  Triples train = select(data.list.ratings, split.train);
  Triples test = select(data.list.ratings, split.test);
  if (data.network()) return {{}, std::move(train), std::move(test)};
  forget_untrained(train.user, data.list.users.size(), test.user);
  forget_untrained(train.item, data.list.items.size(), test.item);
  return {RatingMatrix(data.list.users.size(), data.list.items.size(), std::move(train)), {}, std::move(test)};
}

Fold make_fold(const TrialData& data, Triples test) {
  if (data.network()) return {{}, data.list.ratings, std::move(test)};
  return {RatingMatrix(data.list.users.size(), data.list.items.size(), data.list.ratings), {}, std::move(test)};
}

void measure(const TrialData& data, const Fold& fold, const MethodSettings& any_settings, const TrainObserver& observer,
             Trial& trial) {
  const Stopwatch timer;
  if (const auto* settings = std::get_if<TrainSettings>(&any_settings)) {
    const TrainReport report = train(RatingData({}, {}, fold.matrix), fold.test, *settings, observer).report;
    add(report, report.optimisation.counts.iterations, trial);
  } else {
    const MlpReport report = train_mlp({data.list.users, data.list.items, fold.triples}, fold.test, *data.user_features,
                                       *data.item_features, std::get<MlpSettings>(any_settings), observer)
                                 .report;
    add(report, report.epochs, trial);
  }
  trial.seconds += timer.seconds();
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

}  // namespace odot::cli
