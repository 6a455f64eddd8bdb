// What a reference knows of users or of items.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/dense_ridge.hpp"

namespace odot::test {

using Long = long double;

inline Long reference_log_det(LongMatrix a) {
  Long sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::log(a[i][i]);
    for (std::size_t k = i + 1; k < a.size(); ++k) {
      const Long factor = a[k][i] / a[i][i];
      for (std::size_t c = i; c < a.size(); ++c) a[k][c] -= factor * a[i][c];
    }
  }
  return sum;
}

/// What is known of users or of items. Matrices of rows have all columns in use; those of a prior the free ones.
struct ReferenceSide {
  LongMatrix means;
  LongMatrix variances;
  LongMatrix sums;     ///< g and Bᵀ(a − ā)
  LongMatrix partner;  ///< g, zeros where the side is not moved
  LongMatrix effects;
  LongMatrix inputs;  ///< a − ā, a row for each row; empty without features
  LongMatrix moves;   ///< Bᵀ(a − ā), zeros without features
  LongMatrix feature_effects;
  LongMatrix precision;
  LongVector prior_mean;
  std::vector<std::size_t> free;
  std::vector<std::vector<std::size_t>> ratings;  ///< of each row
  bool moved = false;

  double rated() const {
    double count = 0;
    for (const auto& of_row : ratings) count += of_row.empty() ? 0 : 1;
    return count;
  }
  Long input_count() const { return static_cast<Long>(feature_effects.size()); }
};

}  // namespace odot::test
