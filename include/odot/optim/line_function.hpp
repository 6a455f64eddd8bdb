// f along one search direction, as step rules see it.
#pragma once

#include <optional>

#include "odot/core/precision.hpp"
#include "odot/optim/objective.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A point on the line x + step · d.
struct Sample {
  double step = 0;
  double change = 0;  ///< f(x + step · d) − f(x)
  double slope = 0;   ///< ⟨∇f(x + step · d), d⟩
};

/// f restricted to x + α d. Nothing is computed before it is asked for: a rule that asks for no sample pays
/// nothing. Where the objective is a polynomial along lines, its coefficients are computed at the first sample and
/// every sample is O(1); otherwise a sample is one evaluation.
class LineFunction {
 public:
  /// All arguments are kept by reference. `trial` is where evaluate() puts its points.
  LineFunction(Objective& objective, const Iterate& origin, ConstSpan direction, Iterate& trial);

  /// Value and slope at `step` ≥ 0.
  Sample at(double step);

  /// Slope at step 0, negative for a descent direction.
  double initial_slope();

  /// x + step · d with its value and gradient. Asked again for the same step, it does no work.
  const Iterate& evaluate(double step);

  const Iterate& origin() const { return origin_; }
  ConstSpan direction() const { return direction_; }

  /// The coefficients, where the objective has them.
  const std::optional<LinePolynomial>& polynomial();

  int evaluations() const { return evaluations_; }  ///< calls of Objective::value_gradient so far
  int lines() const { return lines_; }              ///< 1 when coefficients were computed, else 0

 private:
  Objective& objective_;
  const Iterate& origin_;
  ConstSpan direction_;
  Iterate& trial_;
  std::optional<double> trial_step_;
  std::optional<double> initial_slope_;
  bool asked_ = false;
  std::optional<LinePolynomial> polynomial_;
  int evaluations_ = 0;
  int lines_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
