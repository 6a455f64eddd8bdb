// RMSProp (Tieleman & Hinton 2012; document, algorithm 10): v_t = α v_{t−1} + (1 − α) g_t², p_t = −g_t / (√v_t + ε).
#pragma once

#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class RmsProp : public Direction {
 public:
  struct Settings {
    double decay = 0.99;    ///< α, 0 ≤ α < 1
    double epsilon = 1e-8;  ///< ε > 0
  };

  explicit RmsProp(const Settings& settings) : settings_(settings) {
    if (!(settings.decay < 1)) {
      throw Error("rmsprop needs decay < 1: with 1 it would never see a gradient", ErrorKind::usage);
    }
  }

  void reset(std::size_t n) override { v_.assign(n, 0); }

  void next(const Iterate*, const Iterate& current, Span d) override {
    const Real alpha = static_cast<Real>(settings_.decay);
    const Real rest = static_cast<Real>(1 - settings_.decay);
    const Real epsilon = static_cast<Real>(settings_.epsilon);
    const Real* g = current.gradient.data();
    Real* v = v_.data();
    Real* out = d.data();
    for_each_element(d.size(), [=](std::size_t i) {
      v[i] = alpha * v[i] + rest * g[i] * g[i];
      out[i] = -g[i] / (std::sqrt(v[i]) + epsilon);
    });
  }

  void visit(StateVisitor& visitor) override { visitor.array("v", v_); }

  bool scales_elements() const override { return true; }

 private:
  Settings settings_;
  Vector v_;
};

}  // namespace odot::inline ODOT_PRECISION
