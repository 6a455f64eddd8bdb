// Summaries of rating values as they are stored. Of equal ratings in equal order they are the same bits, wherever the
// ratings come from.
#pragma once

#include <cstdint>
#include <span>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/rating_list.hpp"

namespace odot::inline ODOT_PRECISION {

/// All zero for an empty set.
ValueSummary summarize_values(std::span<const Real> values);

/// Of counts[k] ratings with the value table[k], ascending in k; every count is positive.
ValueSummary summarize_counts(std::span<const Real> table, std::span<const std::uint64_t> counts);

}  // namespace odot::inline ODOT_PRECISION
