// Vectors over θ and the few operations on them. All inner products, norms and updates over θ go
// through this file.
//
// Work is cut into chunks by length alone and partial sums are added in chunk order, in double, so
// every result has the same bits on any number of threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "odot/core/page_allocator.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A vector of Real whose storage is aligned to a cache line.
using Vector = std::vector<Real, PageAllocator<Real>>;

using ConstSpan = std::span<const Real>;
using Span = std::span<Real>;

/// Σ x_i y_i. Sizes must be equal.
double dot(ConstSpan x, ConstSpan y);

/// out[k] = x[k]·y, reading each vector once. Sizes of vectors must be equal; `out` may be longer than `x`.
void dots(std::span<const ConstSpan> x, ConstSpan y, std::span<double> out);

/// out = Σ_k a[k] x[k], reading each vector once. Sizes must be equal; `out` may not be one of the vectors.
void combine(std::span<const double> a, std::span<const ConstSpan> x, Span out);

/// √Σ x_i².
double norm(ConstSpan x);

/// √Σ (x_i − y_i)². Sizes must be equal.
double distance(ConstSpan x, ConstSpan y);

/// True when no element is infinite or NaN.
bool all_finite(ConstSpan x);

/// out = x. Sizes must be equal.
void copy(ConstSpan x, Span out);

/// out = a x. `out` may be `x`.
void scale(double a, ConstSpan x, Span out);

/// out = x + a d. `out` may be `x` or `d`.
void add_scaled(ConstSpan x, double a, ConstSpan d, Span out);

/// Calls body(i) for every i in [0, n), in parallel. The calls must not depend on one another.
template <class Body>
void for_each_element(std::size_t n, Body body) {
  const VectorChunks chunks(n);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    const std::size_t end = chunks.end(chunk);
    for (std::size_t i = chunks.begin(chunk); i < end; ++i) body(i);
  });
}

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
