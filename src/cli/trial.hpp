// One configuration of odot train, measured on one or more splits: what cv and tune share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/train_options.hpp"
#include "odot/ratings/features.hpp"
#include "odot/ratings/split.hpp"

namespace odot::cli {

/// What trials are cut from.
struct TrialData {
  RatingList list;
  std::optional<FeatureTable> user_features;  ///< of a network
  std::optional<FeatureTable> item_features;

  bool network() const { return user_features && item_features; }
};

/// The ratings that the options name, and the features where they name them.
TrialData load_trial_data(const Options& options);

/// Ratings to train on and to measure on.
struct Fold {
  RatingMatrix matrix;  ///< to train a factorisation on
  Triples triples;      ///< to train a network on
  Triples test;
};

/// The ratings of `data` split. To measure a factorisation on, users and items without training ratings are kUnknown; a
/// network has their features.
Fold make_fold(const TrialData& data, const Split& split);
/// All ratings of `data` to train on.
Fold make_fold(const TrialData& data, Triples test);

/// What became of a configuration on one or more folds.
struct Trial {
  std::string status = "done";  ///< or diverged, interrupted
  std::vector<double> rmse;     ///< of each fold
  std::vector<double> mae;
  std::vector<int> best_iterations;  ///< of each fold, with early stopping
  int iterations = 0;                ///< most of any fold
  double seconds = 0;
};

/// Trains and measures on one fold of `data` and adds to `trial`; sets its status where that did not work.
void measure(const TrialData& data, const Fold& fold, const MethodSettings& settings, const TrainObserver& observer,
             Trial& trial);

double mean(const std::vector<double>& values);
/// Of a sample: the sum of squares is divided by size − 1. 0 for a single value.
double standard_deviation(const std::vector<double>& values);

}  // namespace odot::cli
