// Training a factorisation from ratings.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "odot/model/evaluate.hpp"
#include "odot/model/factorization.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "odot/ratings/rating_list.hpp"

namespace odot {

/// Whether row i is penalised by λ ‖row‖² or by λ n_i ‖row‖², n_i its number of ratings.
enum class LambdaScaling { uniform, count };
std::string_view to_string(LambdaScaling scaling);

/// Everything that decides the result. The defaults do not depend on the scale of the ratings.
struct TrainSettings {
  int rank = 16;                 ///< 1 … 1024
  std::optional<double> lambda;  ///< λ ≥ 0; by default default_lambda() × the ratings' standard deviation
  LambdaScaling lambda_scaling = LambdaScaling::uniform;
  bool center = true;  ///< subtract the mean
  bool biases = true;  ///< one for each user and item
  bool clip = true;    ///< predictions to the range of the training ratings
  std::string optimizer = "adam";
  std::optional<std::string> line_search;  ///< by default the optimizer's default partner
  ParameterValues parameters;              ///< of the optimizer and the line search
  StopSettings stop{.iterations = 100, .tolerance = 1e-5};
  std::uint64_t seed = 1;
};

/// The default λ in units of the ratings' standard deviation σ. Under uniform scaling it grows with √rank: λ is the
/// noise variance over that of a factor's elements (Salakhutdinov & Mnih 2008), and u·v keeps the variance of the
/// ratings only when the latter shrinks as σ/√rank.
double default_lambda(LambdaScaling scaling, int rank);

/// What an observer sees after the start and after every iteration.
struct TrainProgress {
  const Progress& optimisation;
  double train_rmse;  ///< of unclipped predictions
  long passes;        ///< times that one orientation of the ratings was read so far
  /// RMSE on the held-out ratings, computed when asked for; nothing when there are none.
  std::function<std::optional<double>()> valid_rmse;
};
/// Returns true to go on.
using TrainObserver = std::function<bool(const TrainProgress&)>;

/// What a training run did.
struct TrainReport {
  Summary optimisation;
  Evaluation train;                 ///< predictions as the model makes them, clipped or not
  std::optional<Evaluation> valid;  ///< likewise, on the held-out ratings
  double lambda = 0;                ///< as used
  std::string line_search;          ///< as used
  long passes = 0;
  double evaluate_seconds = 0;  ///< for `train` and `valid`
};

struct TrainResult {
  Factorization model;
  TrainReport report;
};

/// Throws Error, before any work, when the settings contradict each other or cannot be used.
void check(const TrainSettings& settings);

/// Minimises the full objective from a random start. `valid` holds ratings to measure on, with indices of `ratings`'
/// users and items or kUnknown; it may be empty. The ids of `ratings` move into the model. When the run diverged
/// (report.optimisation.reason), the model is the last finite iterate. The same settings and ratings give the same bits
/// on any number of threads. Throws Error for unusable settings or no ratings.
TrainResult train(RatingList ratings, const Triples& valid, const TrainSettings& settings,
                  const TrainObserver& observer = {});

}  // namespace odot
