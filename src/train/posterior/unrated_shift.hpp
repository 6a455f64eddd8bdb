// Where rows of which only features are known have to be expected for ratings to be predicted best.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/masked_gradient.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// The ridge below, in rows whose partners' elements are of the size of the root of the ratings' deviation.
inline constexpr double kShiftRidge = 3;

/// Ratings of a row that counts half as much as the most. Up to there nearly every rating counts alike.
inline constexpr double kShiftHalf = 3000;

/// A regression of rows says where a row is on average, whichever partners rate it. Those that a row has ratings with
/// are none at random, though: who rates an item likes it better, or is more critical, than features tell. So all
/// expected rows are moved by the one δ that minimises, over the ratings of the rows that have some,
///
///   Σ_i w_i/n_i Σ_j (x_ij − (r_i + δ)·v_j)² + ridge ‖δ‖²
///
/// with r_i the rows that features say, v_j the partners, n_i the numbers of ratings of rows and weights w_i in
/// proportion to n_i/(n_i + kShiftHalf), of mean 1.
class UnratedShift {
 public:
  /// `other` is the other orientation of `side`. `free` are the variables of a row, `pinned` the element that is none,
  /// or −1.
  UnratedShift(const RatingSide& side, const RatingSide& other, const std::vector<std::size_t>& free, int pinned,
               std::size_t stride);

  /// δ, a number for each of `free`. `rows` are the r_i, a row of stride for every row of the side, whose pinned
  /// elements are set to the pin; `columns` likewise the v_j, in which the last free element is the pin if there is
  /// one.
  std::vector<double> operator()(Vector& rows, const Real* columns, double ridge);

 private:
  std::vector<std::size_t> free_;
  int pinned_;
  std::size_t stride_;
  std::vector<double> shares_;          // w_i/n_i
  std::vector<double> partner_shares_;  // Σ of these over the rows that a partner has ratings with
  MaskedGradient pass_;
  Vector gradient_;
};

}  // namespace odot::inline ODOT_PRECISION
