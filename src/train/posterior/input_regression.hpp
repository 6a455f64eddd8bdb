// Ridge regressions of rows on their inputs.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {

/// For rows r_i with weights w_i and inputs a_i, and all columns at once, the C that minimises
/// Σ w_i ‖r_i − Cᵀ(a_i − c)‖² + ridge ‖C‖². All sums are in double, the same bits on any number of threads.
class InputRegression {
 public:
  /// `inputs` has a row of `width` for each weight; what is given by reference must outlive it. The centre c is where
  /// none is given Σ w_i a_i / Σ w_i.
  InputRegression(const std::vector<Real>& inputs, std::size_t width, std::vector<double> weights, double ridge,
                  const Vector* centre = nullptr);
  ~InputRegression();

  /// Sets out[0 … columns) to r_i.
  using Row = std::function<void(std::size_t i, double* out)>;

  /// C, a row of `columns` for each input, and behind it Σ w_i r_i.
  std::vector<double> solve(std::size_t columns, const Row& row) const;

  /// Numbers of N(0, M⁻¹), M = Σ w (a − c)(a − c)ᵀ + ridge I, in each column of as many rows as there are inputs, from
  /// those of N(0, I) that they hold: with M = K Kᵀ multiplies by K⁻ᵀ.
  void correlate(std::size_t columns, std::vector<double>& normals) const;

  /// h_i = w_i (1/Σw + (a_i − c)ᵀ M⁻¹ (a_i − c)): with a constant beside C, the error of row i where it is
  /// left out is its error over 1 − h_i (Allen 1974). For the centre of its own.
  std::vector<double> leverages() const;

  const std::vector<double>& weights() const { return weights_; }
  double total() const { return total_; }                        ///< Σ w
  const std::vector<double>& centre() const { return centre_; }  ///< c

 private:
  struct System;

  const Real* inputs_of(std::size_t i) const { return inputs_.data() + i * width_; }

  const std::vector<Real>& inputs_;
  std::size_t width_;
  std::vector<double> weights_;
  double total_ = 0;
  std::vector<double> centre_;
  std::unique_ptr<const System> system_;
};

}  // namespace odot::inline ODOT_PRECISION
