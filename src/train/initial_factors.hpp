// Where training starts.
#pragma once

#include <cstdint>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// Random factors whose predictions scatter around the mean of the ratings by a tenth of their standard deviation,
/// `deviation` > 0. What is not subtracted from the ratings, `offset`, is predicted by the biases, or without them by
/// the factors' own means. Pins are set, padding is zero. The same bits on any number of threads.
Vector initial_factors(const FactorLayout& layout, double pin, double offset, double deviation, std::uint64_t seed);

/// Normal factors, and what all biases are.
struct RandomFactors {
  double user_mean;
  double item_mean;
  double spread;  ///< standard deviation
  double bias;
};

/// Sets the layout.size() elements of `theta` but for the padding; pins to `pin`. The same bits on any number of
/// threads.
void set_random_factors(const FactorLayout& layout, double pin, const RandomFactors& factors, std::uint64_t seed,
                        Real* theta);

/// Random factors > 0 without biases whose predictions scatter around `mean` ≥ 0, the mean of the ratings.
Vector initial_non_negative_factors(const FactorLayout& layout, double mean, std::uint64_t seed);

}  // namespace odot::inline ODOT_PRECISION
