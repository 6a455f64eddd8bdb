// By what the reference implementation moves rows without ratings, rating by rating, in long double.
#pragma once

#include <vector>

#include "support/dense_solve.hpp"
#include "train/reference_side.hpp"

namespace odot::test {

/// The δ that minimises Σ w_i/n_i Σ_j (x_ij − (r_i + δ)·v_j)² + 3 s ‖δ‖², w_i in proportion to n_i/(n_i + 3000).
inline LongVector reference_shift(const ReferenceSide& side, const LongMatrix& columns, const auto& partners,
                                  const LongVector& values, Long unit, const LongMatrix& expected) {
  const std::size_t n = side.free.size();
  Long total = 0;
  for (const auto& own : side.ratings) total += static_cast<Long>(own.size()) / (static_cast<Long>(own.size()) + 3000);
  LongMatrix system(n, LongVector(n));
  LongVector right(n);
  for (std::size_t k = 0; k < n; ++k) system[k][k] = 3 * unit;
  for (std::size_t row = 0; row < side.ratings.size(); ++row) {
    const Long share = static_cast<Long>(side.rated()) / total / (static_cast<Long>(side.ratings[row].size()) + 3000);
    LongVector of_row = side.means[row];
    for (std::size_t k = 0; k < n; ++k) of_row[side.free[k]] = expected[row][k];
    for (const std::size_t t : side.ratings[row]) {
      const LongVector& c = columns[partners[t]];
      Long left = values[t];
      for (std::size_t k = 0; k < c.size(); ++k) left -= of_row[k] * c[k];
      for (std::size_t k = 0; k < n; ++k) {
        right[k] += share * left * c[side.free[k]];
        for (std::size_t l = 0; l < n; ++l) system[k][l] += share * c[side.free[k]] * c[side.free[l]];
      }
    }
  }
  return dense_solve(system, right);
}

}  // namespace odot::test
