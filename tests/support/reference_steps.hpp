// The document's step strategies, algorithms 1 to 4, written again from its pseudo-code in terms of f and ∇f alone.
#pragma once

#include <limits>

#include "odot/optim/step_rule.hpp"
#include "support/optim_problems.hpp"

namespace odot::test {

/// Inputs of the algorithms beside θ, f and p, by the document's symbols.
struct StepInputs {
  double beta = 0.5;
  double c1 = 1e-4;
  double c2 = 0.9;
  int t = 100;
  double epsilon = 1e-15;
  double alpha = 1;  ///< the first trial
};

/// Algorithms 1, 2 and 4 differ in their condition alone: shrinks α until `holds(α)`.
template <class Condition>
LineStep shrink_until(const StepInputs& in, Condition holds) {
  double alpha = in.alpha;
  for (int i = 1; i <= in.t; ++i) {
    if (holds(alpha)) return {alpha, StepStatus::accepted, i};
    alpha *= in.beta;
    if (alpha < in.epsilon) return {alpha, StepStatus::floor, i};
  }
  return {alpha, StepStatus::out_of_trials, in.t};
}

inline bool lipschitz_holds(const PlainObjective& f, const Plain& x, const Plain& p, double alpha) {
  const Plain trial = plain_add(x, alpha, p);
  const double gradients = plain_norm(plain_add(f.gradient(x), -1, f.gradient(trial)));
  return gradients <= plain_norm(plain_add(x, -1, trial)) / alpha;
}

inline bool armijo_holds(const PlainObjective& f, const Plain& x, const Plain& p, double alpha, double c1) {
  return f.value(plain_add(x, alpha, p)) <= f.value(x) + c1 * alpha * plain_dot(f.gradient(x), p);
}

inline bool weak_curvature_holds(const PlainObjective& f, const Plain& x, const Plain& p, double alpha, double c2) {
  return plain_dot(p, f.gradient(plain_add(x, alpha, p))) >= c2 * plain_dot(p, f.gradient(x));
}

inline bool strong_curvature_holds(const PlainObjective& f, const Plain& x, const Plain& p, double alpha, double c2) {
  return std::abs(plain_dot(p, f.gradient(plain_add(x, alpha, p)))) <= c2 * std::abs(plain_dot(p, f.gradient(x)));
}

/// Algorithm 1.
inline LineStep lipschitz_step(const PlainObjective& f, const Plain& x, const Plain& p, const StepInputs& in) {
  return shrink_until(in, [&](double alpha) { return lipschitz_holds(f, x, p, alpha); });
}

/// Algorithm 2.
inline LineStep armijo_step(const PlainObjective& f, const Plain& x, const Plain& p, const StepInputs& in) {
  return shrink_until(in, [&](double alpha) { return armijo_holds(f, x, p, alpha, in.c1); });
}

/// Algorithm 3.
inline LineStep weak_wolfe_step(const PlainObjective& f, const Plain& x, const Plain& p, const StepInputs& in) {
  double alpha = in.alpha;
  double a = 0;
  double b = std::numeric_limits<double>::infinity();
  for (int i = 1; i <= in.t; ++i) {
    if (!armijo_holds(f, x, p, alpha, in.c1)) {
      b = alpha;
      alpha = (a + b) / 2;
    } else if (!weak_curvature_holds(f, x, p, alpha, in.c2)) {
      a = alpha;
      alpha = std::isinf(b) ? 2 * a : (a + b) / 2;
    } else {
      return {alpha, StepStatus::accepted, i};
    }
  }
  return {alpha, StepStatus::out_of_trials, in.t};
}

/// Algorithm 4.
inline LineStep strong_wolfe_step(const PlainObjective& f, const Plain& x, const Plain& p, const StepInputs& in) {
  return shrink_until(in, [&](double alpha) {
    return armijo_holds(f, x, p, alpha, in.c1) && strong_curvature_holds(f, x, p, alpha, in.c2);
  });
}

}  // namespace odot::test
