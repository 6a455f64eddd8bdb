// Times as users write them.
#pragma once

#include <cmath>
#include <optional>
#include <string_view>

#include "odot/core/number.hpp"

namespace odot::inline ODOT_PRECISION {

/// The seconds that a time spells: a number of them, or one with its unit behind it, as in 90s, 5m, 1.5h or 2d.
inline std::optional<double> to_seconds(std::string_view text) {
  double unit = 1;
  if (!text.empty()) {
    const char last = text.back();
    unit = last == 'm' ? 60 : last == 'h' ? 3600 : last == 'd' ? 86400 : 1;
    if (unit != 1 || last == 's') text.remove_suffix(1);
  }
  const std::optional<double> number = to_number<double>(text);
  if (!number || !std::isfinite(*number * unit)) return std::nullopt;
  return *number * unit;
}

}  // namespace odot::inline ODOT_PRECISION
