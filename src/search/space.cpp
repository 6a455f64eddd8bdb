// Parsing ranges and lists of values, and the value at a coordinate.
#include "odot/search/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/spelling.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::string_view kDots = "..";

double bound(std::string_view text, bool integer, const char* which) {
  const std::optional<double> value = to_number<double>(text);
  if (!value) throw Error(fmt::format("the {} bound is '{}', expected a number", which, text), ErrorKind::usage);
  if (integer && (*value != std::floor(*value) || std::abs(*value) > 1e9)) {
    throw Error(fmt::format("the {} bound is {}, but this option takes whole numbers up to 10^9", which, text),
                ErrorKind::usage);
  }
  return *value;
}

using Scale = Dimension::Scale;

Scale scale_of(std::string_view name) {
  if (name == "linear") return Scale::linear;
  if (name == "log") return Scale::log;
  if (name == "log2") return Scale::log2;
  const std::string_view meant = probably_meant({"log", "log2", "linear"}, name);
  throw Error(
      fmt::format("unknown scale ':{}'; {}", name,
                  meant.empty() ? "known are :log, :log2 and :linear" : fmt::format("did you mean :{}?", meant)),
      ErrorKind::usage);
}

std::size_t part(double coordinate, std::size_t parts) {
  return std::min(static_cast<std::size_t>(coordinate * static_cast<double>(parts)), parts - 1);
}

std::string plain(double value) { return fmt::format("{}", value); }

}  // namespace

std::string Dimension::at(double coordinate) const {
  if (!choices.empty()) return choices[part(coordinate, choices.size())];
  const double end = integer ? high + 1 : high;
  const double value = scale == Scale::log ? std::exp(std::log(low) + coordinate * (std::log(end) - std::log(low)))
                                           : low + coordinate * (end - low);
  if (integer) return fmt::format("{:.0f}", std::clamp(std::floor(value), low, high));
  const std::string rounded = fmt::format("{:.6g}", value);
  const double read = to_number<double>(rounded).value_or(value);
  return read < low ? plain(low) : read > high ? plain(high) : rounded;
}

std::vector<std::string> Dimension::samples() const {
  if (!choices.empty()) return choices;
  if (integer) return {fmt::format("{:.0f}", low), fmt::format("{:.0f}", high)};
  return {plain(low), plain(high)};
}

bool is_space(std::string_view text) {
  return text.find(',') != std::string_view::npos || text.find(kDots) != std::string_view::npos;
}

Dimension parse_choices(const std::string& name, const std::string& text, char separator) {
  Dimension dimension{name, false, Scale::choice, 0, 0, {}};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::string choice = text.substr(at, end - at);
    if (choice.empty()) {
      throw Error(fmt::format("a choice is empty: expected values with {} between", separator), ErrorKind::usage);
    }
    if (std::ranges::count(dimension.choices, choice) > 0) {
      throw Error(fmt::format("'{}' is there twice", choice), ErrorKind::usage);
    }
    dimension.choices.push_back(choice);
    at = end + 1;
  }
  return dimension;
}

Dimension parse_dimension(const std::string& name, const std::string& text, bool integer) {
  const std::size_t dots = text.find(kDots);
  if (dots == std::string::npos) return parse_choices(name, text, ',');
  Dimension dimension{name, integer, Scale::choice, 0, 0, {}};
  if (text.find(',') != std::string::npos) {
    throw Error("a range cannot be part of a list: give one of them", ErrorKind::usage);
  }
  const std::size_t colon = std::min(text.find(':', dots), text.size());
  dimension.low = bound(std::string_view(text).substr(0, dots), integer, "lower");
  dimension.high = bound(std::string_view(text).substr(dots + 2, colon - dots - 2), integer, "upper");
  dimension.scale = colon < text.size() ? scale_of(std::string_view(text).substr(colon + 1)) : Scale::linear;
  if (dimension.low >= dimension.high) {
    throw Error(fmt::format("the lower bound {:g} is not below the upper bound {:g}: expected LOW..HIGH", dimension.low,
                            dimension.high),
                ErrorKind::usage);
  }
  if (dimension.scale != Scale::linear && dimension.low <= 0) {
    throw Error(fmt::format("a logarithmic scale needs a lower bound above 0, and this is {:g}", dimension.low),
                ErrorKind::usage);
  }
  if (dimension.scale == Scale::log2) {
    for (int power = integer ? std::max(0, std::ilogb(dimension.low)) : std::ilogb(dimension.low);
         std::ldexp(1, power) <= dimension.high; ++power) {
      if (std::ldexp(1, power) >= dimension.low) dimension.choices.push_back(plain(std::ldexp(1, power)));
    }
    if (dimension.choices.empty()) throw Error("there is no power of two in this range", ErrorKind::usage);
  }
  return dimension;
}

}  // namespace odot::inline ODOT_PRECISION
