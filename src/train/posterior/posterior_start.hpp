// Where methods of distributions start, and the priors of their priors, in standard deviations of the ratings.
#pragma once

#include <cmath>

#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/random.hpp"
#include "train/factor_training.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

inline constexpr double kFirstSpread = 0.3;    // of the factors
inline constexpr double kFirstPrecision = 10;  // Λ, times I
inline constexpr double kFirstNoise = 1.5;     // α
inline constexpr double kPriorScatter = 0.1;   // of Wishart(D, I / kPriorScatter)
inline constexpr double kNoiseRate = 1;        // α ~ Gamma(1, kNoiseRate / 2)

/// Sets θ at `theta` to random factors without biases, and Λ of both priors.
inline void start_posterior(const StartTask& task, const FactorLayout& factors, Real* theta, const GaussianPrior& users,
                            const GaussianPrior& items) {
  constexpr std::uint64_t kUserFactors = 1;  // numbers of random streams, as in initial_factors()
  constexpr std::uint64_t kItemFactors = 2;
  const double spread = kFirstSpread * std::sqrt(task.deviation);
  const auto fill = [&](std::size_t begin, Index rows, std::uint64_t number, int pin_column) {
    const RandomStream stream(*task.settings.seed, number);
    for_each_element(rows, [&](std::size_t row) {
      Real* out = theta + begin + row * factors.stride();
      const std::uint64_t first = row * static_cast<std::uint64_t>(factors.rank);
      for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(factors.rank); ++k) {
        out[k] = static_cast<Real>(spread * stream.normal(first + k));
      }
      if (pin_column >= 0) out[pin_column] = static_cast<Real>(task.pin);
    });
  };
  fill(factors.user_row(0), factors.users, kUserFactors, factors.user_pin());
  fill(factors.item_row(0), factors.items, kItemFactors, factors.item_pin());
  const auto set = [&](const GaussianPrior& prior, int pin) {
    for (std::size_t k = 0; k < factors.width(); ++k) {
      if (static_cast<int>(k) == pin) continue;
      prior.precision[k * factors.stride() + k] = static_cast<Real>(kFirstPrecision / task.deviation);
    }
  };
  set(users, factors.user_pin());
  set(items, factors.item_pin());
}

}  // namespace odot::inline ODOT_PRECISION
