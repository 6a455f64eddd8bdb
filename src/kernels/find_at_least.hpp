// The few large ones among many numbers.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION {

/// Numbers are looked at in groups of so many.
inline constexpr std::size_t kFindGroup = 64;

/// Writes the places k < n with x[k] ≥ bound to `places`, ascending, and returns how many; NaN is not ≥ anything. n is
/// a multiple of kFindGroup; there is room for n places.
std::size_t find_at_least(const Real* x, std::size_t n, Real bound, Index* places);

}  // namespace odot::inline ODOT_PRECISION
