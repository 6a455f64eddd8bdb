// What every method does after an iteration: measure on the held-out ratings, keep the best iterate, tell the observer,
// write a checkpoint.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/ratings/id_table.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/train/train.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

class CheckpointWriter;  // train/checkpoint_file.hpp

/// What must be the same for a run to be resumed, in words, by its name; compared in this order.
using RunIdentity = std::vector<std::pair<std::string, std::string>>;

/// The ids of users and of items.
struct IdPair {
  const IdTable& users;
  const IdTable& items;
};

/// Ratings, ids and the settings that decide the result. Those that only say when to stop are left out. A method that
/// is trained on more than ratings adds what that is.
RunIdentity identify(const IdPair& ids, const RatingMatrix& ratings, const Triples& valid,
                     const SettingTexts& settings);

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
  /// `early_stop` as in the settings, of no effect unless `held_out`, nor in the first `warm_up` iterations. `observer`
  /// must outlive this.
  RunObserver(int early_stop, bool held_out, const TrainObserver& observer, int warm_up = 0);
  ~RunObserver();
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  /// Checkpoints of a run that is `identity` as the settings say. To resume, what gives back the state of the run that
  /// was saved, for θ of `size` elements: what is kept here has been put back, the method's state is to be. Otherwise
  /// nullptr.
  std::unique_ptr<StateVisitor> start(const CheckpointSettings& checkpoints, const RunIdentity& identity,
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
  int warm_up_;
  bool held_out_;
  const TrainObserver& observer_;
  KeptIterate best_;
  bool stopped_early_ = false;
  std::unique_ptr<CheckpointWriter> writer_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
