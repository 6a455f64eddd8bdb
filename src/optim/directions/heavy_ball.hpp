// Heavy ball (Polyak 1964; document, algorithm 7): b_t = β b_{t−1} + g_t with b_1 = g_1, p_t = −b_t.
#pragma once

#include "optim/directions/momentum.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

class HeavyBall : public Momentum {
 public:
  using Momentum::Momentum;

  void next(const Iterate*, const Iterate& current, Span d) override {
    advance(current, d, [](Real, Real b, Real) { return b; });
  }
};

}  // namespace odot::inline ODOT_PRECISION
