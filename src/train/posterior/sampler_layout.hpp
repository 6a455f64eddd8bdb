// Where all that Gibbs' sampler trains lies in one vector.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// θ of the model, which is the kept samples side by side; behind it the sample as it is, the weights of all rows, the
/// effects of partners, the priors, and numbers; then what is kept of samples beside their factors: means over them,
/// their biases, and their priors.
struct SamplerLayout {
  FactorLayout model;    ///< with room for `keep` samples
  FactorLayout factors;  ///< of one
  int keep = 1;
  bool effects = false;

  enum Number {
    noise_precision,
    user_freedom,
    item_freedom,
    user_strength,
    item_strength,
    kept,        ///< samples, 0 as long as there is none but the sample as it is
    mean_noise,  ///< of 1/α
    numbers = kLanes
  };

  std::size_t sample() const { return model.size(); }
  std::size_t user_weights() const { return sample() + factors.size(); }
  std::size_t item_weights() const { return user_weights() + padded(factors.users); }
  std::size_t partner_effects() const { return item_weights() + padded(factors.items); }
  std::size_t user_prior() const { return partner_effects() + effects_size(); }
  std::size_t item_prior() const { return user_prior() + prior_size(factors.stride()); }
  std::size_t number(Number which) const { return item_prior() + prior_size(factors.stride()) + which; }

  /// Means: of 1/ω and 1/γ, where the weights are from user_weights() on; of the items' variances; of the effects.
  std::size_t mean_weights() const { return number(numbers); }
  std::size_t item_variances() const { return mean_weights() + partner_effects() - user_weights(); }
  std::size_t mean_effects() const { return item_variances() + factors.items * factors.stride(); }
  /// A row of `keep` biases for each user, then for each item.
  std::size_t sample_biases() const { return mean_effects() + effects_size(); }
  /// The users' and the items' prior of each sample.
  std::size_t kept_priors() const {
    return sample_biases() + padded((std::size_t{factors.users} + factors.items) * static_cast<std::size_t>(keep));
  }
  std::size_t size() const { return kept_priors() + 2 * static_cast<std::size_t>(keep) * prior_size(factors.stride()); }

  GaussianPrior prior(Vector& all, std::size_t begin) const { return prior_at(all, begin, factors.stride()); }

 private:
  std::size_t effects_size() const { return effects ? factors.size() : 0; }
  static std::size_t padded(std::size_t count) { return (count + kLanes - 1) / kLanes * kLanes; }
};

}  // namespace odot::inline ODOT_PRECISION
