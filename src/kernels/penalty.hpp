// The regularisation of one side's factor rows.
#pragma once

#include "odot/ratings/rating_matrix.hpp"

namespace odot {

/// Row i is penalised by λ_i ‖row‖², with λ_i = λ, or λ times the number of the row's ratings (Zhou et al. 2008,
/// ALS-WR). The pinned column is a constant: not penalised, its gradient zero.
struct Penalty {
  double lambda = 0;
  bool by_count = false;
  int pinned = -1;  ///< column, or −1 for none

  double of_row(const Side& side, Index row) const {
    return by_count ? lambda * static_cast<double>(side.count(row)) : lambda;
  }

  /// Σ λ_i ‖row_i‖² over the side's rows, each of `stride` Reals, without the pinned column.
  double value(const Side& side, const Real* rows, std::size_t stride) const;
};

}  // namespace odot
