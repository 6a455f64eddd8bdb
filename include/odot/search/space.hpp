// The space of a search: what values each option may take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// One option and its values.
struct Dimension {
  enum class Scale {
    linear,  ///< LOW..HIGH, or LOW..HIGH:linear: uniform
    log,     ///< LOW..HIGH:log: the logarithm is uniform; LOW > 0
    log2,    ///< LOW..HIGH:log2: the powers of two from LOW to HIGH, each as likely as the others; LOW > 0
    choice,  ///< A,B,C: each as likely as the others
  };

  std::string name;
  bool integer = false;
  Scale scale = Scale::choice;
  double low = 0;                    ///< of linear and log
  double high = 0;                   ///< likewise
  std::vector<std::string> choices;  ///< of choice and log2

  /// The value at a coordinate from [0, 1): choices and integers have equal parts of it; other numbers are rounded to
  /// six significant digits, and stay within [low, high].
  std::string at(double coordinate) const;
  /// Those at which a search can be checked beforehand: all choices, or the lowest and the highest value.
  std::vector<std::string> samples() const;
};

/// Whether `text` is a range or a list, and not a plain value.
bool is_space(std::string_view text);

/// Parses a list of at least one value; throws Error as parse_dimension() does.
Dimension parse_choices(const std::string& name, const std::string& text, char separator);

/// Parses a range or a list; throws Error that says what is wrong with it, without the option's name in it.
Dimension parse_dimension(const std::string& name, const std::string& text, bool integer);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
