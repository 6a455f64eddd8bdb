// Ratings as intervals of normal numbers, in long double, derivatives by differences.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "support/dense_ridge.hpp"
#include "train/reference_side.hpp"

namespace odot::test {

struct OrdinalReference {
  std::vector<std::size_t> classes;  ///< of ratings
  LongVector cuts;

  /// Φ at a cut, −1 being below all.
  static Long below(const LongVector& cuts, std::ptrdiff_t cut, Long t) {
    if (cut < 0) return 0;
    if (cut == static_cast<std::ptrdiff_t>(cuts.size())) return 1;
    return std::erfc((t - cuts[static_cast<std::size_t>(cut)]) / std::sqrt(2.0L)) / 2;
  }
  /// φ there.
  Long density(std::ptrdiff_t cut, Long t) const {
    if (cut < 0 || cut == static_cast<std::ptrdiff_t>(cuts.size())) return 0;
    const Long x = cuts[static_cast<std::size_t>(cut)] - t;
    return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<Long>);
  }

  Long log_probability(std::size_t rating, Long t, const LongVector& at) const {
    const auto of_class = static_cast<std::ptrdiff_t>(classes[rating]);
    return std::log(below(at, of_class, t) - below(at, of_class - 1, t));
  }

  /// The mean of z within its interval.
  Long target(std::size_t rating, Long t) const {
    const auto of_class = static_cast<std::ptrdiff_t>(classes[rating]);
    return t + (density(of_class - 1, t) - density(of_class, t)) /
                   (below(cuts, of_class, t) - below(cuts, of_class - 1, t));
  }

  /// −∂² log P/∂t².
  Long curvature(std::size_t rating, Long t) const {
    constexpr Long kStep = 1e-4L;
    return (2 * log_probability(rating, t, cuts) - log_probability(rating, t + kStep, cuts) -
            log_probability(rating, t - kStep, cuts)) /
           (kStep * kStep);
  }

  Long log_likelihood(const LongVector& latents, const LongVector& at) const {
    Long sum = 0;
    for (std::size_t t = 0; t < classes.size(); ++t) sum += log_probability(t, latents[t], at);
    return sum;
  }
  Long log_likelihood(const LongVector& latents) const { return log_likelihood(latents, cuts); }

  /// Newton's step.
  void move_cuts(const LongVector& latents) {
    constexpr Long kStep = 1e-4L;
    const std::size_t n = cuts.size();
    const auto at = [&](std::size_t i, Long a, std::size_t k, Long b) {
      LongVector moved = cuts;
      moved[i] += a * kStep;
      moved[k] += b * kStep;
      return log_likelihood(latents, moved);
    };
    LongMatrix hessian(n, LongVector(n));
    LongVector gradient(n);
    for (std::size_t i = 0; i < n; ++i) {
      gradient[i] = (at(i, 1, i, 0) - at(i, -1, i, 0)) / (2 * kStep);
      for (std::size_t k = 0; k < n; ++k) {
        hessian[i][k] = -(at(i, 1, k, 1) - at(i, 1, k, -1) - at(i, -1, k, 1) + at(i, -1, k, -1)) / (4 * kStep * kStep);
      }
    }
    const LongVector step = dense_solve(hessian, gradient);
    for (std::size_t i = 0; i < n; ++i) cuts[i] += step[i];
  }
};

}  // namespace odot::test
