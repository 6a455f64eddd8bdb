// How much each of a row's partners moves it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// |Ω_i|^(−½) of a row with so many ratings, 0 without.
inline Real partner_weight(Offset ratings) { return ratings > 0 ? 1 / std::sqrt(static_cast<Real>(ratings)) : Real{0}; }

/// Calls body(begin, end) for stretches of the rows [0, count), in parallel: by count alone, so short that there are
/// some for all threads.
template <class Body>
void for_row_chunks(std::size_t count, Body&& body) {
  const std::size_t length = std::max<std::size_t>(64, (count + 255) / 256);
  parallel_for((count + length - 1) / length,
               [&](std::size_t at) { body(at * length, std::min(count, (at + 1) * length)); });
}

/// For each partner Σ number(i) over the rows i that it has ratings with, in their order.
template <class Number>
std::vector<double> sums_over_rows_of(const RatingSide& partners, Number&& number) {
  std::vector<double> sums(partners.rows());
  for_row_chunks(sums.size(), [&](std::size_t begin, std::size_t end) {
    partners.read(partners.offsets[begin], partners.offsets[end], [&] {
      for (std::size_t j = begin; j < end; ++j) {
        for (Offset k = partners.offsets[j]; k < partners.offsets[j + 1]; ++k) sums[j] += number(partners.indices[k]);
      }
    });
  });
  return sums;
}

/// F with F_ij = |Ω_i|^(−½) for the ratings (i, j) of a side.
struct PartnerWeights {
  /// `rows` is the side that is moved, `partners` the other orientation of the same ratings.
  PartnerWeights(const RatingSide& rows, const RatingSide& partners) : of_row(rows.rows()) {
    for (Index row = 0; row < rows.rows(); ++row) of_row[row] = partner_weight(rows.count(row));
    squares = sums_over_rows_of(partners, [&](Index row) {
      const auto weight = static_cast<double>(of_row[row]);
      return weight * weight;
    });
  }

  std::vector<Real> of_row;
  std::vector<double> squares;  ///< Σ_i F_ij², for each partner
};

}  // namespace odot::inline ODOT_PRECISION
