// The masked pass of non-negative factorisation.
#pragma once

#include "kernels/row_pass.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// The multiplicative updates of Lee & Seung (2001) under a mask (document, equations 12 and 13), one orientation. By
/// user, rows are those of U and columns the item rows of V; by item the other way round.
class MultiplicativeUpdate {
 public:
  /// `side` must outlive this; `stride` is the length of every factor row in Reals, a multiple of kLanes.
  MultiplicativeUpdate(const RatingSide& side, std::size_t stride);

  /// next row i ← row_i ∘ (Σ_j x_ij column_j) / (Σ_j (row_i·column_j) column_j + λ_i row_i + ε). Returns the squared
  /// error and the penalty of `rows`, before the update. Ratings, rows and columns must be ≥ 0, and so is `next` then;
  /// no column may be pinned. `rows` and `next` are side.rows() × stride, `columns` one row of stride for every index;
  /// all aligned to kLanes Reals.
  /// `matrix`, symmetric, and `linear`, both ≥ 0, are Λ and b of uᵀΛu − 2 b·u for every row u, or both null: b is added
  /// to the sums above the fraction's line, Λ row_i below it.
  PassSums operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* next,
                      const Real* matrix = nullptr, const Real* linear = nullptr);

 private:
  RatingSide side_;
  std::size_t stride_;
  RowPass pass_;
  Vector scratch_;  // a row's sums for each thread
};

}  // namespace odot::inline ODOT_PRECISION
