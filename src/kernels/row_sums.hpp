// Sums of the rows that a row's ratings point to, whatever the ratings: products with the mask.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/chunk_plan.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// out = Σ_k rows[indices[k]], over rows of `stride` Reals, a multiple of kLanes, aligned to as many; summed one after
/// another in Real.
void sum_rows(std::span<const Index> indices, const Real* rows, std::size_t stride, Real* out);

/// W V for one side's mask W: the sums over each row's ratings.
class MaskedSums {
 public:
  /// `side` must outlive this.
  MaskedSums(const RatingSide& side, std::size_t stride);

  /// out_i = Σ_{j ∈ Ω_i} columns_j for every row i; 0 for rows without ratings. Parallel; the same bits on any number
  /// of threads.
  void operator()(const Real* columns, Real* out);

 private:
  RatingSide side_;
  std::size_t stride_;
  ChunkPlan plan_;
  Vector pieces_;  // sums of long rows' pieces
};

}  // namespace odot::inline ODOT_PRECISION
