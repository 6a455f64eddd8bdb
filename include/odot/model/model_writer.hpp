// The parts of which model files are made, for kinds of models.
#pragma once

#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/model/model.hpp"
#include "odot/model/tensors.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

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

/// What the files of all kinds hold: the kind's format, the range, and the record of settings with the fields of Model
/// that it says. A kind adds its own.
safetensors::Metadata shared_metadata(const Model& model);

/// All that a model file holds. Belongs to the model, which must outlive it.
struct ModelParts {
  std::vector<safetensors::Output> tensors;  ///< those of larger elements first, so that all are aligned
  safetensors::Metadata metadata;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
