// Where what a method of distributions learns lies in the one vector that is kept, saved and gone on from.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/posterior/feature_effects.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// θ, which holds the means, is followed by their variances, by the effects of what a row's partners are (in the rows
/// of the partners; absent where neither side has any), by the priors of users and items and the noise's precision, by
/// what is learned of so many inputs of users and of items, and by a link's cut points.
struct PosteriorLayout {
  FactorLayout factors;
  bool effects = false;
  std::size_t user_inputs = 0;
  std::size_t item_inputs = 0;
  std::size_t cut_count = 0;

  std::size_t variances() const { return factors.size(); }
  std::size_t partner_effects() const { return 2 * factors.size(); }
  std::size_t user_prior() const { return (effects ? 3 : 2) * factors.size(); }
  std::size_t item_prior() const { return user_prior() + prior_size(factors.stride()); }
  std::size_t noise_precision() const { return item_prior() + prior_size(factors.stride()); }
  std::size_t user_features() const { return noise_precision() + kLanes; }
  std::size_t item_features() const { return user_features() + feature_block_size(user_inputs, factors.stride()); }
  std::size_t cuts() const { return item_features() + feature_block_size(item_inputs, factors.stride()); }
  std::size_t size() const { return cuts() + (cut_count + kLanes - 1) / kLanes * kLanes; }

  /// The prior that begins at `begin`.
  GaussianPrior prior(Vector& all, std::size_t begin) const { return prior_at(all, begin, factors.stride()); }
};

}  // namespace odot::inline ODOT_PRECISION
