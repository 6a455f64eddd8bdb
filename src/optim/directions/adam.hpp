// Adam (Kingma & Ba 2015; document, algorithm 11):
//   m_t = β₁ m_{t−1} + (1 − β₁) g_t,   v_t = β₂ v_{t−1} + (1 − β₂) g_t²,
//   m̂_t = m_t / (1 − β₁^t),   v̂_t = v_t / (1 − β₂^t),   p_t = −m̂_t / (√v̂_t + ε).
#pragma once

#include <cmath>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class Adam : public Direction {
 public:
  struct Settings {
    double beta1 = 0.9;     ///< β₁, 0 ≤ β₁ < 1
    double beta2 = 0.999;   ///< β₂, 0 ≤ β₂ < 1
    double epsilon = 1e-8;  ///< ε > 0
  };

  explicit Adam(const Settings& settings) : settings_(settings) {}

  void reset(std::size_t n) override {
    m_.assign(n, 0);
    v_.assign(n, 0);
    beta1_power_ = 1;
    beta2_power_ = 1;
  }

  void next(const Iterate*, const Iterate& current, Span d) override {
    beta1_power_ *= settings_.beta1;
    beta2_power_ *= settings_.beta2;
    const Real beta1 = static_cast<Real>(settings_.beta1);
    const Real beta2 = static_cast<Real>(settings_.beta2);
    const Real rest1 = static_cast<Real>(1 - settings_.beta1);
    const Real rest2 = static_cast<Real>(1 - settings_.beta2);
    const Real unbias1 = static_cast<Real>(1 / (1 - beta1_power_));
    const Real unbias2 = static_cast<Real>(1 / (1 - beta2_power_));
    const Real epsilon = static_cast<Real>(settings_.epsilon);
    const Real* g = current.gradient.data();
    Real* m = m_.data();
    Real* v = v_.data();
    Real* out = d.data();
    for_each_element(d.size(), [=](std::size_t i) {
      m[i] = beta1 * m[i] + rest1 * g[i];
      v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
      out[i] = -(unbias1 * m[i]) / (std::sqrt(unbias2 * v[i]) + epsilon);
    });
  }

  void visit(StateVisitor& visitor) override {
    visitor.array("m", m_);
    visitor.array("v", v_);
    visitor.number("beta1_power", beta1_power_);
    visitor.number("beta2_power", beta2_power_);
  }

  bool scales_elements() const override { return true; }

 private:
  Settings settings_;
  Vector m_;
  Vector v_;
  double beta1_power_ = 1;  // β₁^t
  double beta2_power_ = 1;  // β₂^t
};

}  // namespace odot::inline ODOT_PRECISION
