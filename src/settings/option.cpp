// Option values: from text, into text, and whether they are in range.
#include "odot/settings/option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/duration.hpp"
#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/spelling.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::string_view kNoSizes = "none";

[[noreturn]] void refuse(const Option& option, const std::string& found) {
  const std::string number = option.kind == OptionKind::number ? "a number " : "";
  throw Error::of_setting(option.name, fmt::format("is {}, but must be {}{}", found, number, option.range_text()));
}

bool is_in(const Range& range, double value) {
  const bool low = range.low_open ? value > range.low : value >= range.low;
  const bool high = range.high_open ? value < range.high : value <= range.high;
  return low && high && std::isfinite(value);
}

// Of numbers; everything else has no range.
bool in_range(const Option& option, const OptionValue& value) {
  if (const auto* number = std::get_if<double>(&value)) {
    const bool whole = option.kind != OptionKind::integer || *number == std::floor(*number);
    return whole && is_in(option.range, *number);
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return is_in(option.range, static_cast<double>(*integer));
  }
  if (const auto* sizes = std::get_if<std::vector<std::size_t>>(&value)) {
    return std::ranges::all_of(*sizes,
                               [&](std::size_t size) { return is_in(option.range, static_cast<double>(size)); });
  }
  return true;
}

std::vector<std::size_t> parse_sizes(const Option& option, std::string_view text) {
  std::vector<std::size_t> sizes;
  if (text == kNoSizes) return sizes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const auto size = to_number<std::size_t>(text.substr(begin, end - begin));
    if (!size || *size < 1) refuse(option, fmt::format("'{}'", text));
    sizes.push_back(*size);
    begin = end + 1;
  }
  return sizes;
}

bool parse_toggle(const Option& option, std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (text == no) return false;
  }
  refuse(option, fmt::format("'{}'", text));
}

// "1024" and "2147483647", not "2147483647.0" or "1e+09".
std::string plain(double value) {
  return value == std::floor(value) && std::abs(value) < 1e18 ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

}  // namespace

std::string Option::range_text() const {
  if (kind == OptionKind::toggle) return "true or false";
  if (kind == OptionKind::word || kind == OptionKind::input) return "";
  if (kind == OptionKind::sizes) {
    return std::isinf(range.high)
               ? "sizes with commas between, or none"
               : fmt::format("sizes from {} to {} with commas between, or none", plain(range.low), plain(range.high));
  }
  const bool whole = kind == OptionKind::integer;
  std::string text = whole ? "a whole number " : "";
  if (std::isinf(range.high)) {
    text += fmt::format("{} {}", range.low_open ? ">" : "≥", range.low);
  } else if (range.low_open || range.high_open) {
    text +=
        fmt::format("{} {} and {} {}", range.low_open ? ">" : "≥", range.low, range.high_open ? "<" : "≤", range.high);
  } else {
    text += fmt::format("from {} to {}", plain(range.low), plain(range.high));
  }
  if (by_clock) text += ", or a time such as 90s, 5m or 1h";
  return zero_word.empty() ? text : fmt::format("{} or the word {}", text, zero_word);
}

Option toggle_option(std::string name, std::string group, std::string help, bool standard) {
  return {.name = std::move(name),
          .group = std::move(group),
          .help = std::move(help),
          .kind = OptionKind::toggle,
          .standard = standard};
}

Option number_option(std::string name, std::string group, std::string placeholder, std::string help,
                     const Range& range) {
  return {.name = std::move(name),
          .group = std::move(group),
          .placeholder = std::move(placeholder),
          .help = std::move(help),
          .kind = OptionKind::number,
          .range = range};
}

Option integer_option(std::string name, std::string group, std::string placeholder, std::string help,
                      const Range& range) {
  Option option = number_option(std::move(name), std::move(group), std::move(placeholder), std::move(help), range);
  option.kind = OptionKind::integer;
  return option;
}

Option input_option(std::string name, std::string group, std::string placeholder, std::string help) {
  Option option = number_option(std::move(name), std::move(group), std::move(placeholder), std::move(help), {});
  option.kind = OptionKind::input;
  option.searched = false;
  return option;
}

OptionValue parse_value(const Option& option, std::string_view text) {
  const auto parse = [&]() -> OptionValue {
    switch (option.kind) {
      case OptionKind::toggle:
        return parse_toggle(option, text);
      case OptionKind::integer:
        if (!option.zero_word.empty() && text == option.zero_word) return std::int64_t{0};
        if (const auto value = to_number<std::int64_t>(text)) return *value;
        if (const auto value = to_number<double>(text); value && *value == std::floor(*value)) {
          if (in_range(option, *value) && std::abs(*value) < 0x1p53) return static_cast<std::int64_t>(*value);
        }
        break;
      case OptionKind::number:
        if (!option.zero_word.empty() && text == option.zero_word) return 0.0;
        if (const auto value = option.by_clock ? to_seconds(text) : to_number<double>(text)) return *value;
        break;
      case OptionKind::sizes:
        return parse_sizes(option, text);
      case OptionKind::word:
      case OptionKind::input:
        return std::string(text);
    }
    refuse(option, fmt::format("'{}'", text));
  };
  const OptionValue value = parse();
  if (!in_range(option, value)) refuse(option, fmt::format("'{}'", text));
  return value;
}

void check_value(const Option& option, const OptionValue& value) {
  if (!in_range(option, value)) refuse(option, value_text(value));
  const auto* word = std::get_if<std::string>(&value);
  if (!word || option.kind != OptionKind::word) return;
  const std::vector<Word> known = option.words();
  if (std::ranges::count(known, *word, &Word::name) > 0) return;
  std::vector<std::string_view> names;
  for (const Word& one : known) names.push_back(one.name);
  std::string what = option.name;
  std::ranges::replace(what, '-', ' ');
  throw Error(fmt::format("unknown {} '{}': known are {}", what, *word,
                          fmt::join(nearest_first(std::move(names), *word), ", ")),
              ErrorKind::usage);
}

std::string value_text(const OptionValue& value) {
  struct Writer {
    std::string operator()(bool on) const { return on ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const std::vector<std::size_t>& sizes) const {
      return sizes.empty() ? std::string(kNoSizes) : fmt::format("{}", fmt::join(sizes, ","));
    }
  };
  return std::visit(Writer{}, value);
}

std::string user_text(const Option& option, const OptionValue& value) {
  if (const auto* on = std::get_if<bool>(&value)) return *on ? "on" : "off";
  const std::string text = value_text(value);
  return !option.zero_word.empty() && text == "0" ? option.zero_word : text;
}

}  // namespace odot::inline ODOT_PRECISION
