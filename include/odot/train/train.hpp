// Training a factorisation from ratings.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "odot/model/evaluate.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/unobserved.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/train/checkpoint.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// How the factors are found.
enum class FactorMethod {
  full,    ///< all factors at once, by an optimizer
  blocks,  ///< row by row, then column by column, each row by an optimizer (document, algorithm 13)
  nnmf,    ///< non-negative factors by multiplicative updates (document, equations 11 to 13)
};
std::string_view to_string(FactorMethod method);

/// Row i is penalised by λ_i ‖row‖² with λ_i = lambda + per_rating n_i, n_i its number of ratings. Both ≥ 0.
struct Regularisation {
  double lambda = 0;
  double per_rating = 0;

  bool operator==(const Regularisation&) const = default;
};

/// The optimizer of FactorMethod::blocks that solves each row's normal equations: alternating least squares.
inline constexpr std::string_view kNewton = "newton";

/// A model to start from. The users and items that it knows, by their ids, begin with its factors and biases.
struct InitModel {
  Factorization model;
  std::string path;      ///< for messages
  std::string checksum;  ///< of its file, for the settings that a model records
};

/// Everything that decides the result. The defaults are those of FactorMethod::full and do not depend on the scale of
/// the ratings; default_settings() has those of the others.
struct TrainSettings {
  FactorMethod method = FactorMethod::full;
  int rank = 16;                                   ///< 1 … kHighestRank
  std::optional<Regularisation> regularisation{};  ///< by default default_regularisation()
  bool center = true;                              ///< subtract the mean; not with nnmf
  bool biases = true;                              ///< one for each user and item; not with nnmf
  bool clip = true;                                ///< predictions to the range of the training ratings
  bool unobserved = false;         ///< report what is predicted for unobserved entries; does not change the result
  std::string optimizer = "adam";  ///< of the registry, or with blocks kNewton; nnmf has none
  std::optional<std::string> line_search;  ///< by default the optimizer's default partner; newton and nnmf have none
  ParameterValues parameters;              ///< of the optimizer and the line search
  int inner_iterations = 3;                ///< blocks: iterations a row and sweep, ≥ 1; not used by newton
  Index block_rows = 0;                    ///< blocks: users between two blocks of items, k_U; 0: in proportion to
                                           ///< block_cols, or where that is 0 too an eighth of all
  Index block_cols = 0;                    ///< blocks: items between two blocks of users, k_V; 0: likewise
  StopSettings stop{.iterations = 100, .tolerance = 1e-5};  ///< iterations are sweeps with blocks and nnmf
  int early_stop = 0;  ///< iterations without a lower held-out RMSE after which to stop, ≥ 0; 0: never
  std::uint64_t seed = 1;
  std::shared_ptr<const InitModel> init{};  ///< instead of a random start; of the same rank
};

/// The defaults of a method.
TrainSettings default_settings(FactorMethod method);

/// Settings in words, by the names of the program's options.
using SettingTexts = std::map<std::string, std::string>;

/// All that decides the result and does not depend on the ratings: λ only where it is chosen.
SettingTexts recorded_settings(const TrainSettings& settings);

/// What serves when nothing is chosen, for ratings of this standard deviation, which λ is proportional to. The part
/// that grows with the number of ratings stands for what is not known of the columns: an error v − v* of theirs adds
/// Σ_j (u·(v_j − v_j*))² to what is to be expected of a row's squared error.
Regularisation default_regularisation(FactorMethod method, int rank, double deviation);

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
  double objective;
  double gradient_norm;  ///< NaN where the method has none
  Step step;             ///< step.step is NaN where the method has none
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
  /// kEarlyStop or to_string(optimisation.reason).
  std::string_view stop_reason = "iterations";
  std::optional<int> best_iteration;  ///< with early stopping: which the model, value and gradient_norm are of
  Summary optimisation;               ///< its gradient_norm is NaN where the method has none
  Evaluation train;                   ///< predictions as the model makes them, clipped or not
  std::optional<Evaluation> valid;    ///< likewise, on the held-out ratings
  std::optional<UnobservedShares> unobserved;
  std::optional<KnownIds> init_known;  ///< to the model that was started from
  Regularisation regularisation;       ///< as used
  std::string line_search;             ///< as used; empty where the method has none
  long passes = 0;
  double evaluate_seconds = 0;  ///< for `train` and `valid`
};

struct TrainResult {
  Factorization model;
  TrainReport report;
};

/// Throws Error, before any work, when the settings contradict each other or cannot be used.
void check(const TrainSettings& settings);

/// Minimises the objective from a random start or settings.init. `valid` holds ratings to measure on, with indices of
/// `data`'s users and items or kUnknown; it may be empty. With them and early stopping, the model is the iterate of the
/// lowest held-out RMSE, otherwise the last one, or when the run diverged (report.optimisation.reason) the last finite
/// one. The ids of `data` move into the model. The same settings and ratings give the same bits on any number of
/// threads, in one run or resumed from checkpoints. Throws Error for unusable settings, ratings or checkpoints.
TrainResult train(RatingData data, const Triples& valid, const TrainSettings& settings,
                  const TrainObserver& observer = {}, const CheckpointSettings& checkpoints = {});

}  // namespace odot
#pragma GCC visibility pop
