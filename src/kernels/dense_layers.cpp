// Fully connected layers through Eigen's matrix products.

// Tiles run in parallel, each product on its own thread; so the order of sums is always the same.
#define EIGEN_DONT_PARALLELIZE
#include "kernels/dense_layers.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// False alarms inside Eigen and the compiler's intrinsics, which appear where templates are instantiated: at the end.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <Eigen/Core>

namespace odot::inline ODOT_PRECISION {
namespace {

using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

auto matrix(Real* data, std::size_t rows, std::size_t columns) {
  return Eigen::Map<Matrix>(data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
}
auto matrix(const Real* data, std::size_t rows, std::size_t columns) {
  return Eigen::Map<const Matrix>(data, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
}
// Adds `bias` to each row and takes ReLU of it where `relu`.
void finish_rows(Real* data, std::size_t rows, std::size_t columns, const Real* bias, bool relu) {
  const Real least = relu ? Real{0} : -std::numeric_limits<Real>::infinity();
  for (std::size_t row = 0; row < rows; ++row, data += columns) {
    for (std::size_t k = 0; k < columns; ++k) {
      const Real sum = data[k] + bias[k];
      data[k] = sum < least ? least : sum;  // NaN stays NaN
    }
  }
}

// Turns the derivatives by the outputs of ReLU (if `relu`; `after` are those outputs) into those by its inputs, and
// adds the sum of all rows to `bias_gradient`.
void undo_rows(Real* data, std::size_t rows, std::size_t columns, const Real* after, bool relu, Real* bias_gradient) {
  for (std::size_t row = 0; row < rows; ++row, data += columns, after += columns) {
    if (relu) {
      for (std::size_t k = 0; k < columns; ++k) data[k] = after[k] > Real{0} ? data[k] : Real{0};
    }
    for (std::size_t k = 0; k < columns; ++k) bias_gradient[k] += data[k];
  }
}

}  // namespace

DenseLayers::DenseLayers(std::vector<std::size_t> sizes, bool output_relu)
    : sizes_(std::move(sizes)), output_relu_(output_relu) {
  for (std::size_t layer = 0; layer < count(); ++layer) {
    offsets_.push_back(size_);
    size_ += (inputs(layer) + 1) * outputs(layer);
  }
}

DenseTile::DenseTile(const DenseLayers& layers) : layers_(layers) {
  std::size_t size = 0;
  std::size_t widest = 0;
  for (std::size_t layer = 0; layer <= layers.count(); ++layer) {
    const std::size_t width = layer == 0 ? layers.inputs(0) : layers.outputs(layer - 1);
    offsets_.push_back(size);
    size += width * kMost;
    if (layer > 0) widest = std::max(widest, width);
  }
  activations_.resize(size);
  for (Vector& gradient : gradients_) gradient.resize(widest * kMost);
}

void DenseTile::forward(const Real* theta, std::size_t rows) {
  for (std::size_t layer = 0; layer < layers_.count(); ++layer) {
    const std::size_t in = layers_.inputs(layer);
    const std::size_t out = layers_.outputs(layer);
    Real* const result = activation(layer + 1);
    matrix(result, rows, out).noalias() =
        matrix(activation(layer), rows, in) * matrix(theta + layers_.weights(layer), out, in).transpose();
    finish_rows(result, rows, out, theta + layers_.biases(layer), layers_.relu(layer));
  }
}

void DenseTile::backward(const Real* theta, std::size_t rows, Real* gradient) {
  for (std::size_t layer = layers_.count(); layer-- > 0;) {
    const std::size_t in = layers_.inputs(layer);
    const std::size_t out = layers_.outputs(layer);
    Real* const by_output = gradients_[(layer + 1) % 2].data();
    undo_rows(by_output, rows, out, activation(layer + 1), layers_.relu(layer), gradient + layers_.biases(layer));
    matrix(gradient + layers_.weights(layer), out, in).noalias() +=
        matrix(by_output, rows, out).transpose() * matrix(activation(layer), rows, in);
    if (layer == 0) break;
    matrix(gradients_[layer % 2].data(), rows, in).noalias() =
        matrix(by_output, rows, out) * matrix(theta + layers_.weights(layer), out, in);
  }
}

}  // namespace odot::inline ODOT_PRECISION
