// Rows from inputs, by what training learned of them.
#include "train/fold_in_features.hpp"

#include <fmt/format.h>

#include "model/kinds/factor_samples.hpp"
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

void add_feature_moves(const SideFeatures& features, std::size_t sample, const FeatureTable& table, const IdTable& ids,
                       const std::vector<Index>& wanted, std::size_t stride, Vector& rows) {
  const InputEffects effect(features.effects, features, sample, stride);
  std::vector<double> move(stride);
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    const Index line = table.ids.find(ids[wanted[at]]);
    if (line == kUnknown) continue;
    effect(table.inputs.data() + line * features.input_means.size(), move.data());
    for (std::size_t k = 0; k < stride; ++k) rows[at * stride + k] += static_cast<Real>(move[k]);
  }
}

void add_unrated(const Factorization& model, bool items, const FeatureTable& table, const std::vector<Index>& lines,
                 FoldedRows& rows) {
  const FactorPosterior& posterior = *model.posterior;
  const SideFeatures& features = *(items ? posterior.items : posterior.users).features;
  const std::size_t stride = posterior.sample_layout(model.layout).stride();
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const std::size_t before = rows.rows.size() / model.layout.stride();
  const std::size_t count = before + lines.size();
  rows.noise_weight = noise_weight(model.view(), items, kUnknown);
  rows.rows.resize(count * model.layout.stride());
  if (!posterior.sample_biases.empty()) rows.sample_biases.resize(count * samples);
  std::vector<double> expected(stride);
  Vector row(stride);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    const InputEffects effect(features.unrated_effects, features, sample, stride);
    const Real* mean = features.unrated_mean.data() + sample * stride;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      effect(table.inputs.data() + lines[k] * features.input_means.size(), expected.data());
      for (std::size_t l = 0; l < stride; ++l) row[l] = static_cast<Real>(expected[l] + static_cast<double>(mean[l]));
      put_sample(model, items, static_cast<int>(sample), row.data(), before + k, rows.rows, rows.sample_biases);
    }
  }
  for (std::size_t k = 0; k < lines.size(); ++k) {
    rows.variances.insert(rows.variances.end(), features.unrated_variance.begin(), features.unrated_variance.end());
  }
}

}  // namespace odot::inline ODOT_PRECISION
