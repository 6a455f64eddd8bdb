// Ratings as they are written in a file, not as the numbers that they become.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/read.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Whether what was read has a line in a file that can be read again for each of its ratings, in their order.
bool has_rating_texts(const std::vector<SourceFormat>& sources, std::size_t merged);

/// Calls use(k, text) for rating k of the `values` that read_ratings() made of these files by these settings. Throws
/// Error where a file is not any more what it was.
void for_each_rating_text(const std::vector<SourceFormat>& sources, std::span<const Real> values,
                          const ReadSettings& settings, const std::function<void(std::size_t, std::string_view)>& use);

}  // namespace odot::inline ODOT_PRECISION::reading
