// A trained neural network on features of users and items.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "odot/core/vector.hpp"
#include "odot/ratings/features.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// What a network knows of its users, or of its items.
struct MlpSide {
  IdTable ids;                ///< of all lines of the feature file, also of those without ratings
  FeatureEncoding encoding;   ///< how their features became inputs
  std::vector<Real> inputs;   ///< ids.size() rows of encoding.inputs()
  std::vector<Real> unknown;  ///< the row that stands for an unknown id: the mean of those that training knew

  /// The row of `id`, which may be kUnknown.
  const Real* row(Index id) const { return id == kUnknown ? unknown.data() : inputs.data() + id * unknown.size(); }
};

/// From a feature table; the row for unknown ids is the mean of its rows.
MlpSide make_side(FeatureTable features);

/// Adds those ids of `features`, which were read with side.encoding, that the side does not have; those that it has
/// keep their inputs. Returns how many were added.
std::size_t add_features(MlpSide& side, const FeatureTable& features);

/// A network of fully connected layers: a rating is scale · a_L, where a_0 are the inputs of user and item one after
/// the other and a_{l+1} = ReLU(W_l a_l + b_l), in the last layer without ReLU unless output_relu.
struct Mlp {
  std::vector<std::size_t> layers;  ///< sizes: inputs, each hidden layer, 1
  bool output_relu = false;
  Vector theta;  ///< layer by layer W_l row by row (a row an output), then b_l
  MlpSide users;
  MlpSide items;
  double scale = 1;                             ///< what the network gives, times this, is a rating
  double lowest = 0;                            ///< of the training ratings, for clipping
  double highest = 0;                           ///< of the training ratings, for clipping
  std::map<std::string, std::string> settings;  ///< by name; not used in predicting

  /// The nearest value in [lowest, highest].
  double clip(double value) const { return std::min(std::max(value, lowest), highest); }
};

/// Reals in the θ of a network with these layers.
std::size_t parameter_count(const std::vector<std::size_t>& layers);

}  // namespace odot
#pragma GCC visibility pop
