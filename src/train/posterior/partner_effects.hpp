// What is known of a row from which partners it has, whatever the ratings: the implicit feedback of SVD++.
#pragma once

#include <vector>

#include "kernels/row_sums.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// What improving takes beside what is improved, for some columns at a time. One serves several sides in turn.
struct EffectsWorkspace {
  static constexpr std::size_t kWidth = 2 * kLanes;  ///< columns

  Vector of_rows;   ///< a row for every row
  Vector residual;  ///< a row for every partner, as have
  Vector direction;
};

/// Each partner j has an effect y_j ~ N(0, (τΛ)⁻¹), and the prior mean of a row is moved by
/// g_i = |Ω_i|^(−½) Σ_{j ∈ Ω_i} y_j (Koren 2008, there for users alone; here as a hierarchical prior, as in
/// Adams et al. 2010 and Simm et al. 2017). Given the rows, each column of Y is the solution of
/// (FᵀF + τI) y = Fᵀ(θ − μ) with F_ij = |Ω_i|^(−½): Λ cancels.
class PartnerEffects {
 public:
  /// `rows` is the side that is moved, `partners` the other orientation of the same ratings.
  PartnerEffects(const RatingSide& rows, const RatingSide& partners, std::size_t stride);

  /// Goes some steps of conjugate gradients from the effects as they are towards that solution, with sums() kept up to
  /// date. The effects must be those of the last call, at first 0, and sums() theirs. `rows` and `effects` have a row
  /// of stride for every row and partner, `mean` is μ. Parallel; the same bits on any number of threads.
  void improve(const Real* rows, const Real* mean, Real* effects, int steps, EffectsWorkspace& work);

  /// g, a row of stride for every row; the mean of the others where a row has no ratings.
  Vector& sums() { return sums_; }

 private:
  // Some columns of what improve() gets.
  struct Stretch {
    const Real* rows;
    const Real* mean;
    Real* effects;
    Real* sums;
    std::size_t width;
    int steps;
  };

  void improve_stretch(const Stretch& at, EffectsWorkspace& work);
  void move_unrated();

  std::size_t stride_;
  MaskedSums over_partners_;
  MaskedSums over_rows_;
  std::vector<Real> weights_;  // |Ω_i|^(−½), 0 without ratings
  std::vector<Real> inverse_;  // of Σ_i F_ij² + τ, for each partner
  Vector sums_;
};

/// g of some rows by the effects of their partners; empty where there are none.
Vector sums_of_effects(const RatingSide& rows, const Vector& effects, std::size_t stride);

}  // namespace odot::inline ODOT_PRECISION
