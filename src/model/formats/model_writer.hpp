// The parts of which model files are made.
#pragma once

#include <string>
#include <vector>

#include "model/formats/safetensors.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/id_table.hpp"

namespace odot::inline ODOT_PRECISION {

inline constexpr int kModelVersion = 1;
inline constexpr std::string_view kSettingPrefix = "setting.";

/// Tensors keep what they are made of by reference.

/// `columns` elements of each of `rows` rows, which begin at `first` and lie `stride` apart.
safetensors::Output matrix_tensor(std::string name, const Real* first, std::size_t rows, std::size_t columns,
                                  std::size_t stride);
/// One element of each row, times `factor`.
safetensors::Output column_tensor(std::string name, const Real* first, std::size_t rows, std::size_t stride,
                                  double factor = 1);
/// All ids one after another; where each begins, and the last one ends.
safetensors::Output id_bytes(std::string name, const IdTable& ids);
safetensors::Output id_offsets(std::string name, const IdTable& ids);

/// All that a model file holds. Belongs to the model, which must outlive it.
struct ModelParts {
  std::vector<safetensors::Output> tensors;
  safetensors::Metadata metadata;
};

}  // namespace odot::inline ODOT_PRECISION
