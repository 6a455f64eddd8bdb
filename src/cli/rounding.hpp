// Saying where ratings are other numbers than those that were written.
#pragma once

#include <string>
#include <vector>

#include "odot/ratings/rating_list.hpp"
#include "odot/ratings/read.hpp"

namespace odot::cli {

/// How many of the ratings that read_ratings() made of these files Real holds so badly that it matters beside their
/// deviation, with an example and the remedy, as a line; empty where there are none.
std::string describe_rounding(const std::vector<Real>& values, const std::vector<SourceFormat>& sources,
                              std::size_t merged, const ReadSettings& settings);

/// Likewise where what was written cannot be read again.
std::string describe_rounding(const ValueSummary& values);

}  // namespace odot::cli
