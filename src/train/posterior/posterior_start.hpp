// Where methods of distributions start, and the priors of their priors, in standard deviations of the ratings.
#pragma once

#include "odot/core/precision.hpp"
#include "train/factor_training.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

inline constexpr double kFirstNoise = 1.5;    // α
inline constexpr double kPriorScatter = 0.1;  // of Wishart(D, I / kPriorScatter)
inline constexpr double kNoiseRate = 1;       // α ~ Gamma(1, kNoiseRate / 2)

/// Sets θ at `theta` to random factors without biases, and Λ of both priors.
void start_posterior(const StartTask& task, const FactorLayout& factors, Real* theta, const GaussianPrior& users,
                     const GaussianPrior& items);

}  // namespace odot::inline ODOT_PRECISION
