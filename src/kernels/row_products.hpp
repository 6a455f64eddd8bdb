// Inner products of factor rows, and sums of rows.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION {

/// Rows in memory, one every `step` Reals: with step 0 one row over and over.
struct RowsAt {
  const Real* data;
  std::size_t step;
};

/// out[i] = a_i·b_i for i < count, over rows of `stride` Reals, a multiple of kLanes, computed in Real. The order of
/// summation is the same for every instruction set.
void row_products(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, Real* out);

/// The same computed in double.
void wide_row_products(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, double* out);

/// out += Σ weights[i] row_i over i < count, one after another; `out` is one more row.
void add_weighted_rows(const Real* weights, RowsAt rows, std::size_t stride, std::size_t count, Real* out);

}  // namespace odot::inline ODOT_PRECISION
