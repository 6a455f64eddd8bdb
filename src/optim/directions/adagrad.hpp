// AdaGrad (Duchi, Hazan & Singer 2011; document, algorithm 9): s_t = α s_{t−1} + g_t², p_t = −g_t / (√s_t + ε).
// The paper has α = 1, which is the default.
#pragma once

#include <cmath>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class AdaGrad : public Direction {
 public:
  struct Settings {
    double decay = 1;       ///< α, 0 ≤ α ≤ 1
    double epsilon = 1e-8;  ///< ε > 0
  };

  explicit AdaGrad(const Settings& settings) : settings_(settings) {}

  void reset(std::size_t n) override { s_.assign(n, 0); }

  void next(const Iterate*, const Iterate& current, Span d) override {
    const Real alpha = static_cast<Real>(settings_.decay);
    const Real epsilon = static_cast<Real>(settings_.epsilon);
    const Real* g = current.gradient.data();
    Real* s = s_.data();
    Real* out = d.data();
    for_each_element(d.size(), [=](std::size_t i) {
      s[i] = alpha * s[i] + g[i] * g[i];
      out[i] = -g[i] / (std::sqrt(s[i]) + epsilon);
    });
  }

  void visit(StateVisitor& visitor) override { visitor.array("s", s_); }

  bool scales_elements() const override { return true; }

 private:
  Settings settings_;
  Vector s_;
};

}  // namespace odot::inline ODOT_PRECISION
