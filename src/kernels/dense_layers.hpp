// Fully connected layers, evaluated and differentiated for a tile of samples at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {

/// The shape of a network whose layer l maps sizes[l] to sizes[l + 1] numbers, a ← ReLU(W a + b), the last one with or
/// without ReLU; and where its parameters lie in θ: layer by layer, W row by row (a row an output), then b.
class DenseLayers {
 public:
  /// At least two sizes, all positive.
  DenseLayers(std::vector<std::size_t> sizes, bool output_relu);

  std::size_t size() const { return size_; }  ///< Reals in θ
  std::size_t count() const { return sizes_.size() - 1; }
  std::size_t inputs(std::size_t layer) const { return sizes_[layer]; }
  std::size_t outputs(std::size_t layer) const { return sizes_[layer + 1]; }
  bool relu(std::size_t layer) const { return layer + 1 < count() || output_relu_; }
  std::size_t weights(std::size_t layer) const { return offsets_[layer]; }  ///< position of W in θ
  std::size_t biases(std::size_t layer) const { return offsets_[layer] + inputs(layer) * outputs(layer); }

 private:
  std::vector<std::size_t> sizes_;
  std::vector<std::size_t> offsets_;
  std::size_t size_ = 0;
  bool output_relu_;
};

/// Activations of up to kMost samples. All matrices are row-major, a row a sample.
class DenseTile {
 public:
  static constexpr std::size_t kMost = 128;

  /// `layers` must outlive this.
  explicit DenseTile(const DenseLayers& layers);

  Real* input() { return activation(0); }                        ///< to be filled in before forward()
  const Real* output() { return activation(layers_.count()); }   ///< after forward()
  Real* output_gradient() { return gradients_[last()].data(); }  ///< to be filled in before backward()

  /// Evaluates the first `rows` samples.
  void forward(const Real* theta, std::size_t rows);

  /// Adds Σ over the samples of (derivative of the output by θ)ᵀ output_gradient to `gradient`, which is laid out as θ.
  /// After forward(); output_gradient is used up.
  void backward(const Real* theta, std::size_t rows, Real* gradient);

 private:
  Real* activation(std::size_t layer) { return activations_.data() + offsets_[layer]; }
  std::size_t last() const { return layers_.count() % 2; }

  const DenseLayers& layers_;
  std::vector<std::size_t> offsets_;  // of the activations before and after each layer
  Vector activations_;
  Vector gradients_[2];  // by activations; those before and after a layer take turns
};

}  // namespace odot::inline ODOT_PRECISION
