// Numbers from texts that are nothing else.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The number that all of `text` spells, whatever the locale; nothing where anything else is there (blanks, a "+", a
/// unit), where it does not fit a Number, or where it is not finite.
template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::floating_point<Number>) {
    if (!std::isfinite(value)) return std::nullopt;
  }
  return value;
}

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
#pragma GCC visibility pop
