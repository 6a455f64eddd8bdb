// A trained factorisation: everything that predicting needs.
#pragma once

#include <optional>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/features/features.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/model/model.hpp"
#include "odot/model/ordinal_link.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The numbers beside θ and the range of the ratings that a prediction is made of.
struct PredictionConstants {
  double pin = 1;                 ///< value of the pinned columns: a bias is its column's element × pin
  double mean = 0;                ///< added to every prediction; what was subtracted from the ratings before training
  double fallback_user_bias = 0;  ///< stands in for the bias of an unknown user, in units of the ratings
  double fallback_item_bias = 0;  ///< stands in for the bias of an unknown item, in units of the ratings
  double unknown_mean = 0;        ///< the prediction where nothing is known
};

/// What features say of a side's rows, a the inputs of one and ā their mean. Rows are as those of SidePrior; all but
/// the variance is there for each sample, one after another.
struct SideFeatures {
  FeatureEncoding encoding;
  Vector input_means;      ///< ā, encoding.inputs() elements
  Vector effects;          ///< B, a row for each input: the prior mean of a row with ratings moves by Bᵀ(a − ā)
  Vector unrated_effects;  ///< C, likewise: all that is expected of a row without ratings is unrated_mean + Cᵀ(a − ā)
  Vector unrated_mean;     ///< a row
  Vector unrated_variance;  ///< a row: how far one without ratings is from that, squared, the mean over samples
};

/// The normal distribution that training found a side's rows to come from: row i ~ N(μ + g_i + Bᵀ(a_i − ā), Λ⁻¹).
/// Elements are those of a sample's rows (see FactorPosterior), with zeros where pins and padding are.
struct SidePrior {
  Vector precision;        ///< Λ, a row of stride for each element in use; that of each sample, one after another
  Vector mean;             ///< μ, stride; likewise
  Vector partner_effects;  ///< g_i = |Ω_i|^(−½) Σ_{j ∈ Ω_i} y_j: a row y_j for each of the other side, the mean over
                           ///< samples; empty: g = 0
  std::optional<SideFeatures> features{};  ///< none: B = 0
};

/// What is known of factors beside their values, where training found distributions of rows or samples of these. A row
/// of θ holds those of S samples: their factors, rank / S each, side by side, users' divided by S, so that u·v is the
/// mean of the samples' products; and the mean of their biases.
struct FactorPosterior {
  int samples = 1;            ///< S
  Vector variances;           ///< of a sample's rows about what θ holds of them, the mean over samples; laid out as
                              ///< sample_layout(); 0 where pins and padding are
  Vector sample_biases;       ///< those of the S samples, over the pin: a row of S for each user, then for each item;
                              ///< empty where S is 1 or there are no biases
  Vector noise_weights;       ///< of each user, then of each item, > 0; empty: all 1
  double noise_variance = 0;  ///< of a rating about what its row and column would give if they were known, times the
                              ///< weights of both; > 0
  SidePrior users;
  SidePrior items;

  /// Of a factorisation of one sample alone, where that of all is `whole`.
  FactorLayout sample_layout(const FactorLayout& whole) const {
    return {whole.users, whole.items, whole.rank / samples, whole.biases};
  }
};

/// A factorisation that does not own its θ, so that θ can be evaluated while it is being trained.
struct FactorView : PredictionConstants, RatingRange {
  FactorLayout layout;
  ConstSpan theta{};                           ///< layout.size() elements
  const OrdinalLink* link = nullptr;           ///< where ratings are intervals of what the factors give
  const FactorPosterior* posterior = nullptr;  ///< of θ, if there is one

  /// The rating of `item` by `user`, not clipped: latent(), or with a link the mean of the rating's values, given what
  /// the posterior knows of rows. Indices as there.
  double predict(Index user, Index item) const;

  /// mean + Σ u_k v_k + b_i + c_j, summed in double. Either index may be kUnknown; then, with biases, what is known of
  /// the other is used, and unknown_mean stands for everything otherwise. Indices that are not kUnknown must be in
  /// range.
  double latent(Index user, Index item) const;
};

/// A trained model: θ with its constants. The ids are those of its rows.
struct Factorization final : Model, PredictionConstants {
  FactorLayout layout;
  Vector theta;
  std::optional<FactorPosterior> posterior{};  ///< where training learned distributions
  std::optional<OrdinalLink> link{};           ///< where ratings are intervals of what θ gives; no posterior without

  /// Valid as long as the model is neither moved nor changed.
  FactorView view() const {
    FactorView own = view(theta);
    own.posterior = posterior ? &*posterior : nullptr;
    return own;
  }
  /// The model with other factors, of the same layout, of which no distribution is known.
  FactorView view(ConstSpan factors) const { return {*this, *this, layout, factors, link ? &*link : nullptr}; }

  const ModelKind& kind() const override;
  double predict(Index user, Index item) const { return view().predict(user, item); }
  void predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const override;
  bool knows_deviations() const override { return posterior.has_value(); }
  void deviations(const Triples& pairs, std::span<double> out) const override;
  ConstSpan rating_values() const override { return link ? ConstSpan(link->values) : ConstSpan(); }
  void probabilities(const Triples& pairs, std::span<double> out) const override;
  Evaluation evaluate(const Triples& ratings, bool clip_to_range) const override;
};

/// Multiplies the biases by the pin and makes the pin 1: the form in which models are kept. What is known of the biases
/// goes with them.
void absorb_pin(Factorization& model);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
