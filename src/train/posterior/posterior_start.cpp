// Random factors of a deviation that the priors at the start expect.
#include "train/posterior/posterior_start.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "model/free_elements.hpp"
#include "odot/core/error.hpp"
#include "train/initial_factors.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kFirstSpread = 0.3;    // of the factors
constexpr double kFirstPrecision = 10;  // Λ, times I

// The noise's precision, and variances of a model's biases, are as the deviation squared, or the inverse.
void check_scale(double deviation) {
  const double most = std::sqrt(static_cast<double>(std::numeric_limits<Real>::max())) / 100;
  if (deviation <= most && deviation >= 1 / most) return;
  throw Error(
      fmt::format("the ratings' standard deviation is {:.3g}; their distributions need one from {:.2g} to {:.2g}: "
                  "multiply the ratings by a number that makes it so",
                  deviation, 1 / most, most));
}

}  // namespace

void start_posterior(const StartTask& task, const FactorLayout& factors, Real* theta, const GaussianPrior& users,
                     const GaussianPrior& items) {
  check_scale(task.deviation);
  set_random_factors(factors, task.pin, {0, 0, kFirstSpread * std::sqrt(task.deviation), 0}, *task.settings.seed,
                     theta);
  const auto set = [&](const GaussianPrior& prior, int pin) {
    for (const std::size_t k : free_elements(factors.width(), pin)) {
      prior.precision[k * factors.stride() + k] = static_cast<Real>(kFirstPrecision / task.deviation);
    }
  };
  set(users, factors.user_pin());
  set(items, factors.item_pin());
}

}  // namespace odot::inline ODOT_PRECISION
