// What features do to rows: to the prior means of those with ratings, and all that is known of those without.
#pragma once

#include <functional>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "train/posterior/draws.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/posterior/input_regression.hpp"
#include "train/row_inputs.hpp"

namespace odot::inline ODOT_PRECISION {

/// τ of the features' effects.
inline constexpr double kFeatureStrength = 2;

/// Ratings of a user, of an item, that counts half as much as the most where rows without ratings are learned from
/// others. Users choose the items that they rate: those that are chosen often are liked better, and so is what is
/// rated of a new one.
inline constexpr double kUserHalf = 30;
inline constexpr double kItemHalf = 3000;

/// What is learned of the features of a side, each a number of rows of stride Reals.
struct FeatureBlock {
  Real* effects;            ///< B, a row for each input
  Real* unrated_effects;    ///< C, likewise
  Real* unrated_mean;       ///< a row
  Real* unrated_variances;  ///< a row
};

/// Reals that these take in a longer vector for so many inputs, and those that begin at `begin` there.
inline std::size_t feature_block_size(std::size_t inputs, std::size_t stride) {
  return inputs > 0 ? 2 * (inputs + 1) * stride : 0;
}
inline FeatureBlock feature_block_at(Vector& all, std::size_t begin, std::size_t inputs, std::size_t stride) {
  Real* effects = all.data() + begin;
  Real* mean = effects + 2 * inputs * stride;
  return {effects, effects + inputs * stride, mean, mean + stride};
}

/// Each input f has an effect b_f ~ N(0, (τΛ)⁻¹), and the prior mean of a row is moved by Bᵀ(a_i − ā) (Simm et al.
/// 2017, "Macau"). Given the rows that have ratings, each column of B is the solution of
/// (AᵀA + τI) b = Aᵀ(θ − μ − g), A the rows a_i − ā: Λ cancels.
///
/// What a row's ratings would be due to is not known without ratings: such a row is expected where a ridge regression
/// of the others' whole rows, with weights in proportion to n/(n + half) for n ratings, says. Its variance is the mean
/// of theirs and of the squares by which the regression misses a row that it does not know.
class FeatureEffects {
 public:
  /// `inputs` must outlive it. `free` are the variables of a row.
  FeatureEffects(const RatingSide& side, const RowInputs& inputs, const std::vector<std::size_t>& free,
                 std::size_t stride, double half);

  /// Sets B, and moves(). `partner_sums` are g, or null.
  void update(const Real* rows, const Real* mean, const Real* partner_sums, Real* effects);
  /// The same with B drawn from its distribution given all else, whose columns are whitened by Λ = L Lᵀ those of
  /// N((AᵀA + τI)⁻¹Aᵀ(θ − μ − g)L, (AᵀA + τI)⁻¹), independent of one another: B is the above and K⁻ᵀ Z L⁻¹, with
  /// K Kᵀ = AᵀA + τI and Z ~ N(0, I).
  void draw(const Real* rows, const ConstGaussianPrior& prior, const Real* partner_sums, const DrawKey& key,
            Real* effects);
  /// Sets moves() to those of B as it is.
  void move(const Real* effects);
  /// Bᵀ(a_i − ā), a row of stride for every row.
  const Vector& moves() const { return moves_; }
  /// These added to `sums`, a row for each row, or taken from `rows`: valid until they are asked for again.
  const Real* added_to(const Vector& sums);
  const Real* taken_from(const Real* rows);

  /// By what all rows that are expected, a row of stride for each row, are to be moved, a number for each free element.
  using Shift = std::function<std::vector<double>(Vector& expected)>;

  /// Sets C, with its mean and variances, and the rows and `variances` of the rows without ratings. With a `shift` the
  /// mean is moved by it.
  void expect_unrated(Real* rows, Real* variances, const FeatureBlock& block, const Shift& shift = {}) const;

  std::size_t inputs() const { return inputs_.width; }

 private:
  std::vector<double> expected(const Real* rows, const Real* mean, const Real* partner_sums) const;

  const RowInputs& inputs_;
  const std::vector<std::size_t>& free_;
  std::size_t stride_;
  InputRegression effects_;
  InputRegression whole_;
  std::vector<double> leverages_;  // of whole_
  Vector moves_;
  Vector moved_;      // of added_to()
  Vector remaining_;  // of taken_from()
};

}  // namespace odot::inline ODOT_PRECISION
