// The regularisation of one side's factor rows.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// Row i is penalised by λ_i ‖row‖², with λ_i = λ + `per_rating` times the number of the row's ratings (with λ = 0 this
/// is ALS-WR, Zhou et al. 2008). The pinned column is a constant: not penalised, its gradient zero.
struct Penalty {
  double lambda = 0;
  double per_rating = 0;
  int pinned = -1;  ///< column, or −1 for none

  double of_row(const RatingSide& side, Index row) const {
    return lambda + per_rating * static_cast<double>(side.count(row));
  }

  /// Σ λ_i ‖row_i‖² over the side's rows, each of `stride` Reals, without the pinned column.
  double value(const RatingSide& side, const Real* rows, std::size_t stride) const;
};

/// What a step does to the penalty of one side: Σ λ_i ‖row_i + α step_i‖² = constant + 2 α cross + α² square.
struct PenaltyLine {
  double cross = 0;   ///< Σ λ_i row_i·step_i
  double square = 0;  ///< Σ λ_i ‖step_i‖²
};

/// Steps must be zero in pinned columns. Reads no ratings.
PenaltyLine penalty_line(const RatingSide& side, std::size_t stride, const Penalty& penalty, const Real* rows,
                         const Real* row_steps);

}  // namespace odot::inline ODOT_PRECISION
