// Training a neural network on features of users and items.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/model/evaluate.hpp"
#include "odot/model/mlp.hpp"
#include "odot/train/train.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// Smallest mini-batch. What the loop takes for divergence, a thousandfold error, is chance in a batch of few ratings.
inline constexpr std::size_t kSmallestBatch = 16;

/// Everything that decides the result. The defaults are the document's network; none depends on the scale of the
/// ratings.
struct MlpSettings {
  std::vector<std::size_t> hidden{64, 128, 64};  ///< sizes of the hidden layers, each 1 … 65536; may be none
  bool output_relu = false;                      ///< ReLU after the last layer too, as in the document
  std::size_t batch_size = 512;                  ///< ratings a mini-batch, ≥ kSmallestBatch; 0: all of them
  int epochs = 50;                               ///< most epochs, ≥ 0
  int early_stop = 3;  ///< epochs without a lower held-out RMSE after which to stop, ≥ 0; 0: never
  std::string optimizer = "adam";
  std::string line_search = "constant";  ///< with mini-batches constant or decreasing
  ParameterValues parameters;            ///< of the optimizer and the line search; step is by default kMlpStep
  double seconds = 0;                    ///< stop after this many; 0: no limit
  std::uint64_t seed = 1;                ///< of the first weights and the order of the ratings
  bool clip = true;                      ///< predictions to the range of the training ratings
};

/// All that decides the result beside ratings and features.
SettingTexts recorded_settings(const MlpSettings& settings);

inline constexpr double kMlpStep = 0.001;

/// What a training run did.
struct MlpReport {
  /// Why it ended: kEarlyStop, "iterations" (all epochs are done), or another of to_string(StopReason); "interrupted"
  /// only when the observer asked for it.
  std::string_view stop_reason = "iterations";
  int epochs = 0;                     ///< that were completed
  std::optional<int> best_iteration;  ///< with early stopping: the epoch that the model and the objective are of
  Counts counts;                      ///< iterations are steps
  long passes = 0;                    ///< an epoch of mini-batches is one
  double objective = 0;               ///< as TrainProgress::objective, of the last completed epoch or best_iteration
  double seconds = 0;                 ///< of training, without evaluations
  Evaluation train;                   ///< predictions as the model makes them, clipped or not
  std::optional<Evaluation> valid;    ///< likewise, on the held-out ratings
  double evaluate_seconds = 0;        ///< for `train` and `valid`
};

struct MlpResult {
  Mlp model;
  MlpReport report;
};

/// Throws Error, before any work, when the settings contradict each other or cannot be used.
void check(const MlpSettings& settings);

/// Minimises the mean squared error over the ratings, in mini-batches of an order drawn anew for each epoch. `valid`
/// holds ratings to measure on, with indices of `ratings`' users and items or kUnknown; it may be empty. With held-out
/// ratings and early stopping, the model has the weights of the epoch with the lowest held-out RMSE, otherwise the last
/// ones. All ids of the feature files move into the model, with ratings or without.
///
/// The observer is called at the start and after each epoch; counts.iterations is then the number of epochs, the
/// objective the mean squared error in units of the ratings: over the epoch's mini-batches, each as it was before its
/// step, or, without mini-batches and at the start, over all ratings as they are then. train_rmse is its root;
/// gradient_norm is NaN.
///
/// The same settings, ratings and features give the same bits on any number of threads, in one run or resumed
/// from checkpoints. Throws Error for unusable settings, no ratings, an id of `ratings` that has no features, or an
/// unusable checkpoint.
MlpResult train_mlp(RatingList ratings, const Triples& valid, FeatureTable users, FeatureTable items,
                    const MlpSettings& settings, const TrainObserver& observer = {},
                    const CheckpointSettings& checkpoints = {});

}  // namespace odot
#pragma GCC visibility pop
