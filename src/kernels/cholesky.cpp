#include "kernels/cholesky.hpp"

#include <cmath>

namespace odot {
namespace {

double product(const double* x, const double* y, std::size_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t k = 0; k < n; ++k) sum += x[k] * y[k];
  return sum;
}

}  // namespace

void solve_positive(std::size_t n, double* a, double* b, double precision) {
  // Row by row, forward substitution included: b becomes L⁻¹ b.
  for (std::size_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    for (std::size_t j = 0; j < i; ++j) {
      const double pivot = a[j * n + j];
      row[j] = pivot > 0 ? (row[j] - product(row, a + j * n, j)) / pivot : 0;
    }
    const double diagonal = row[i];
    const double rest = diagonal - product(row, row, i);
    const bool dependent = !(rest > precision * static_cast<double>(n) * diagonal);
    row[i] = dependent ? 0 : std::sqrt(rest);
    b[i] = dependent ? 0 : (b[i] - product(row, b, i)) / row[i];
  }
  for (std::size_t i = n; i-- > 0;) {
    const double* row = a + i * n;
    b[i] = row[i] > 0 ? b[i] / row[i] : 0;
    for (std::size_t k = 0; k < i; ++k) b[k] -= b[i] * row[k];
  }
}

}  // namespace odot
