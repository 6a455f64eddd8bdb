// One configuration of training, measured on one or more splits of the ratings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/split.hpp"
#include "odot/train/train.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The ratings of `data`, which are in its list, split, and its features, if any. Without features nothing is known of
/// users and items that have no training ratings: among those to measure on they become kUnknown.
Dataset make_fold(const Dataset& data, const Split& split);
/// All ratings of `data` to train on, and others to measure on.
Dataset make_fold(const Dataset& data, Triples test);

/// What became of a configuration on one or more folds.
struct Trial {
  std::string status = "done";  ///< or diverged, interrupted
  std::vector<double> rmse{};   ///< of each fold
  std::vector<double> mae{};
  std::vector<int> best_iterations{};  ///< of each fold, with early stopping
  int iterations = 0;                  ///< most of any fold
  double seconds = 0;
};

/// Trains and measures on one fold and adds to `trial`; sets its status where that did not work. Throws as train().
void measure(const Dataset& fold, const TrainSettings& settings, const TrainObserver& observer, Trial& trial);

/// Who watches cross-validation: both may be empty.
struct FoldHooks {
  /// The observer of the training on fold k.
  std::function<TrainObserver(std::size_t k, const Dataset& fold)> observe{};
  /// Told after each fold.
  std::function<void(std::size_t k, const Trial& so_far)> finished{};
};

/// Cuts the ratings of `data` into `folds` ≥ 2 parts at random, by the settings' seed, and predicts each by a model
/// that is trained on the others (Stone 1974). Ends early where the trial's status is not "done".
Trial cross_validate(const Dataset& data, const TrainSettings& settings, std::size_t folds,
                     const FoldHooks& hooks = {});

double mean(const std::vector<double>& values);
/// Of a sample: the sum of squares is divided by size − 1. 0 for a single value.
double standard_deviation(const std::vector<double>& values);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
