// Nesterov momentum in the form of Sutskever et al. 2013 (document, algorithm 8):
// b_t = β b_{t−1} + g_t with b_1 = g_1, p_t = −(g_t + β b_t).
#pragma once

#include "optim/directions/momentum.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

class Nesterov : public Momentum {
 public:
  using Momentum::Momentum;

  void next(const Iterate*, const Iterate& current, Span d) override {
    advance(current, d, [](Real beta, Real b, Real g) { return g + beta * b; });
  }
};

}  // namespace odot::inline ODOT_PRECISION
