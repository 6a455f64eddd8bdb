// A trained factorisation: everything that predicting needs.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// The numbers beside θ that a prediction is made of.
struct PredictionConstants {
  double pin = 1;                 ///< value of the pinned columns: a bias is its column's element × pin
  double mean = 0;                ///< added to every prediction; what was subtracted from the ratings before training
  double lowest = 0;              ///< of the training ratings, for clipping
  double highest = 0;             ///< of the training ratings, for clipping
  double fallback_user_bias = 0;  ///< stands in for the bias of an unknown user, in units of the ratings
  double fallback_item_bias = 0;  ///< stands in for the bias of an unknown item, in units of the ratings
  double unknown_mean = 0;        ///< the prediction where nothing is known

  /// The nearest value in [lowest, highest].
  double clip(double value) const { return std::min(std::max(value, lowest), highest); }
};

/// A factorisation that does not own its θ, so that θ can be evaluated while it is being trained.
struct FactorView : PredictionConstants {
  FactorLayout layout;
  ConstSpan theta;  ///< layout.size() elements

  /// The rating of `item` by `user`, not clipped: mean + Σ u_k v_k + b_i + c_j, summed in double. Either may be
  /// kUnknown; then, with biases, what is known of the other is used, and unknown_mean stands for everything otherwise.
  /// Indices that are not kUnknown must be in range.
  double predict(Index user, Index item) const;
};

/// A trained model: θ with its constants, the ids of its rows, and the settings it was trained with.
struct Factorization : PredictionConstants {
  FactorLayout layout;
  Vector theta;
  IdTable users;                                ///< layout.users of them
  IdTable items;                                ///< layout.items of them
  std::map<std::string, std::string> settings;  ///< by name; not used in predicting

  /// Valid as long as theta is neither moved nor resized.
  FactorView view() const { return {*this, layout, theta}; }

  double predict(Index user, Index item) const { return view().predict(user, item); }
};

/// Multiplies the biases by the pin and makes the pin 1: the form in which models are kept.
void absorb_pin(Factorization& model);

}  // namespace odot
#pragma GCC visibility pop
