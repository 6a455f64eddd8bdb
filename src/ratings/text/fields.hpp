// Lines, fields and numbers of rating files, and how messages show them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION::reading {

inline constexpr std::string_view kBlanks = " ";  ///< as a separator: any run of spaces and tabs

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Without the byte-order mark that may be before UTF-8 text.
inline std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
}

/// The next line of `text` without its line end, which is removed from `text` with it.
std::string_view take_line(std::string_view& text);

/// The first byte of `text` that no text file has (NUL and the like; `separator` may hold any), or npos.
std::size_t find_binary(std::string_view text, std::string_view separator);

struct Field {
  std::string_view text;  ///< trimmed, without quotes around it
  bool doubled = false;   ///< `text` was quoted and has "" for each quote
};

/// The text that `field` stands for; `storage` is used where it differs from the bytes in the file.
std::string_view content(const Field& field, std::string& storage);

/// Cuts `line` into at most `limit` fields. Of the first `strict` ones, nothing may follow a closing quote.
/// Returns what is wrong: "found …, expected …".
std::optional<std::string> split_line(std::string_view line, std::string_view separator, std::size_t strict,
                                      std::size_t limit, std::vector<Field>& out);

/// True when `text` is a finite decimal number that Real can hold, written to `value`.
bool parse_rating(std::string_view text, Real& value);

/// Why parse_rating(text) is false: "found …, expected …".
std::string explain_rating(std::string_view text);

/// True when `text` was meant as a number, be it one with a decimal comma, infinite or too large.
bool looks_numeric(std::string_view text);

/// In quotes, shortened, with bytes that do not print escaped.
std::string printable(std::string_view text);

/// "tab", "blanks", or the separator in quotes.
std::string separator_name(std::string_view separator);

}  // namespace odot::inline ODOT_PRECISION::reading
