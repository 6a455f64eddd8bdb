// Weighted ridge regressions by their normal equations, in long double.
#pragma once

#include <cstddef>
#include <vector>

#include "support/dense_solve.hpp"

namespace odot::test {

/// The C that minimises Σ w ‖r − Cᵀ(a − c)‖² + ridge ‖C‖², a row for each input, by its normal equations.
inline LongMatrix dense_ridge(const LongMatrix& centred, const LongVector& weights, const LongMatrix& rows,
                              long double ridge) {
  const std::size_t p = centred[0].size();
  const std::size_t columns = rows[0].size();
  LongMatrix system(p, LongVector(p));
  for (std::size_t f = 0; f < p; ++f) {
    system[f][f] = ridge;
    for (std::size_t g = 0; g < p; ++g) {
      for (std::size_t i = 0; i < rows.size(); ++i) system[f][g] += weights[i] * centred[i][f] * centred[i][g];
    }
  }
  LongMatrix out(p, LongVector(columns));
  for (std::size_t k = 0; k < columns; ++k) {
    LongVector right(p);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t f = 0; f < p; ++f) right[f] += weights[i] * centred[i][f] * rows[i][k];
    }
    const LongVector solution = dense_solve(system, right);
    for (std::size_t f = 0; f < p; ++f) out[f][k] = solution[f];
  }
  return out;
}

/// The rows of `matrix` less their weighted mean, which is returned.
inline LongVector centre(LongMatrix& matrix, const LongVector& weights) {
  LongVector mean(matrix[0].size());
  long double total = 0;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    total += weights[i];
    for (std::size_t f = 0; f < mean.size(); ++f) mean[f] += weights[i] * matrix[i][f];
  }
  for (long double& element : mean) element /= total;
  for (LongVector& row : matrix) {
    for (std::size_t f = 0; f < mean.size(); ++f) row[f] -= mean[f];
  }
  return mean;
}

/// What a ridge regression of `rows` with weights says of each of them, and the squares by which it misses those with
/// weights where they are left out, each by a regression of its own.
struct RidgePrediction {
  LongMatrix rows;
  LongVector squares;  ///< the weighted mean of each column
  LongVector misses;   ///< likewise of what is missed
};
inline RidgePrediction ridge_predictions(const LongMatrix& inputs, const LongVector& weights, const LongMatrix& rows,
                                         long double ridge) {
  const std::size_t columns = rows[0].size();
  const auto predict = [&](const LongVector& by, std::size_t i) {
    LongMatrix centred = inputs;
    centre(centred, by);
    LongMatrix of = rows;
    LongVector out = centre(of, by);
    const LongMatrix effects = dense_ridge(centred, by, of, ridge);
    for (std::size_t f = 0; f < effects.size(); ++f) {
      for (std::size_t k = 0; k < columns; ++k) out[k] += centred[i][f] * effects[f][k];
    }
    return out;
  };
  RidgePrediction out{{}, LongVector(columns), LongVector(columns)};
  long double total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.rows.push_back(predict(weights, i));
    if (weights[i] == 0) continue;
    LongVector others = weights;
    others[i] = 0;
    const LongVector left_out = predict(others, i);
    total += weights[i];
    for (std::size_t k = 0; k < columns; ++k) {
      out.misses[k] += weights[i] * (rows[i][k] - left_out[k]);
      out.squares[k] += weights[i] * (rows[i][k] - left_out[k]) * (rows[i][k] - left_out[k]);
    }
  }
  for (long double& square : out.squares) square /= total;
  for (long double& miss : out.misses) miss /= total;
  return out;
}

}  // namespace odot::test
