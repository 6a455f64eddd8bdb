// Figures in the ratings' unit, of whatever size they are, for people.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace odot::cli {

/// With four decimals where these say something, else four significant digits; nothing else aligns columns as well.
inline std::string figure(double value) {
  const double size = std::abs(value);
  const bool usual = size == 0 || (size >= 1e-3 && size < 1e6);
  return usual ? fmt::format("{:.4f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace odot::cli
