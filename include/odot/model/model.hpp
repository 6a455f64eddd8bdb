// A trained model of any kind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/id_table.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

struct ModelKind;

/// Row i is penalised by λ_i ‖row‖² with λ_i = lambda + per_rating n_i, n_i its number of ratings. Both ≥ 0.
struct Regularisation {
  double lambda = 0;
  double per_rating = 0;

  bool operator==(const Regularisation&) const = default;
};

/// How well ratings are predicted.
struct Evaluation {
  double rmse = 0;  ///< √(Σ error² / ratings), 0 without ratings
  double mae = 0;   ///< Σ |error| / ratings, 0 without ratings
  std::size_t ratings = 0;
  std::size_t unknown_users = 0;  ///< ratings whose user is unknown
  std::size_t unknown_items = 0;  ///< ratings whose item is unknown
};

/// Of the training ratings.
struct RatingRange {
  double lowest = 0;
  double highest = 0;

  /// The nearest value in [lowest, highest].
  double clipped(double value) const { return std::min(std::max(value, lowest), highest); }
};

/// What all kinds of models have. The fields below the ids say how a model was trained, for those who go on with it;
/// files keep them in the record of settings.
class Model : public RatingRange {
 public:
  virtual ~Model() = default;

  IdTable users;
  IdTable items;

  bool clip = true;                                ///< whether it was trained to clip its predictions to the range
  bool non_negative = false;                       ///< whether its factors were kept from being negative
  std::optional<Regularisation> regularisation{};  ///< that it was trained with
  std::optional<double> training_pin{};            ///< PredictionConstants::pin in training; files hold plain biases
  std::uint64_t folded_in_users = 0;               ///< rows that were added or replaced after training
  std::uint64_t folded_in_items = 0;

  /// How it was trained, in words for people, by name. Nothing but the reader of files makes anything of it, and the
  /// fields above come before it when a file is written.
  std::map<std::string, std::string> settings;

  /// What its kind is called and can do.
  virtual const ModelKind& kind() const = 0;

  /// Writes the prediction of pair k to out[k]; `pairs` (indices of the model's users and items, or kUnknown) needs no
  /// values, `out` has pairs.size() elements. Predictions are clipped to the range if `clip_to_range`. Parallel; the
  /// same bits on any number of threads. Throws Error when an index is out of range.
  virtual void predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const = 0;

  /// Whether it knows how far ratings may be from its predictions.
  virtual bool knows_deviations() const { return false; }
  /// Writes the standard deviation of the rating of pair k about its prediction, not clipped, to out[k]: from what is
  /// not known of the model's numbers, and from the noise of ratings. Parallel, as predict(). Throws Error where the
  /// model does not know.
  virtual void deviations(const Triples& pairs, std::span<double> out) const;

  /// The values that ratings have, ascending, where it knows how probable each of them is; otherwise none.
  virtual ConstSpan rating_values() const { return {}; }
  /// Writes how probable each of these is for pair k to out[k · values …]; they sum to 1. Parallel, as predict().
  /// Throws Error where the model does not know.
  virtual void probabilities(const Triples& pairs, std::span<double> out) const;

  /// Predicts `ratings` likewise and compares.
  virtual Evaluation evaluate(const Triples& ratings, bool clip_to_range) const = 0;

 protected:
  Model() = default;
  Model(const Model&) = default;
  Model(Model&&) = default;
  Model& operator=(const Model&) = default;
  Model& operator=(Model&&) = default;
};

/// The same ratings with indices of the model's users and items, kUnknown where it does not know an id.
Triples reindex(const RatingList& list, const Model& model);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
