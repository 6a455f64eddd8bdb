// Dense linear systems by Gaussian elimination with pivoting, and triangles of matrices, in long double.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

namespace odot::test {

using LongVector = std::vector<long double>;
using LongMatrix = std::vector<LongVector>;

/// The solution of A x = b for a regular A.
inline LongVector dense_solve(LongMatrix a, LongVector b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t k = i + 1; k < n; ++k) {
      if (std::abs(a[k][i]) > std::abs(a[pivot][i])) pivot = k;
    }
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t k = i + 1; k < n; ++k) {
      const long double factor = a[k][i] / a[i][i];
      for (std::size_t c = i; c < n; ++c) a[k][c] -= factor * a[i][c];
      b[k] -= factor * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t c = i + 1; c < n; ++c) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

/// The inverse of a regular, symmetric matrix.
inline LongMatrix inverse_of(const LongMatrix& a) {
  LongMatrix out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    LongVector unit(a.size());
    unit[i] = 1;
    out.push_back(dense_solve(a, unit));
  }
  return out;
}

/// The lower triangle L with L Lᵀ = a, for a positive definite matrix.
inline LongMatrix cholesky(const LongMatrix& a) {
  LongMatrix l(a.size(), LongVector(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      long double sum = a[i][k];
      for (std::size_t j = 0; j < k; ++j) sum -= l[i][j] * l[k][j];
      l[i][k] = i == k ? std::sqrt(sum) : sum / l[k][k];
    }
  }
  return l;
}

}  // namespace odot::test
