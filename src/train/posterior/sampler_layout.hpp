// Where all that Gibbs' sampler trains lies in one vector.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/posterior/feature_effects.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// θ of the model, which is the kept samples side by side; behind it the sample as it is, the weights of all rows, the
/// effects of partners, the priors, and numbers; then what is kept of samples beside their factors: means over them,
/// their biases, and their priors; at last what is learned of so many inputs of users and of items, as it is and for
/// each sample.
struct SamplerLayout {
  FactorLayout model;    ///< with room for `keep` samples
  FactorLayout factors;  ///< of one
  int keep = 1;
  bool effects = false;
  std::size_t user_inputs = 0;
  std::size_t item_inputs = 0;

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
    return sample_biases() + padded((std::size_t{factors.users} + factors.items) * samples());
  }
  std::size_t user_features() const { return kept_priors() + 2 * samples() * prior_size(factors.stride()); }
  std::size_t item_features() const { return user_features() + user_block(); }
  /// Blocks of `keep` samples, one after another.
  std::size_t kept_user_features() const { return item_features() + item_block(); }
  std::size_t kept_item_features() const { return kept_user_features() + samples() * user_block(); }
  std::size_t size() const { return kept_item_features() + samples() * item_block(); }

  /// Reals of a FeatureBlock.
  std::size_t user_block() const { return feature_block_size(user_inputs, factors.stride()); }
  std::size_t item_block() const { return feature_block_size(item_inputs, factors.stride()); }

  GaussianPrior prior(Vector& all, std::size_t begin) const { return prior_at(all, begin, factors.stride()); }

 private:
  std::size_t samples() const { return static_cast<std::size_t>(keep); }
  std::size_t effects_size() const { return effects ? factors.size() : 0; }
  static std::size_t padded(std::size_t count) { return (count + kLanes - 1) / kLanes * kLanes; }
};

}  // namespace odot::inline ODOT_PRECISION
