// What tests of distributions of rows have in common: random priors, and partners' weights as a dense matrix.
#pragma once

#include <cmath>
#include <vector>

#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"

namespace odot::test {

/// F with F_ij = |Ω_i|^(−½) for the ratings (i, j) of a side: a row for each of its rows.
inline LongMatrix dense_partners(const RatingSide& side) {
  LongMatrix f(side.rows(), LongVector(side.columns));
  for (Index i = 0; i < side.rows(); ++i) {
    for (Offset t = side.offsets[i]; t < side.offsets[i + 1]; ++t) {
      f[i][side.indices[t]] = 1 / std::sqrt(static_cast<long double>(side.count(i)));
    }
  }
  return f;
}

/// A random mean and a positive definite precision, stride × stride, over the free elements of rows of `stride`; what
/// is added to the diagonal keeps it from being nearly singular.
inline void set_random_prior(Uniform& uniform, const std::vector<std::size_t>& free, std::size_t stride,
                             double diagonal, Vector& precision, Vector& mean) {
  precision.resize(stride * stride);
  mean.resize(stride);
  LongMatrix root(free.size());
  for (LongVector& line : root) {
    for (std::size_t k = 0; k < free.size(); ++k) line.push_back(uniform(-1, 1));
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    mean[free[i]] = static_cast<Real>(uniform(-1, 1));
    for (std::size_t k = 0; k < free.size(); ++k) {
      long double sum = i == k ? diagonal : 0;
      for (std::size_t l = 0; l < free.size(); ++l) sum += root[i][l] * root[k][l];
      precision[free[i] * stride + free[k]] = static_cast<Real>(sum);
    }
  }
}

}  // namespace odot::test
