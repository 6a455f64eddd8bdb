// Dense priors: what they add to f, and to the quadratic of a row's ratings.
#include "train/rows/row_prior.hpp"

#include <utility>

#include "kernels/row_products.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {

QuadraticPrior::QuadraticPrior(Vector matrix, Vector linear, std::size_t stride)
    : matrix_(std::move(matrix)), linear_(std::move(linear)), stride_(stride) {}

double QuadraticPrior::value(const Real* rows) const {
  return parallel_sum(linear_.size() / stride_, [&](std::size_t begin, std::size_t end) {
    std::vector<double> products(stride_);  // Λu
    double sum = 0;
    for (std::size_t row = begin; row < end; ++row) {
      const Real* u = rows + row * stride_;
      const Real* b = linear_.data() + row * stride_;
      wide_row_products({matrix_.data(), stride_}, {u, 0}, stride_, stride_, products.data());
      for (std::size_t k = 0; k < stride_; ++k) {
        sum += static_cast<double>(u[k]) * (products[k] - 2 * static_cast<double>(b[k]));
      }
    }
    return sum;
  });
}

// About u, with a step s: (u + s)ᵀΛ(u + s) − 2 b·(u + s) = uᵀΛu − 2 b·u + 2 (Λu − b)·s + sᵀΛs.
void add(const RowTerms& terms, const Real* row, RowQuadratic& quadratic) {
  const std::size_t stride = quadratic.gradient.size();
  if (terms.matrix) {
    for (std::size_t k = 0; k < stride * stride; ++k) quadratic.gram[k] += terms.matrix[k];
    add_weighted_rows(row, {terms.matrix, stride}, stride, stride, quadratic.gradient.data());
  }
  if (terms.linear) {
    for (std::size_t k = 0; k < stride; ++k) quadratic.gradient[k] -= terms.linear[k];
  }
}

}  // namespace odot::inline ODOT_PRECISION
