// Where training starts: the random factors.
#include "train/initial_factors.hpp"

#include <cmath>

#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kScatter = 0.1;  // standard deviation of the first predictions, in those of the ratings

constexpr double kSpread = 0.5;  // of non-negative factors, relative to their mean

// The numbers of random streams that training draws from.
enum Stream : std::uint64_t { kUserFactors = 1, kItemFactors = 2 };

}  // namespace

Vector initial_factors(const FactorLayout& layout, double pin, double offset, double deviation, std::uint64_t seed) {
  const double rank = layout.rank;
  const double scatter = kScatter * deviation;
  const double factor_offset = layout.biases ? 0 : std::abs(offset);
  const double level = std::sqrt(factor_offset / rank);
  // u·v of two vectors of normals with standard deviation s about ±level has variance rank s⁴ + 2 rank level² s²; this
  // is the s for which that is scatter².
  const double ratio = factor_offset / scatter;
  const double spread = std::sqrt(scatter / (ratio + std::hypot(ratio, std::sqrt(rank))));
  const double bias = layout.biases ? offset / (2 * pin) : 0;

  Vector theta(layout.size());
  set_random_factors(layout, pin, {level, std::copysign(level, offset), spread, bias}, seed, theta.data());
  return theta;
}

void set_random_factors(const FactorLayout& layout, double pin, const RandomFactors& factors, std::uint64_t seed,
                        Real* theta) {
  const auto fill = [&](std::size_t begin, Index rows, double mean, Stream number, int bias_column, int pin_column) {
    const RandomStream stream(seed, number);
    for_each_element(rows, [&](std::size_t row) {
      Real* out = theta + begin + row * layout.stride();
      const std::uint64_t first = row * static_cast<std::uint64_t>(layout.rank);
      for (int k = 0; k < layout.rank; ++k) {
        out[k] = static_cast<Real>(mean + factors.spread * stream.normal(first + static_cast<std::uint64_t>(k)));
      }
      if (layout.biases) {
        out[bias_column] = static_cast<Real>(factors.bias);
        out[pin_column] = static_cast<Real>(pin);
      }
    });
  };
  fill(layout.user_row(0), layout.users, factors.user_mean, kUserFactors, layout.user_bias(), layout.user_pin());
  fill(layout.item_row(0), layout.items, factors.item_mean, kItemFactors, layout.item_bias(), layout.item_pin());
}

Vector initial_non_negative_factors(const FactorLayout& layout, double mean, std::uint64_t seed) {
  // Elements are uniform within ±kSpread of their mean: equal ones would stay equal.
  const double level = std::sqrt(mean / layout.rank);
  Vector theta(layout.size());
  const auto fill = [&](std::size_t begin, Index rows, Stream number) {
    const RandomStream stream(seed, number);
    for_each_element(rows, [&](std::size_t row) {
      const std::uint64_t first = row * static_cast<std::uint64_t>(layout.rank);
      for (std::size_t k = 0; k < static_cast<std::size_t>(layout.rank); ++k) {
        const double relative = 1 + kSpread * (2 * stream.uniform(first + k) - 1);
        theta[begin + row * layout.stride() + k] = static_cast<Real>(level * relative);
      }
    });
  };
  fill(layout.user_row(0), layout.users, kUserFactors);
  fill(layout.item_row(0), layout.items, kItemFactors);
  return theta;
}

}  // namespace odot::inline ODOT_PRECISION
