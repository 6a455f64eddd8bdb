// Ratings in another unit.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// Whether the values of ratings are in a file and not all codes, so that they cannot be had in another unit without
/// room for all of them.
bool has_mapped_values(const RatingMatrix& ratings);

/// The same ratings, and their summary, times `factor` > 0, a power of two so that nothing is rounded. Shares all with
/// `ratings` but values that are no codes.
RatingMatrix multiplied(const RatingMatrix& ratings, double factor);
Triples multiplied(Triples ratings, double factor);

}  // namespace odot::inline ODOT_PRECISION
