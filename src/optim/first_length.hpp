// How long a method's first step along −∇f is when it has no curvature to go by.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/optim/objective.hpp"

namespace odot::inline ODOT_PRECISION {

/// The multiple of ∇f(x_0) whose norm is `relative` times that of x_0 (times 1 where x_0 = 0). Relative lengths make
/// the choice independent of the scale of f and x.
inline double first_length(const Iterate& start, double relative) {
  const double gradient = norm(start.gradient);
  const double position = norm(start.x);
  return gradient > 0 ? relative * (position > 0 ? position : 1) / gradient : relative;
}

}  // namespace odot::inline ODOT_PRECISION
