// A product of factors through Eigen.
#include "model/serve/score_block.hpp"

// Blocks are in parallel already.
#define EIGEN_DONT_PARALLELIZE
// False alarms inside Eigen, which appear where templates are instantiated: at the end.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <Eigen/Core>

namespace odot::inline ODOT_PRECISION {
namespace {

using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

Rows rows(const Real* data, std::size_t count, std::size_t width, std::size_t stride) {
  return {data, static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(width),
          Eigen::OuterStride<>(static_cast<Eigen::Index>(stride))};
}

}  // namespace

void score_block(const Real* u, std::size_t users, const Real* v, std::size_t items, std::size_t width,
                 std::size_t stride, Real* out, std::size_t out_stride) {
  Eigen::Map<Matrix, 0, Eigen::OuterStride<>> scores(out, static_cast<Eigen::Index>(users),
                                                     static_cast<Eigen::Index>(items),
                                                     Eigen::OuterStride<>(static_cast<Eigen::Index>(out_stride)));
  scores.noalias() = rows(u, users, width, stride) * rows(v, items, width, stride).transpose();
}

}  // namespace odot::inline ODOT_PRECISION
