// Rows from inputs, by what training learned of them.
#include "train/fold_in_features.hpp"

#include <fmt/format.h>

#include "model/kinds/side_features.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {

namespace {

// Columns as inputs, wherever they stand in a file.
std::vector<FeatureColumn> placeless(std::vector<FeatureColumn> columns) {
  for (FeatureColumn& column : columns) column.position = 0;
  return columns;
}

}  // namespace

void check_features(const SidePrior* prior, const FeatureTable& table, const char* side) {
  if (!prior || !prior->features) {
    throw Error::of_setting("features", fmt::format("is of no use: the model knows no features of its {}s", side));
  }
  if (placeless(table.encoding.columns) != placeless(prior->features->encoding.columns)) {
    const auto told = [](const FeatureEncoding& encoding) {
      std::string text;
      for (const auto& [name, what] : describe_features(encoding)) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, what);
      }
      return text;
    };
    throw Error(fmt::format("{}: its features are {}, and those of the model {}", table.path, told(table.encoding),
                            told(prior->features->encoding)));
  }
}

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
