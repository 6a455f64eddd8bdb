// Scores of blocks of users and items, as matrix products.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION {

/// out[i · out_stride + j] ← u_i·v_j for i < users, j < items: sums of `width` products in the precision of Real, from
/// rows that are `stride` apart. On the calling thread.
void score_block(const Real* u, std::size_t users, const Real* v, std::size_t items, std::size_t width,
                 std::size_t stride, Real* out, std::size_t out_stride);

}  // namespace odot::inline ODOT_PRECISION
