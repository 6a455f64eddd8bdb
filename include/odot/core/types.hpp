// The scalar and index types that every floor shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Scalar of ratings and factors. Sums over ratings are always kept in double. The build option
/// ODOT_DOUBLE makes this double.
#ifdef ODOT_DOUBLE
using Real = double;
#else
using Real = float;
#endif

/// Number of a user or an item, counted from 0 in order of first appearance.
using Index = std::uint32_t;

/// Position in the list of ratings; 64 bits, so that more than 2^32 ratings are no special case.
using Offset = std::uint64_t;

/// Stands for a user or an item that training has not seen.
inline constexpr Index kUnknown = std::numeric_limits<Index>::max();

/// Rows of the factor matrices are padded with zeros to a multiple of this many Reals.
inline constexpr std::size_t kLanes = 8;

/// The most factors that a user or an item may have.
inline constexpr int kHighestRank = 1024;

/// Most factors of a row in a model, whose method may put several trainings side by side.
inline constexpr int kMostFactors = 1 << 16;

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
