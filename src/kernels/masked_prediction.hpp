// The predictions of one side's ratings.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// out[t − begin] ← row·column_j for the ratings t in [begin, end), which are all or some of one row's, with j the
/// index of rating t. `row` is one row of `stride` Reals, a multiple of kLanes; `columns` one for every index. Called
/// within side.read().
void predict_row(const RatingSide& side, Offset begin, Offset end, std::size_t stride, const Real* row,
                 const Real* columns, Real* out);

}  // namespace odot::inline ODOT_PRECISION
