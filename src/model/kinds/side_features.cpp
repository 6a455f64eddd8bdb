// Effects of features in files, in the units of a model, and on rows.
#include "model/kinds/side_features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

std::string encoding_name(const std::string& what) { return what + "_encoding"; }

// The tensors of SideFeatures, beside that of the inputs' means.
struct NamedRows {
  const char* name;  // what is before "user" or "item", and after it
  const char* rest;
  Vector SideFeatures::*rows;
  bool of_inputs;   // a row for each, else one
  bool of_samples;  // so many for each, else once

  std::size_t count(std::size_t inputs, std::size_t samples) const {
    return (of_inputs ? inputs : 1) * (of_samples ? samples : 1);
  }
};
constexpr NamedRows kRows[] = {{"feature_effects_on_", "s", &SideFeatures::effects, true, true},
                               {"feature_effects_on_unrated_", "s", &SideFeatures::unrated_effects, true, true},
                               {"unrated_", "_mean", &SideFeatures::unrated_mean, false, true},
                               {"unrated_", "_variance", &SideFeatures::unrated_variance, false, false}};

std::string means_name(const std::string& what) { return what + "_input_means"; }
std::string name_of(const NamedRows& rows, const std::string& what) { return rows.name + what + rows.rest; }

}  // namespace

InputEffects::InputEffects(const Real* effects, const Vector& means, std::size_t stride)
    : effects_(effects), inputs_(means.size()), of_means_(stride) {
  for (std::size_t f = 0; f < inputs_; ++f) {
    const auto mean = static_cast<double>(means[f]);
    for (std::size_t k = 0; k < stride; ++k) of_means_[k] += mean * static_cast<double>(effects[f * stride + k]);
  }
}

// Most inputs are of categories, and 0.
void InputEffects::operator()(const Real* a, double* out) const {
  const std::size_t stride = of_means_.size();
  for (std::size_t k = 0; k < stride; ++k) out[k] = -of_means_[k];
  for (std::size_t f = 0; f < inputs_; ++f) {
    if (a[f] == 0) continue;
    const auto input = static_cast<double>(a[f]);
    for (std::size_t k = 0; k < stride; ++k) out[k] += input * static_cast<double>(effects_[f * stride + k]);
  }
}

safetensors::Input take_matrix(ModelReader& file, const std::string& name, std::size_t rows, std::size_t columns) {
  safetensors::Input tensor = file.take(name, 2);
  if (tensor.shape[0] != rows || tensor.shape[1] != columns) {
    file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}] instead of [{}, {}]", name, tensor.shape[0],
                          tensor.shape[1], rows, columns));
  }
  return tensor;
}

void add_features(const SideFeatures& features, const std::string& what, std::size_t samples,
                  const FactorLayout& layout, std::vector<safetensors::Output>& tensors) {
  const std::size_t inputs = features.input_means.size();
  tensors.push_back(column_tensor(means_name(what), features.input_means.data(), inputs, 1));
  for (const NamedRows& rows : kRows) {
    tensors.push_back(matrix_tensor(name_of(rows, what), (features.*rows.rows).data(), rows.count(inputs, samples),
                                    layout.width(), layout.stride()));
  }
}

void add_features(const SideFeatures& features, const std::string& what, safetensors::Metadata& metadata) {
  metadata[encoding_name(what)] = to_json(features.encoding);
}

FeatureEncoding read_encoding(const ModelReader& file, const std::string& what) {
  const std::string name = encoding_name(what);
  try {
    return feature_encoding_from_json(file.text(name));
  } catch (const Error& error) {
    file.fail(fmt::format("\"{}\" in its metadata is no encoding of features: {}", name, error.what()));
  }
}

std::optional<SideFeatures> read_side_features(ModelReader& file, const std::string& what, std::size_t samples,
                                               const FactorLayout& layout, int pin) {
  if (!file.has(encoding_name(what))) return std::nullopt;
  SideFeatures features{.encoding = read_encoding(file, what),
                        .input_means = {},
                        .effects = {},
                        .unrated_effects = {},
                        .unrated_mean = {},
                        .unrated_variance = {}};
  const std::size_t inputs = features.encoding.inputs();
  const std::size_t width = layout.width();
  const std::size_t stride = layout.stride();
  const safetensors::Input means = file.take(means_name(what), 1);
  if (inputs == 0 || means.shape[0] != inputs) {
    file.fail(fmt::format("the tensor \"{}\" has {} elements, which does not go with {} inputs of the encoding",
                          means_name(what), means.shape[0], inputs));
  }
  features.input_means.resize(inputs);
  file.copy_rows(means_name(what), means, inputs, 1, features.input_means.data(), 1);
  for (const NamedRows& rows : kRows) {
    const std::string name = name_of(rows, what);
    const std::size_t count = rows.count(inputs, samples);
    const safetensors::Input tensor = take_matrix(file, name, count, width);
    Vector& to = features.*rows.rows;
    to.resize(count * stride);
    file.copy_rows(name, tensor, count, width, to.data(), stride);
    for (std::size_t at = 0; at < to.size(); ++at) {
      const bool pinned = static_cast<int>(at % stride) == pin;
      if (std::isfinite(to[at]) && (!pinned || to[at] == 0)) continue;
      file.fail(fmt::format("the tensor \"{}\" holds {} in row {}, column {}, where no such number can be", name,
                            to[at], at / stride, at % stride));
    }
  }
  for (std::size_t k = 0; k < width; ++k) {
    const Real variance = features.unrated_variance[k];
    if (variance >= 0) continue;
    file.fail(fmt::format("the tensor \"unrated_{}_variance\" holds {}, which is no variance", what, variance));
  }
  return features;
}

void multiply_column(Span rows, std::size_t stride, int column, double factor) {
  for (auto k = static_cast<std::size_t>(column); k < rows.size(); k += stride) {
    rows[k] = static_cast<Real>(static_cast<double>(rows[k]) * factor);
  }
}

void absorb_pin(SideFeatures& features, std::size_t stride, int bias, double pin) {
  for (const auto& [rows, factor] :
       {std::pair(&features.effects, pin), std::pair(&features.unrated_effects, pin),
        std::pair(&features.unrated_mean, pin), std::pair(&features.unrated_variance, pin * pin)}) {
    multiply_column(*rows, stride, bias, factor);
  }
}

std::vector<std::pair<std::string, std::string>> describe_features(const FeatureEncoding& encoding) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const FeatureColumn& column : encoding.columns) {
    // Names may have any bytes, what is told of them may not.
    const std::string quoted = reading::printable(column.name);
    texts.emplace_back(
        column.name.empty() ? fmt::format("column {}", column.position + 1) : quoted.substr(1, quoted.size() - 2),
        column.categorical ? fmt::format("{} categories", column.categories.size())
                           : fmt::format("number from {} to {}", column.lowest, column.highest));
  }
  return texts;
}

}  // namespace odot::inline ODOT_PRECISION
