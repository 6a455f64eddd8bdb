// The masked pass that value and gradient come from.
#pragma once

#include "kernels/row_pass.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// One orientation's share of value and gradient. By user, rows are those of U and columns the item rows of V; by
/// item the other way round. A pass reads the ratings of the side once.
class MaskedGradient {
 public:
  /// `side` must outlive this; `stride` is the length of every factor row in Reals, a multiple of kLanes.
  MaskedGradient(const RatingSide& side, std::size_t stride);

  /// gradient row i ← 2 Σ_j e_ij column_j + 2 λ_i row_i. `rows` and `gradient` are side.rows() × stride, `columns` one
  /// row of stride for every index; all aligned to kLanes Reals.
  PassSums operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* gradient);

 private:
  RatingSide side_;
  std::size_t stride_;
  RowPass pass_;
};

}  // namespace odot::inline ODOT_PRECISION
