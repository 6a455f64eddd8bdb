// What the methods of training a factorisation have in common.
#pragma once

#include <functional>

#include "kernels/penalty.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/train/train.hpp"

namespace odot {

/// What a method tells about an iterate.
struct TrainState {
  const Counts& counts;
  double objective;
  double gradient_norm;  ///< NaN where the method has none
  Step step;             ///< likewise step.step
  double squared_error;  ///< Σ e² over the training ratings
  long passes;
  double seconds;
  ConstSpan theta;
  bool last;     ///< as Progress::last
  bool resumed;  ///< likewise
  /// Visits all that the method needs to go on from here, the factors among it.
  const VisitState& visit;
};

/// What a method works on.
struct TrainTask {
  const RatingMatrix& ratings;  ///< without the mean
  const FactorLayout& layout;
  const TrainSettings& settings;
  Regularisation regularisation;
  std::function<bool(const TrainState&)> observe;  ///< as TrainObserver; may be empty
  StateVisitor* resume = nullptr;                  ///< gives back what TrainState::visit visited, to go on from there
};

/// How a method ended.
struct TrainOutcome {
  Summary summary;
  long passes = 0;
};

/// The penalties of U's rows and of V's.
Penalty user_penalty(const TrainTask& task);
Penalty item_penalty(const TrainTask& task);

/// Each improves `theta` from the start that it is given, for one FactorMethod. To resume it needs no start, only its
/// size.
TrainOutcome run_full(const TrainTask& task, Vector& theta);
TrainOutcome run_blocks(const TrainTask& task, Vector& theta);
TrainOutcome run_nnmf(const TrainTask& task, Vector& theta);

}  // namespace odot
