// Sums of the rows that a row's ratings point to, whatever the ratings: products with the mask.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/row_pass.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// out = Σ_k rows[indices[k]], over rows of `stride` Reals, a multiple of kLanes, aligned to as many; summed one after
/// another in Real.
void sum_rows(std::span<const Index> indices, const Real* rows, std::size_t stride, Real* out);

/// Rows of which a few elements take part: `width` Reals, a multiple of kLanes, of rows that are `stride` apart.
struct RowParts {
  std::size_t stride;
  std::size_t width;
};

/// out = Σ_k weights[i] rows_i over the i = indices[k], one after another; `out` has parts.width elements.
void sum_weighted_rows(std::span<const Index> indices, const Real* weights, const Real* rows, const RowParts& parts,
                       Real* out);

/// rows_i −= weights[i] change for the i = indices[k], which are all different.
void subtract_weighted(std::span<const Index> indices, const Real* weights, const Real* change, const RowParts& parts,
                       Real* rows);

/// W V for one side's mask W: the sums over each row's ratings.
class MaskedSums {
 public:
  /// `side` must outlive this.
  MaskedSums(const RatingSide& side, std::size_t stride);

  /// out_i = Σ_{j ∈ Ω_i} columns_j for every row i; 0 for rows without ratings. Parallel; the same bits on any number
  /// of threads.
  void operator()(const Real* columns, Real* out);

  /// out_i −= these.
  void subtract(const Real* columns, Real* out);

 private:
  template <class Write>
  void run(const Real* columns, Write&& write);

  RatingSide side_;
  std::size_t stride_;
  RowPass pass_;
};

}  // namespace odot::inline ODOT_PRECISION
