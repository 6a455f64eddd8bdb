// What every method does after an iteration: measure on the held-out ratings, keep the best iterate, tell the observer.
#pragma once

#include <limits>

#include "odot/train/train.hpp"

namespace odot {

/// An iterate with what is reported of it.
struct KeptIterate {
  int iteration = 0;
  double valid_rmse = std::numeric_limits<double>::infinity();
  double objective = 0;
  double gradient_norm = 0;
  Vector theta;
};

/// Measures on the held-out ratings at most once an iteration, whoever asks. With early stopping it keeps the iterate
/// of the lowest held-out RMSE, the start among them.
class RunObserver {
 public:
  /// `early_stop` as in the settings, of no effect unless `held_out`. `observer` must outlive this.
  RunObserver(int early_stop, bool held_out, const TrainObserver& observer)
      : patience_(held_out ? early_stop : 0), held_out_(held_out), observer_(observer) {}

  /// Whether there is nothing to do after an iteration.
  bool idle() const { return patience_ == 0 && !observer_; }

  /// `progress` lacks what is measured; `measure` gives the held-out RMSE of `theta`. Returns true to go on.
  bool operator()(TrainProgress progress, ConstSpan theta, const std::function<double()>& measure);

  /// Why a run ended whose loop says `reason`.
  std::string_view stop_reason(StopReason reason) const { return stopped_early_ ? kEarlyStop : to_string(reason); }

  /// The iterate that the model is to be, or nullptr where that is the last one.
  KeptIterate* best() { return best_.theta.empty() ? nullptr : &best_; }

 private:
  int patience_;
  bool held_out_;
  const TrainObserver& observer_;
  KeptIterate best_;
  bool stopped_early_ = false;
};

}  // namespace odot
