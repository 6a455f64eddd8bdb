// What a factorisation knows of features: what they add to a row, files, units, and what is told of them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {

/// Bᵀ(a − ā) for one row of inputs after another, B that of one sample.
class InputEffects {
 public:
  /// `effects` is B, a row of stride for each of the `means`; both must outlive it.
  InputEffects(const Real* effects, const Vector& means, std::size_t stride);

  /// B or C of one of several samples.
  InputEffects(const Vector& effects, const SideFeatures& features, std::size_t sample, std::size_t stride)
      : InputEffects(effects.data() + sample * features.input_means.size() * stride, features.input_means, stride) {}

  /// Of the inputs `a` to `out`, stride doubles.
  void operator()(const Real* a, double* out) const;

 private:
  const Real* effects_;
  std::size_t inputs_;
  std::vector<double> of_means_;  // Bᵀā
};

/// Adds those of a side, "user" or "item", whose rows are those of `layout`, that of a sample, to a file's tensors and
/// metadata.
void add_features(const SideFeatures& features, const std::string& what, std::size_t samples,
                  const FactorLayout& layout, std::vector<safetensors::Output>& tensors);
void add_features(const SideFeatures& features, const std::string& what, safetensors::Metadata& metadata);

/// Takes a tensor that has this shape. Throws Error where it has another one.
safetensors::Input take_matrix(ModelReader& file, const std::string& name, std::size_t rows, std::size_t columns);

/// How a side's features are encoded, of a file that says so. Throws Error.
FeatureEncoding read_encoding(const ModelReader& file, const std::string& what);

/// Those of a side in a file, if it has any; `pin` is its pinned element, or −1. Throws Error.
std::optional<SideFeatures> read_side_features(ModelReader& file, const std::string& what, std::size_t samples,
                                               const FactorLayout& layout, int pin);

/// Multiplies a column of rows that lie one after another.
void multiply_column(Span rows, std::size_t stride, int column, double factor);

/// Multiplies what is in the bias's column by the pin.
void absorb_pin(SideFeatures& features, std::size_t stride, int bias, double pin);

/// What each column of features was taken for.
std::vector<std::pair<std::string, std::string>> describe_features(const FeatureEncoding& encoding);

}  // namespace odot::inline ODOT_PRECISION
