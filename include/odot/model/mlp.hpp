// A trained neural network on features of users and items.
#pragma once

#include <cstddef>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/features/features.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// What a network knows of its users, or of its items.
struct MlpSide {
  FeatureEncoding encoding;   ///< how their features became inputs
  std::vector<Real> inputs;   ///< a row of encoding.inputs() for each
  std::vector<Real> unknown;  ///< the row that stands for an unknown id: the mean of those that training knew

  /// The row of `id`, which may be kUnknown.
  const Real* row(Index id) const { return id == kUnknown ? unknown.data() : inputs.data() + id * unknown.size(); }
};

/// A network of fully connected layers: a rating is scale · a_L, where a_0 are the inputs of user and item one after
/// the other and a_{l+1} = ReLU(W_l a_l + b_l), in the last layer without ReLU unless output_relu. Users and items are
/// those of all lines of the feature files, also those without ratings.
struct Mlp final : Model {
  std::vector<std::size_t> layers;  ///< sizes: inputs, each hidden layer, 1
  bool output_relu = false;
  Vector theta;  ///< layer by layer W_l row by row (a row an output), then b_l
  MlpSide user_side;
  MlpSide item_side;
  double scale = 1;  ///< what the network gives, times this, is a rating

  /// Sets ids and sides from feature tables; the row for unknown ids is the mean of a table's rows.
  void set_features(FeatureTable user_features, FeatureTable item_features);

  const ModelKind& kind() const override;
  void predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const override;
  Evaluation evaluate(const Triples& ratings, bool clip_to_range) const override;
};

/// Adds those ids of `features`, which were read with side.encoding, that are not among `ids`, the side's; those that
/// are keep their inputs. Returns how many were added.
std::size_t add_features(IdTable& ids, MlpSide& side, const FeatureTable& features);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
