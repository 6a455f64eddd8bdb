// What the files of all kinds of models hold: format, range, and the record of settings with the fields that it says.
#pragma once

#include "model/formats/model_reader.hpp"
#include "model/formats/safetensors.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/model.hpp"

namespace odot::inline ODOT_PRECISION {

/// Metadata to which a kind adds its own.
safetensors::Metadata shared_metadata(const Model& model);

/// Sets the same fields of `model` as the file says. Throws Error.
void read_shared(const ModelReader& file, Model& model);

}  // namespace odot::inline ODOT_PRECISION
