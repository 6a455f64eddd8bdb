// Small dense matrices over the variables of a row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// Rows of doubles are padded to whole vectors of so many.
inline constexpr std::size_t kDenseVector = 8;

inline std::size_t dense_stride(std::size_t n) { return (n + kDenseVector - 1) / kDenseVector * kDenseVector; }

/// The elements of a row that are variables: all of its `width` but the pinned one (−1: none).
inline std::vector<std::size_t> free_elements(std::size_t width, int pinned) {
  std::vector<std::size_t> free;
  for (std::size_t k = 0; k < width; ++k) {
    if (static_cast<int>(k) != pinned) free.push_back(k);
  }
  return free;
}

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

}  // namespace odot::inline ODOT_PRECISION
