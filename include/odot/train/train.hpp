// Training a model from ratings, by any method.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/evaluate.hpp"
#include "odot/model/model.hpp"
#include "odot/model/unobserved.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/settings/option.hpp"
#include "odot/train/checkpoint.hpp"
#include "odot/train/dataset.hpp"
#include "odot/train/settings.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// StopSettings know nothing of held-out ratings: why a run ended that early stopping did end.
inline constexpr std::string_view kEarlyStop = "early_stop";

/// The iteration with the lowest held-out RMSE so far; 0 is the start.
struct BestSoFar {
  int iteration;
  double valid_rmse;
};

/// What an observer sees after the start and after every iteration (sweep, epoch).
struct TrainProgress {
  const Counts& counts;
  double objective;      ///< NaN where the method knows none yet
  double gradient_norm;  ///< NaN where the method has none
  LineStep step;         ///< step.step is NaN where the method has none
  double train_rmse;     ///< of unclipped predictions
  long passes;           ///< times that one orientation of the ratings was read so far
  double seconds;        ///< since training began, less the time spent in the observer
  /// RMSE on the held-out ratings, computed when first asked for; nothing when there are none.
  std::function<std::optional<double>()> valid_rmse{};
  std::optional<BestSoFar> best{};  ///< with early stopping
};
/// Returns true to go on.
using TrainObserver = std::function<bool(const TrainProgress&)>;

/// How many of the users and items that are trained a model knows.
struct KnownIds {
  Index users = 0;
  Index items = 0;
};

/// What a training run did.
struct TrainReport {
  TrainSettings settings;  ///< in effect
  /// kEarlyStop or to_string(optimisation.reason).
  std::string_view stop_reason = "iterations";
  std::optional<int> best_iteration;  ///< with early stopping: which the model, value and gradient_norm are of
  Summary optimisation;               ///< gradient_norm may be NaN, and value before it is known; counts.iterations are
                                      ///< in the method's unit
  Evaluation train;                   ///< predictions as the model makes them, clipped or not
  std::optional<Evaluation> valid;    ///< likewise, on the held-out ratings
  std::optional<UnobservedShares> unobserved;
  std::optional<KnownIds> init_known;  ///< to the model that was started from
  Regularisation regularisation;       ///< as used; none with methods without λ
  Index users = 0;                     ///< of the training ratings
  Index items = 0;
  long passes = 0;
  double evaluate_seconds = 0;  ///< for `train` and `valid`
  std::string model{};          ///< what was trained, in a line: "rank 16, mean, biases, lambda 5.8 + 0.02 n"
  std::vector<std::pair<std::string, OptionValue>> figures{};  ///< that not every method has, by their names
};

struct TrainResult {
  std::unique_ptr<Model> model;
  TrainReport report;
};

/// Throws Error, before any work, where the settings' method has no checkpoints.
void check(const CheckpointSettings& checkpoints, const TrainSettings& settings);

/// Trains by the method that the settings name. With held-out ratings and early stopping, the model is the iterate of
/// the lowest held-out RMSE, otherwise the last one, or when the run diverged (report.optimisation.reason) the last
/// finite one. The ids of `data` move into the model. The same settings and data give the same bits on any number of
/// threads, in one run or resumed from checkpoints. Throws Error for unusable settings, data or checkpoints.
TrainResult train(Dataset data, const TrainSettings& settings, const TrainObserver& observer = {},
                  const CheckpointSettings& checkpoints = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
