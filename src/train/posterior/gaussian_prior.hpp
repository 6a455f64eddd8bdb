// The normal distribution that the rows of one side come from, learned from them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "train/posterior/draws.hpp"

namespace odot::inline ODOT_PRECISION {

/// N(mean, precision⁻¹) over rows of `stride` Reals of which `free` are variables.
struct GaussianPrior {
  Real* precision;  ///< Λ, stride × stride, zeros outside the free elements
  Real* mean;       ///< μ, `stride` elements, likewise
};

/// Reals that a prior takes where it lies in a longer vector, and the one that begins at `begin` there.
inline std::size_t prior_size(std::size_t stride) { return (stride + 1) * stride; }
inline GaussianPrior prior_at(Vector& all, std::size_t begin, std::size_t stride) {
  return {all.data() + begin, all.data() + begin + stride * stride};
}

/// So many Reals of a longer vector.
inline Vector part_of(const Vector& all, std::size_t begin, std::size_t size) {
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
  return Vector(first, first + static_cast<std::ptrdiff_t>(size));
}

/// Rows that have ratings: those that a prior is learned from.
inline Index rated_rows(const RatingSide& side) {
  Index rated = 0;
  for (Index row = 0; row < side.rows(); ++row) rated += side.count(row) > 0 ? 1 : 0;
  return rated;
}

/// A GaussianPrior to be read.
struct ConstGaussianPrior {
  const Real* precision;
  const Real* mean;

  ConstGaussianPrior(const Real* of_precision, const Real* of_mean) : precision(of_precision), mean(of_mean) {}
  ConstGaussianPrior(const GaussianPrior& prior) : precision(prior.precision), mean(prior.mean) {}
};

/// The rows of a side as they are known: row i is N(rows_i, diag variances_i), or where `offsets` is given
/// N(rows_i − offsets_i, …) is what the prior is of.
struct KnownRows {
  const Real* rows;
  const Real* variances = nullptr;  ///< none: 0
  const Real* offsets = nullptr;
};

/// What partners or features do to rows, which comes from the same prior: y_j ~ N(0, (τΛ)⁻¹).
struct EffectsPrior {
  const Real* effects;  ///< a row for each of `count`
  std::size_t count;
  double strength;  ///< τ
};

/// Sets `prior` to the most probable one given the rows that have ratings, under μ ~ N(0, (2Λ)⁻¹) (Salakhutdinov & Mnih
/// 2008, with their β₀ = 2) and p(log Λ) ∝ exp(−scatter tr Λ / 2), both at the maximum over μ and log Λ (their
/// Wishart's D degrees of freedom would hold the rows of small data together as D rows without variance do): μ = Σρ /
/// (n + 2), Λ = (n + 1) (scatter I + Σ (ρ_i − ρ̄)(ρ_i − ρ̄)ᵀ + diag Σ v_i + 2n/(n + 2) ρ̄ρ̄ᵀ)⁻¹; given `effects` too, n + 1
/// + count times the inverse with τ Σ y yᵀ added. Returns log det Λ. Parallel; the same bits on any number of threads.
/// Throws Error where the rows are not finite.
double fit_prior(const RatingSide& side, const KnownRows& known, const std::vector<std::size_t>& free,
                 std::size_t stride, double scatter, const GaussianPrior& prior, const EffectsPrior* effects = nullptr);

/// Draws `prior` from its conditional distribution given the rows that have ratings (known.variances is not used) and
/// all `effects`, of partners and of features: Λ ~ Wishart(D + n + count, (scatter I + Σ (ρ_i − ρ̄)(ρ_i − ρ̄)ᵀ +
/// 2n/(n + 2) ρ̄ρ̄ᵀ + τ Σ y yᵀ)⁻¹), μ ~ N(nρ̄/(n + 2), ((n + 2)Λ)⁻¹) (Salakhutdinov & Mnih 2008). Throws Error where the
/// rows are not finite.
void sample_prior(const RatingSide& side, const KnownRows& known, std::span<const EffectsPrior> effects,
                  const std::vector<std::size_t>& free, std::size_t stride, double scatter, Draws draws,
                  const GaussianPrior& prior);

/// Σ log v over the variances of the free elements of the rows that have ratings.
double log_variances(const RatingSide& side, const Real* variances, const std::vector<std::size_t>& free,
                     std::size_t stride);

}  // namespace odot::inline ODOT_PRECISION
