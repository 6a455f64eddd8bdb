// Reading networks from model files.
#pragma once

#include "model/model_reader.hpp"
#include "odot/model/mlp.hpp"

namespace odot {

/// The network in a file of kMlpFormat. Throws Error.
Mlp read_mlp(ModelReader& file);

}  // namespace odot
