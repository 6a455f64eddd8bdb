// Formats that hold factors alone.
#pragma once

#include <string_view>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// Throws Error where the model's factors give no ratings but with its link.
void refuse_link(const Factorization& model, std::string_view format);

}  // namespace odot::inline ODOT_PRECISION
