// Small dense matrices over the variables of a row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/cholesky.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// Rows of doubles are padded to so many, whose sums do not wait for one another.
inline constexpr std::size_t kDenseVector = 16;

inline std::size_t dense_stride(std::size_t n) { return (n + kDenseVector - 1) / kDenseVector * kDenseVector; }

/// out = matrix x of n elements; the matrix is symmetric, so that its rows, which are padded as `out` is, are added up.
inline void multiply(const std::vector<double>& matrix, const std::vector<double>& x, std::size_t n,
                     std::vector<double>& out) {
  const std::size_t stride = out.size();
  for (std::size_t first = 0; first < stride; first += kDenseVector) {
    const double* row = matrix.data() + first;
    double sum[kDenseVector] = {};
    for (std::size_t i = 0; i < n; ++i, row += stride) {
      for (std::size_t k = 0; k < kDenseVector; ++k) sum[k] += x[i] * row[k];
    }
    std::copy_n(sum, kDenseVector, out.data() + first);
  }
}

/// Sets `out` to Λ/α over the free elements, its rows padded.
inline void scaled_precision(const ConstGaussianPrior& prior, double noise_precision,
                             const std::vector<std::size_t>& free, std::size_t stride, std::vector<double>& out) {
  const std::size_t n = free.size();
  out.resize(n * dense_stride(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      out[i * dense_stride(n) + k] = static_cast<double>(prior.precision[free[i] * stride + free[k]]) / noise_precision;
    }
  }
}

/// Sets `from_mean` to how far the free elements of `row` are from their prior's mean, `offset` (or null) added to it,
/// and `pull` to Λ/α times that.
inline void pull_of_prior(const Real* row, const ConstGaussianPrior& prior, const Real* offset,
                          const std::vector<std::size_t>& free, const std::vector<double>& precision,
                          std::vector<double>& from_mean, std::vector<double>& pull) {
  for (std::size_t i = 0; i < free.size(); ++i) {
    const std::size_t k = free[i];
    from_mean[i] = static_cast<double>(row[k]) - static_cast<double>(prior.mean[k]) -
                   (offset ? static_cast<double>(offset[k]) : 0.0);
  }
  multiply(precision, from_mean, free.size(), pull);
}

/// Starts `system` with the matrix gram + share Λ/α over the free elements; `pinned` is the one that is not, or the
/// width.
inline void start_system(const RowQuadratic& quadratic, const std::vector<double>& precision, double share,
                         const std::vector<std::size_t>& free, std::size_t pinned, PositiveSystem& system) {
  const std::size_t n = free.size();
  const std::size_t stride = quadratic.gradient.size();
  system.start(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Real* gram = quadratic.gram.data() + free[i] * stride;
    const double* from = precision.data() + i * dense_stride(n);
    double* to = system.row(i);
    for (std::size_t k = i; k < pinned; ++k) to[k] = static_cast<double>(gram[k]) + share * from[k];
    for (std::size_t k = std::max(i, pinned); k < n; ++k) to[k] = static_cast<double>(gram[k + 1]) + share * from[k];
  }
}

}  // namespace odot::inline ODOT_PRECISION
