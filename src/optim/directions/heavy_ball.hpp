// Heavy ball (Polyak 1964; document, algorithm 7): b_t = β b_{t−1} + g_t with b_1 = g_1, p_t = −b_t.
#pragma once

#include "odot/optim/direction.hpp"

namespace odot {

class HeavyBall : public Direction {
 public:
  struct Settings {
    double momentum = 0.9;  ///< β, 0 ≤ β < 1
  };

  explicit HeavyBall(const Settings& settings) : settings_(settings) {}

  void reset(std::size_t n) override { b_.assign(n, 0); }

  void next(const Iterate*, const Iterate& current, Span d) override {
    const Real beta = static_cast<Real>(settings_.momentum);
    const Real* g = current.gradient.data();
    Real* b = b_.data();
    Real* out = d.data();
    for_each_element(d.size(), [=](std::size_t i) {
      b[i] = beta * b[i] + g[i];
      out[i] = -b[i];
    });
  }

  double gain() const override { return 1 / (1 - settings_.momentum); }

 private:
  Settings settings_;
  Vector b_;
};

}  // namespace odot
