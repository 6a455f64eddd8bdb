// What every method does after an iteration: measure on the held-out ratings, keep the best iterate, tell the observer,
// write a checkpoint.
#pragma once

#include <limits>

#include "odot/core/precision.hpp"
#include "odot/train/train.hpp"
#include "train/checkpoint_file.hpp"

namespace odot::inline ODOT_PRECISION {

/// An iterate with what is reported of it.
struct KeptIterate {
  int iteration = 0;
  double valid_rmse = std::numeric_limits<double>::infinity();
  double objective = 0;
  double gradient_norm = 0;
  Vector theta;
};

/// Where in a run an iteration is: as Progress::last, resumed and visit.
struct RunPoint {
  bool last;
  bool resumed;
  const VisitState& visit;
};

/// Measures on the held-out ratings at most once an iteration, whoever asks. With early stopping it keeps the iterate
/// of the lowest held-out RMSE, the start among them.
class RunObserver {
 public:
  /// `early_stop` as in the settings, of no effect unless `held_out`. `observer` must outlive this.
  RunObserver(int early_stop, bool held_out, const TrainObserver& observer)
      : patience_(held_out ? early_stop : 0), held_out_(held_out), observer_(observer) {}

  /// Checkpoints of a run that is `identity` as the settings say. To resume, the reader of the run that was saved, for
  /// θ of `size` elements: what is kept here has been put back, the method's state is to be. Otherwise nullptr.
  std::unique_ptr<CheckpointReader> start(const CheckpointSettings& checkpoints, const RunIdentity& identity,
                                          std::size_t size);

  /// Whether there is nothing to do after an iteration.
  bool idle() const { return patience_ == 0 && !observer_ && !writer_; }

  /// `progress` lacks what is measured; `measure` gives the held-out RMSE of `theta`. Returns true to go on.
  bool operator()(TrainProgress progress, ConstSpan theta, const std::function<double()>& measure,
                  const RunPoint& point);

  /// Writes a checkpoint, if there are to be any.
  void save(const VisitState& visit);

  /// Why a run ended whose loop says `reason`.
  std::string_view stop_reason(StopReason reason) const { return stopped_early_ ? kEarlyStop : to_string(reason); }

  /// The iterate that the model is to be, or nullptr where that is the last one.
  KeptIterate* best() { return best_.theta.empty() ? nullptr : &best_; }

 private:
  void visit(StateVisitor& visitor, std::size_t size);

  int patience_;
  bool held_out_;
  const TrainObserver& observer_;
  KeptIterate best_;
  bool stopped_early_ = false;
  std::optional<CheckpointWriter> writer_;
};

}  // namespace odot::inline ODOT_PRECISION
