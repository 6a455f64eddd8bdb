// What the kernels cost at least: operations and bytes, from which the report takes how near they are to the ceilings.
#pragma once

#include <cstddef>

#include "odot/ratings/rating_matrix.hpp"

namespace odot::bench {

/// Of one pass over a side. An addition and a multiplication are an operation each; a fused multiply-add is two. Bytes
/// are those that come from or go to where the gathered rows lie: what is used again at once, the row's own factors and
/// sums, counts once a row. The time that a pass takes at least is
///   max(operations / peak rate, bytes / load bandwidth of the nearest cache that `gathered` bytes fit).
/// As popular columns lie in nearer caches than the others, a kernel may be faster than that.
struct Cost {
  double operations = 0;
  double bytes = 0;
  double gathered = 0;  ///< bytes of all rows that ratings choose among
};

/// The width of a factor row and its place in memory: `width` elements are in use, `stride` are stored.
struct RowShape {
  std::size_t width;
  std::size_t stride;
};

/// Below, for each kernel: w and s are width and stride in elements of R bytes; a rating takes 4 bytes of index and v
/// of value (1 as a code, else R).

/// A rating: 2w for the error, 2w to add its share; one column, sR, index and value. A row: 5w for penalty and
/// gradient; its factors and gradient, 2sR.
Cost gradient_cost(const RatingSide& side, const RowShape& row);

/// A rating: four products of rows, 8w, and 5 sums, 10; column and step, 2sR, index and value. A row: 2sR.
Cost line_cost(const RatingSide& side, const RowShape& row);

/// A rating: 2w for the error, 2w for the gradient, w(w + 1) for the upper triangle of v vᵀ; one column, sR, index and
/// value. A row: its factors, sR; the matrix is used at once where it is.
Cost normal_equations_cost(const RatingSide& side, const RowShape& row);

/// A rating: 2w for the prediction, 4w for both sums; one column, sR, index and value. A row: 7w, and 2sR.
Cost multiplicative_cost(const RatingSide& side, const RowShape& row);

/// A rating: 2w; one column, sR, and its index. A row: sR.
Cost prediction_cost(const RatingSide& side, const RowShape& row);

/// One system of n unknowns: n³/3 to decompose, 2n² to substitute, in double precision, in the nearest cache.
Cost cholesky_cost(std::size_t unknowns);

/// The lines of the above as the report prints them, kernel by kernel: what google benchmark calls a context.
void add_cost_model_to_context();

}  // namespace odot::bench
