// Ratings of a few values as intervals of a number that is not seen.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Different values that ratings can have under a link.
inline constexpr std::size_t kMostRatingValues = 64;

/// A rating is values[k] where a latent number z ~ N(t, 1), of which factors and biases give the mean t, is between
/// cuts[k − 1] and cuts[k], without bound on the outer sides (McCullagh 1980, with the normal distribution instead of
/// the logistic: ordered probit).
struct OrdinalLink {
  Vector values;  ///< ascending, 2 to kMostRatingValues of them
  Vector cuts;    ///< ascending, one fewer

  /// How probable each value is where t ~ N(latent, variance): Φ((c_k − latent)/s) − Φ((c_{k−1} − latent)/s) with
  /// s² = 1 + variance. `out` has a place for every value.
  void probabilities(double latent, double variance, std::span<double> out) const;

  /// The mean of the values under these probabilities, between the first and the last of them.
  double mean(double latent, double variance) const;
};

/// Empty where it is a link; else what is wrong with it.
std::string fault_of(const OrdinalLink& link);

/// Which of some ascending values `rating` is, or is nearest to; the lower of two.
std::size_t nearest_value(ConstSpan values, double rating);

/// Of a rating that has value k with probability p[k].
double mean_of(ConstSpan values, std::span<const double> p);
double deviation_of(ConstSpan values, std::span<const double> p);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
