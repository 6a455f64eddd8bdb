// How far a model is from the reference implementation.
#pragma once

#include <algorithm>
#include <cmath>

#include "odot/model/factorization.hpp"
#include "train/variational_reference.hpp"

namespace odot::test {

/// The largest difference between the model's rows and the reference's means; biases are without the pin.
inline double largest_difference(const Factorization& model, const VariationalReference& reference, Long unit) {
  const FactorLayout& layout = model.layout;
  double worst = 0;
  for (const bool users : {true, false}) {
    const ReferenceSide& side = users ? reference.users() : reference.items();
    for (Index row = 0; row < side.means.size(); ++row) {
      const Real* found = model.theta.data() + (users ? layout.user_row(row) : layout.item_row(row));
      for (const std::size_t k : side.free) {
        const bool bias = static_cast<int>(k) == (users ? layout.user_bias() : layout.item_bias());
        const Long expected = side.means[row][k] * (bias ? std::sqrt(unit) : 1);
        const auto error = static_cast<double>(std::abs(static_cast<Long>(found[k]) - expected));
        if (!(error <= worst)) worst = error;
      }
    }
  }
  return worst;
}

}  // namespace odot::test
