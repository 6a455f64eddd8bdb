// A standard normal variable within bounds: how probable that is, and what is known of it then.
#pragma once

#include <cmath>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Of x ~ N(0, 1) with a < x ≤ b, P = Φ(b) − Φ(a) and the density φ. All are exact to rounding far out, too, where P
/// itself has no place in a double.
struct NormalInterval {
  double share;      ///< P over e^log_scale
  double log_scale;  ///< ≤ 0
  double at_lower;   ///< φ(a)/P, 0 for a = −∞
  double at_upper;   ///< φ(b)/P, 0 for b = ∞

  /// log P
  double log_probability() const { return std::log(share) + log_scale; }

  /// E x given the bounds.
  double mean() const { return at_lower - at_upper; }
};

/// For a < b, either of which may be infinite.
NormalInterval normal_interval(double a, double b);

/// Φ(x).
double normal_share_below(double x);

/// (1 − Φ(x))/φ(x) for x ≥ 0 (Mills' ratio).
double mills_ratio(double x);

}  // namespace odot::inline ODOT_PRECISION
