// Dense linear systems by Gaussian elimination with pivoting, in long double.
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

}  // namespace odot::test
