// What heavy ball and Nesterov momentum share: the running sum of gradients b_t = β b_{t−1} + g_t with b_1 = g_1.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class Momentum : public Direction {
 public:
  struct Settings {
    double momentum = 0.9;  ///< β, 0 ≤ β < 1
  };

  explicit Momentum(const Settings& settings) : settings_(settings) {}

  void reset(std::size_t n) override { b_.assign(n, 0); }

  void visit(StateVisitor& visitor) override { visitor.array("b", b_); }

  double gain() const override { return 1 / (1 - settings_.momentum); }

 protected:
  /// b ← β b + g and d ← −ahead(β, b_i, g_i), element by element.
  template <class Ahead>
  void advance(const Iterate& current, Span d, Ahead ahead) {
    const Real beta = static_cast<Real>(settings_.momentum);
    const Real* g = current.gradient.data();
    Real* b = b_.data();
    Real* out = d.data();
    for_each_element(d.size(), [=](std::size_t i) {
      b[i] = beta * b[i] + g[i];
      out[i] = -ahead(beta, b[i], g[i]);
    });
  }

 private:
  Settings settings_;
  Vector b_;
};

}  // namespace odot::inline ODOT_PRECISION
