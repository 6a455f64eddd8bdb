// One configuration of odot train, measured on one or more splits: what cv and tune share.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "odot/ratings/split.hpp"
#include "odot/train/train.hpp"

namespace odot::cli {

/// Ratings to train on and to measure on, without ids, which copies would not share.
struct Fold {
  RatingMatrix train;
  Triples test;
};

/// The ratings of `list` split. To measure on, users and items without training ratings are kUnknown.
Fold make_fold(const RatingList& list, const Split& split);

/// What became of a configuration on one or more folds.
struct Trial {
  std::string status = "done";  ///< or diverged, interrupted
  std::vector<double> rmse;     ///< of each fold
  std::vector<double> mae;
  int iterations = 0;  ///< most of any fold
  double seconds = 0;
};

/// Trains and measures on one fold and adds to `trial`; sets its status where that did not work.
void measure(const Fold& fold, const TrainSettings& settings, const TrainObserver& observer, Trial& trial);

double mean(const std::vector<double>& values);
/// Of a sample: the sum of squares is divided by size − 1. 0 for a single value.
double standard_deviation(const std::vector<double>& values);

/// method_settings() of a factorisation. Throws UsageError for the network.
TrainSettings factorisation_settings(const Options& options);

}  // namespace odot::cli
