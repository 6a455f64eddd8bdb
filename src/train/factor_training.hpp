// Training a factorisation: what its methods are given, and the frame that is the same for all of them.
#pragma once

#include <functional>
#include <optional>

#include "kernels/penalty.hpp"
#include "objective/all_entries.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/train/methods.hpp"
#include "train/row_inputs.hpp"

namespace odot::inline ODOT_PRECISION {

/// What a method tells about an iterate.
struct TrainState {
  const Counts& counts;
  double objective;
  double gradient_norm;  ///< NaN where the method has none
  LineStep step;         ///< likewise step.step
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
  const TrainSettings& settings;  ///< in effect
  Regularisation regularisation;
  std::function<bool(const TrainState&)> observe;  ///< as TrainObserver; may be empty
  StateVisitor* resume = nullptr;                  ///< gives back what TrainState::visit visited, to go on from there
  const SideInputs& inputs = kNoInputs;
  const OrdinalLink* link = nullptr;  ///< at the start, where ratings are intervals of latent numbers
  std::optional<UnobservedTerm> unobserved{};
};

/// What a model, which is in `unit` of its ratings, was trained with.
std::optional<UnobservedTerm> unobserved_term(const Factorization& model, double unit);

/// How a method ended.
struct TrainOutcome {
  Summary summary;
  long passes = 0;
};

/// The penalties of U's rows and of V's.
Penalty user_penalty(const TrainTask& task);
Penalty item_penalty(const TrainTask& task);

/// Improves `theta` from the start that it is given. To resume it needs no start, only its size.
using RunFactors = TrainOutcome (*)(const TrainTask& task, Vector& theta);

/// What a random start depends on.
struct StartTask {
  const FactorLayout& layout;
  double pin;
  double deviation;               ///< of the ratings, or of the latent numbers that they are intervals of
  const TrainSettings& settings;  ///< in effect
  const SideInputs& inputs = kNoInputs;
  const OrdinalLink* link = nullptr;  ///< of the latter
};

/// What a method of training a factorisation is, beside its row.
struct FactorTraining {
  RunFactors run;
  bool non_negative = false;  ///< factors are, and ratings have to be
  bool posterior = false;     ///< the model has one
  /// The link that training starts from, where these settings ask for one.
  std::optional<OrdinalLink> (*link)(const RatingMatrix& ratings, const TrainSettings& settings) = nullptr;
  /// Settings that depend on the ratings, which are as they were given.
  void (*decide)(const RatingMatrix& ratings, TrainSettings& settings) = nullptr;
  /// Factors of a row of θ, by default those of settings.rank. A method that has another number cannot start from a
  /// model.
  int (*factors)(const TrainSettings& settings) = nullptr;
  /// The vector that is trained, θ at its beginning; by default it is θ alone.
  Vector (*start)(const StartTask& task) = nullptr;
  /// Moves what follows θ in that vector to where the model has it.
  void (*finish)(Factorization& model, const TrainSettings& settings, const SideInputs& inputs) = nullptr;
};

/// λ = 6 σ + 0.025 σ n for ratings of standard deviation σ. The part that grows with the number of ratings stands for
/// what is not known of the columns: an error v − v* of theirs adds Σ_j (u·(v_j − v_j*))² to what is to be expected of
/// a row's squared error.
Regularisation usual_regularisation(int rank, double deviation);

/// The row of such a method: what all of them use and do is added to it.
Method factor_method(Method row, const FactorTraining& training);

}  // namespace odot::inline ODOT_PRECISION
