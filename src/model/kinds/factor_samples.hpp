// The samples of which a factorisation's rows are made, one by one.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// Where row `row` of a side begins in a vector that has `width` Reals for each user, then for each item.
inline std::size_t row_place(const FactorLayout& layout, bool items, Index row, std::size_t width) {
  return ((items ? std::size_t{layout.users} : 0) + row) * width;
}

/// That of one sample; of the whole where there is no posterior, which is one sample then.
FactorLayout sample_layout(const FactorView& model);
int sample_count(const FactorView& model);

/// Sets `out`, of the stride of sample_layout(), to what `sample` has of a user, or an item: its factors, its bias and
/// the pin.
void copy_sample(const FactorView& model, bool items, Index row, int sample, Real* out);

/// The other way round: puts what a sample has of a user or item, of that stride, into `row` of `rows`, which are as
/// those of θ and were 0 before the first sample, and its bias into sample_biases, if the model has such. The pin is
/// set to the model's.
void put_sample(const Factorization& model, bool items, int sample, const Real* from, std::size_t row, Vector& rows,
                Vector& sample_biases);

/// All rows of a side, one after another. Parallel.
Vector sample_rows(const FactorView& model, bool items, int sample);

/// The noise weight of a row of users, or of items, of one that is unknown (kUnknown) the mean over all. The model has
/// a posterior.
double noise_weight(const FactorView& model, bool items, Index row);

}  // namespace odot::inline ODOT_PRECISION
