// Partners' effects on rows (see partner_effects.hpp) drawn from their conditional distribution.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "train/posterior/draws.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/posterior/partner_weights.hpp"

namespace odot::inline ODOT_PRECISION {

/// y_j ~ N(0, (τΛ)⁻¹), g_i = |Ω_i|^(−½) Σ_{j ∈ Ω_i} y_j, τ ~ Gamma(½, ½).
class SampledEffects {
 public:
  /// `rows` is the side that is moved, `partners` the other orientation of the same ratings.
  SampledEffects(const RatingSide& rows, const RatingSide& partners, std::size_t stride);

  /// Draws each effect once from its distribution given all others (Gibbs, with the rows whitened by Λ, in which the
  /// columns do not depend on one another), then the strength τ, which is returned. `rows` are θ, a row of stride for
  /// each, `effects` one for each partner; sums() is kept up to date. `free` are the variables of a row. Parallel; the
  /// same bits on any number of threads.
  double update(const Real* rows, const ConstGaussianPrior& prior, const std::vector<std::size_t>& free,
                double strength, const DrawKey& key, Real* effects);

  /// g, a row of stride for every row; where a row has no ratings that of a random row that has.
  Vector& sums() { return sums_; }

 private:
  void draw_columns(std::size_t first, std::size_t width, const std::vector<bool>& is_free, double strength,
                    const DrawKey& key);
  void move_unrated(const DrawKey& key);

  RatingSide partners_;
  std::size_t stride_;
  PartnerWeights weights_;
  std::vector<Index> rated_;  // rows with ratings
  Vector sums_;
  Vector errors_;    // Lᵀ(θ − μ − g), with Λ = L Lᵀ
  Vector whitened_;  // Lᵀy
};

}  // namespace odot::inline ODOT_PRECISION
