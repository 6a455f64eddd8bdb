// Everything relative to the density at the bound that is nearer to 0, by Mills' ratio where both are on one side.
#include "kernels/normal_interval.hpp"

#include <cmath>
#include <numbers>

namespace odot::inline ODOT_PRECISION {
namespace {

const double kLogRootTwoPi = std::log(2 * std::numbers::pi) / 2;
constexpr double kFar = 25;  // from where on the series is exact to rounding, and before which erfc is not 0

double density(double x) { return std::exp(-x * x / 2 - kLogRootTwoPi); }

// For 0 ≤ a < b: P = φ(a) (R(a) − R(b) φ(b)/φ(a)).
NormalInterval upper_tail(double a, double b) {
  const double ratio = std::isinf(b) ? 0 : std::exp((a - b) * (a + b) / 2);
  const double share = mills_ratio(a) - (ratio > 0 ? ratio * mills_ratio(b) : 0);
  return {share, -a * a / 2 - kLogRootTwoPi, 1 / share, ratio / share};
}

}  // namespace

double normal_share_below(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

double mills_ratio(double x) {
  if (x < kFar) return std::erfc(x / std::numbers::sqrt2) / 2 * std::exp(x * x / 2 + kLogRootTwoPi);
  // Σ_k (−1)^k (2k − 1)!! / x^(2k + 1) (Abramowitz & Stegun 26.2.12).
  const double square = 1 / (x * x);
  double sum = 1;
  for (int k = 6; k >= 1; --k) sum = 1 - (2 * k - 1) * square * sum;
  return sum / x;
}

NormalInterval normal_interval(double a, double b) {
  if (a >= 0) return upper_tail(a, b);
  if (b <= 0) {
    const NormalInterval mirrored = upper_tail(-b, -a);
    return {mirrored.share, mirrored.log_scale, mirrored.at_upper, mirrored.at_lower};
  }
  const double share = 1 - std::erfc(b / std::numbers::sqrt2) / 2 - std::erfc(-a / std::numbers::sqrt2) / 2;
  const double lower = std::isinf(a) ? 0 : density(a);
  const double upper = std::isinf(b) ? 0 : density(b);
  return {share, 0, lower / share, upper / share};
}

}  // namespace odot::inline ODOT_PRECISION
