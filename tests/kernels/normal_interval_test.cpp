// Normal numbers within bounds, near and far out, against integrals.
#include "kernels/normal_interval.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace odot {
namespace {

using Long = long double;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Integrals over [a, b] of the density and of x times it, over e^(−m²/2)/√(2π), m being the point nearest to 0.
struct Integrals {
  Long share = 0;
  Long mean = 0;
  Long nearest = 0;
};

Integrals integrate(double a, double b) {
  Integrals out;
  out.nearest = a > 0 ? a : b < 0 ? b : 0;
  // Beyond, the density is less than e^−60 of what it is there.
  const Long reach = 120 / (std::sqrt(out.nearest * out.nearest + 120) + std::abs(out.nearest)) + 0.5L;
  const Long low = std::max<Long>(a, out.nearest - reach);
  const Long high = std::min<Long>(b, out.nearest + reach);
  constexpr int kPieces = 4000;  // of Boole's rule
  const Long step = (high - low) / (4 * kPieces);
  for (int k = 0; k <= 4 * kPieces; ++k) {
    const Long x = low + k * step;
    const Long end = k == 0 || k == 4 * kPieces ? 7 : k % 4 == 0 ? 14 : k % 2 == 0 ? 12 : 32;
    const Long part = end * 2 * step / 45 * std::exp((out.nearest - x) * (out.nearest + x) / 2);
    out.share += part;
    out.mean += part * x;
  }
  out.mean /= out.share;
  return out;
}

TEST_CASE("probabilities, means and densities at the bounds, however far out") {
  const std::vector<double> all{-kInfinity, -300, -60,   -25.5, -24.5, -9,   -3,   -1,   -0.1, 0,   0.1,
                                0.2,        1,    1.001, 3,     9,     24.5, 25.5, 25.6, 60,   300, kInfinity};
  for (const double a : all) {
    for (const double b : all) {
      if (!(a < b)) continue;
      CAPTURE(a);
      CAPTURE(b);
      const Integrals expected = integrate(a, b);
      const NormalInterval found = normal_interval(a, b);
      const Long log_root = std::log(2 * std::numbers::pi_v<Long>) / 2;
      const Long scale = -expected.nearest * expected.nearest / 2 - log_root;
      CHECK(found.log_probability() ==
            doctest::Approx(static_cast<double>(std::log(expected.share) + scale)).epsilon(1e-11));
      const auto relative = [&](double bound) {
        if (std::isinf(bound)) return 0.0;
        const Long log_density = -static_cast<Long>(bound) * bound / 2 - log_root;
        return static_cast<double>(std::exp(log_density - scale) / expected.share);
      };
      const double tolerance = 1e-11 * (1 + std::abs(static_cast<double>(expected.mean)));
      CHECK(std::abs(found.at_lower - relative(a)) <= 1e-10 * relative(a));
      CHECK(std::abs(found.at_upper - relative(b)) <= 1e-10 * relative(b));
      // Where bounds are near one another, the mean is a difference of greater numbers.
      CHECK(std::abs(found.mean() - static_cast<double>(expected.mean)) <=
            tolerance + 1e-13 * (found.at_lower + found.at_upper));
    }
  }
}

TEST_CASE("shares below") {
  CHECK(normal_share_below(0) == 0.5);
  CHECK(normal_share_below(-kInfinity) == 0);
  CHECK(normal_share_below(kInfinity) == 1);
  CHECK(normal_share_below(1.959963984540054) == doctest::Approx(0.975).epsilon(1e-14));
  CHECK(normal_share_below(-10) == doctest::Approx(7.619853024160527e-24).epsilon(1e-13));
}

}  // namespace
}  // namespace odot
