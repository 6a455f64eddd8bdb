// The root of a prior's precision, by which rows are whitened.
#pragma once

#include <limits>
#include <vector>

#include "model/dense_matrix.hpp"
#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// L of Λ = L Lᵀ over the free elements. Throws Error where there is none.
inline Eigen::MatrixXd prior_root(const ConstGaussianPrior& prior, const std::vector<std::size_t>& free,
                                  std::size_t stride) {
  constexpr double kRounding = 4 * static_cast<double>(std::numeric_limits<Real>::epsilon());
  Eigen::MatrixXd precision = dense_matrix(prior.precision, free, stride);
  Eigen::LLT<Eigen::MatrixXd> factor(precision);
  if (factor.info() != Eigen::Success) {
    // What is left of a nearly singular Λ in single precision may have lost its definiteness.
    precision.diagonal().array() += kRounding * precision.trace();
    factor.compute(precision);
    if (factor.info() != Eigen::Success) {
      throw Error("the prior of the factors is not positive definite any more", ErrorKind::numerical);
    }
  }
  return factor.matrixL();
}

}  // namespace odot::inline ODOT_PRECISION
