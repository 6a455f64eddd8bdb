// The variables of a row, and small dense matrices over them, for Eigen.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false alarms on AVX-512 (GCC bug 105593)
#endif

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <vector>

#include "model/free_elements.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {

/// The part of `matrix`, stride × stride, that is of the free elements.
inline Eigen::MatrixXd dense_matrix(const Real* matrix, const std::vector<std::size_t>& free, std::size_t stride) {
  const auto n = static_cast<Eigen::Index>(free.size());
  Eigen::MatrixXd out(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index k = 0; k < n; ++k) {
      out(i, k) =
          static_cast<double>(matrix[free[static_cast<std::size_t>(i)] * stride + free[static_cast<std::size_t>(k)]]);
    }
  }
  return out;
}

}  // namespace odot::inline ODOT_PRECISION
