// Rows from inputs, by what training learned of them.
#include "train/fold_in_features.hpp"

#include "model/kinds/side_features.hpp"

namespace odot::inline ODOT_PRECISION {

void add_feature_moves(const SideFeatures& features, const FeatureTable& table, const IdTable& ids,
                       const std::vector<Index>& wanted, std::size_t stride, Vector& rows) {
  const InputEffects effect(features.effects.data(), features.input_means, stride);
  std::vector<double> move(stride);
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const Index line = table.ids.find(ids[wanted[at]]);
    if (line == kUnknown) continue;
    effect(table.inputs.data() + line * features.input_means.size(), move.data());
    for (std::size_t k = 0; k < stride; ++k) rows[at * stride + k] += static_cast<Real>(move[k]);
  }
}

void add_unrated(const SideFeatures& features, const FeatureTable& table, const std::vector<Index>& lines,
                 std::size_t stride, int pin, double pin_value, Vector& rows, Vector& variances) {
  const InputEffects effect(features.unrated_effects.data(), features.input_means, stride);
  std::vector<double> row(stride);
  for (const Index line : lines) {
    effect(table.inputs.data() + line * features.input_means.size(), row.data());
    for (std::size_t k = 0; k < stride; ++k) {
      const bool pinned = static_cast<int>(k) == pin;
      rows.push_back(static_cast<Real>(pinned ? pin_value : row[k] + static_cast<double>(features.unrated_mean[k])));
    }
    variances.insert(variances.end(), features.unrated_variance.begin(), features.unrated_variance.end());
  }
}

}  // namespace odot::inline ODOT_PRECISION
