// The Matrix Market coordinate format (Boisvert, Pozo & Remington 1996).
#pragma once

#include <string>
#include <string_view>

#include "ratings/text/recognise.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

bool is_matrix_market(std::string_view text);

/// Reads banner, comments and size line. Throws Error for kinds of matrices that are no list of ratings.
Format recognise_matrix_market(std::string_view text, const std::string& name, const ReadSettings& settings);

}  // namespace odot::inline ODOT_PRECISION::reading
