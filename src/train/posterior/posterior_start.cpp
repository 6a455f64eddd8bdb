// Random factors of a deviation that the priors at the start expect.
#include "train/posterior/posterior_start.hpp"

#include <cmath>

#include "model/free_elements.hpp"
#include "train/initial_factors.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kFirstSpread = 0.3;    // of the factors
constexpr double kFirstPrecision = 10;  // Λ, times I

}  // namespace

void start_posterior(const StartTask& task, const FactorLayout& factors, Real* theta, const GaussianPrior& users,
                     const GaussianPrior& items) {
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
