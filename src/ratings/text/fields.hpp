// Lines, fields and numbers of rating files, and how messages show them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION::reading {

inline constexpr std::string_view kBlanks = " ";  ///< as a separator: any run of spaces and tabs

/// Those that need not be named, in order of preference: a semicolon before the comma that decimals may have, blanks
/// last as ids may have them.
inline constexpr std::string_view kSeparators[] = {"::", "\t", ";", ",", "|", kBlanks};

inline bool is_blank(char c) { return c == ' ' || c == '\t'; }

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Without the byte-order mark that may be before UTF-8 text.
inline std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

/// Without all there are: files that were joined have one at the start of each, and empty ones nothing else.
inline std::string_view without_byte_order_marks(std::string_view text) {
  while (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

/// The next line of `text` without its line end, which is removed from `text` with it.
std::string_view take_line(std::string_view& text);

/// True when `text` has control characters but tabs and line feeds.
bool has_controls(std::string_view text);

/// The first byte of `text` that no text file has (NUL and the like; `separator` may hold any), or npos.
std::size_t find_binary(std::string_view text, std::string_view separator);

struct Field {
  std::string_view text;  ///< trimmed, without quotes around it
  bool doubled = false;   ///< `text` was quoted and has "" for each quote
};

/// The text that `field` stands for; `storage` is used where it differs from the bytes in the file.
std::string_view content(const Field& field, std::string& storage);

inline constexpr std::size_t kAllColumns = std::numeric_limits<std::size_t>::max();

/// True for the separators of files in which any field may be quoted; elsewhere, a quote in a column that is not used
/// means nothing.
inline bool quotes_everywhere(std::string_view separator) {
  return separator == "," || separator == ";" || separator == "|";
}

/// Cuts `line` into fields, of which the first `quoted` may be in quotes. Of the first `strict` ones, nothing may
/// follow a closing quote, nor of any that has a line break in it. Returns what is wrong: "found …, expected …".
std::optional<std::string> split_line(std::string_view line, std::string_view separator, std::size_t strict,
                                      std::size_t quoted, std::vector<Field>& out);

/// Where the first line of `text` ends, with those that line breaks in quoted fields (RFC 4180) add to it: the offset
/// of its '\n' or the end of the text. npos when a quote is not closed.
std::size_t record_end(std::string_view text, std::string_view separator, std::size_t quoted);

/// take_line(), but with the lines that record_end() adds where a closing quote is within `longest` bytes.
std::string_view take_record(std::string_view& text, std::string_view separator, std::size_t quoted,
                             std::size_t longest = std::string_view::npos);

inline std::size_t count_breaks(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// True when `text` is a finite decimal number that Real can hold, written to `value`.
bool parse_rating(std::string_view text, Real& value);

/// Why parse_rating(text) is false: "found …, expected …".
std::string explain_rating(std::string_view text);

/// True when `text` was meant as a number, be it one with a decimal comma, separators of thousands, infinite or too
/// large.
bool looks_numeric(std::string_view text);

/// In quotes, shortened, with bytes that do not print escaped.
std::string printable(std::string_view text);

/// What leaves out lines such as this one, in brackets, where it looks like a comment; else empty.
std::string comment_hint(std::string_view line);

/// "tab", "blanks", or the separator in quotes.
std::string separator_name(std::string_view separator);

}  // namespace odot::inline ODOT_PRECISION::reading
