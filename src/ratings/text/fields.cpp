// Cutting lines into fields, and reading and showing what stands in them.
#include "ratings/text/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <system_error>

#include "odot/core/number.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kLongestShown = 40;  // bytes

bool is_allowed_control(char c) { return c == '\t' || c == '\n' || c == '\r'; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

/// True for what has a place in a line but cannot be seen there, or not be told from a space.
bool is_invisible(std::uint32_t point) {
  return point == 0xa0 || point == 0xad || (point >= 0x2000 && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202f) || (point >= 0x205f && point <= 0x206f) || point == 0x3000 ||
         point == 0xfeff;
}

std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

/// One past the closing quote of the quoted field whose opening quote is line[begin], or npos.
std::size_t quoted_end(std::string_view line, std::size_t begin, bool& doubled) {
  doubled = false;
  for (std::size_t at = line.find('"', begin + 1); at != std::string_view::npos; at = line.find('"', at + 2)) {
    if (at + 1 >= line.size() || line[at + 1] != '"') return at + 1;
    doubled = true;
  }
  return std::string_view::npos;
}

/// "1234567.5" for "1,234,567.5", "1'234'567.5", "1 234 567.5" and "1.234.567,5"; nothing for numbers without groups of
/// three digits, and nothing for "1.234", which is a number as it is.
std::optional<std::string> without_grouping(std::string_view text) {
  std::string out;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) out = text.substr(0, 1);
  text.remove_prefix(out.size());
  const auto digits = [](std::string_view rest) { return std::min(rest.find_first_not_of("0123456789"), rest.size()); };
  std::size_t count = digits(text);
  if (count < 1 || count > 3 || text[0] == '0' || count == text.size()) return std::nullopt;
  const char group = text[count];
  if (std::string_view(",' .").find(group) == std::string_view::npos) return std::nullopt;
  out += text.substr(0, count);
  text.remove_prefix(count);
  std::size_t groups = 0;
  for (; text.starts_with(group) && digits(text.substr(1)) == 3; ++groups, text.remove_prefix(4))
    out += text.substr(1, 3);
  const char point = group == '.' ? ',' : '.';
  if (groups == 0 || (group == '.' && groups == 1 && text.empty())) return std::nullopt;
  if (text.starts_with(point) && digits(text.substr(1)) > 0 && digits(text.substr(1)) + 1 == text.size()) {
    out += '.';
    out += text.substr(1);
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  return out;
}

/// Positions on a line, for either kind of separator.
struct Cutter {
  std::string_view line;
  std::string_view separator;
  bool blanks = separator == kBlanks;

  std::size_t find(std::size_t from) const {
    const std::size_t at = blanks ? line.find_first_of(" \t", from) : line.find(separator, from);
    return at == std::string_view::npos ? line.size() : at;
  }
  bool at_separator(std::size_t at) const {
    return blanks ? is_blank(line[at]) : line.substr(at).starts_with(separator);
  }
  std::size_t skip_blanks(std::size_t at) const {
    while (at < line.size() && is_blank(line[at]) && (blanks || !at_separator(at))) ++at;
    return at;
  }
};

}  // namespace

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool has_controls(std::string_view text) {
  // Without a branch a byte: nearly always there is none.
  unsigned char found = 0;
  for (const char c : text) found |= static_cast<unsigned char>(is_control(c) && c != '\t' && c != '\n');
  return found != 0;
}

std::size_t find_binary(std::string_view text, std::string_view separator) {
  if (!has_controls(text)) return std::string_view::npos;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool in_separator = c != '\0' && separator.find(c) != std::string_view::npos;
    if (is_control(c) && !is_allowed_control(c) && !in_separator) return at;
  }
  return std::string_view::npos;
}

std::string_view content(const Field& field, std::string& storage) {
  if (!field.doubled) return field.text;
  storage.clear();
  for (std::size_t at = 0; at < field.text.size(); ++at) {
    storage.push_back(field.text[at]);
    if (field.text[at] == '"') ++at;
  }
  return storage;
}

std::optional<std::string> split_line(std::string_view line, std::string_view separator, std::size_t strict,
                                      std::size_t quoted, std::vector<Field>& out) {
  const Cutter cutter{line, separator};
  out.clear();
  for (std::size_t at = 0;;) {
    at = cutter.skip_blanks(at);
    if (cutter.blanks && at == line.size()) return std::nullopt;
    std::size_t end;
    if (out.size() < quoted && at < line.size() && line[at] == '"') {
      Field field;
      const std::size_t close = quoted_end(line, at, field.doubled);
      if (close == std::string_view::npos)
        return fmt::format("found a quote that is not closed: {}, expected a closing quote",
                           printable(line.substr(at)));
      field.text = line.substr(at + 1, close - at - 2);
      end = cutter.blanks ? close : cutter.skip_blanks(close);
      if (end < line.size() && !cutter.at_separator(end)) {
        // Where lines were taken together for the sake of a quote, it must have been one that belongs there.
        const bool has_break = field.text.find('\n') != std::string_view::npos;
        if (has_break || out.size() < strict)
          return fmt::format("found {} after {}, expected {}the end of the line", printable(line.substr(end)),
                             has_break ? "a quote that was opened on an earlier line" : "a closing quote",
                             separator == "\n" ? "" : separator_name(separator) + " or ");
        end = cutter.find(end);
        field = {trim(line.substr(at, end - at)), false};
      }
      out.push_back(field);
    } else {
      end = cutter.find(at);
      out.push_back({trim(line.substr(at, end - at)), false});
      if (out.back().text.find('\r') != std::string_view::npos)
        return "found a carriage return inside a line, expected lines that end with LF or CRLF";
    }
    if (end == line.size()) return std::nullopt;
    at = cutter.blanks ? end : end + separator.size();
  }
}

std::size_t record_end(std::string_view text, std::string_view separator, std::size_t quoted) {
  std::size_t at = 0;
  std::size_t newline = std::min(text.find('\n'), text.size());
  for (std::size_t column = 0;; ++column) {
    at = Cutter{text.substr(0, newline), separator}.skip_blanks(at);
    if (column < quoted && at < newline && text[at] == '"') {
      bool doubled;
      at = quoted_end(text, at, doubled);
      if (at == std::string_view::npos) return at;
      if (at > newline) newline = std::min(text.find('\n', at), text.size());
    }
    const Cutter cutter{text.substr(0, newline), separator};
    const std::size_t end = cutter.find(at);
    if (end == newline) return newline;
    at = cutter.blanks ? end : end + separator.size();
  }
}

std::string_view take_record(std::string_view& text, std::string_view separator, std::size_t quoted,
                             std::size_t longest) {
  std::string_view rest = text;
  std::string_view line = take_line(rest);
  if (line.find('"') != std::string_view::npos) {
    const std::size_t end = record_end(text.substr(0, longest), separator, quoted);
    if (end != std::string_view::npos && end > line.size() + 1) {
      line = text.substr(0, end);
      rest = text.substr(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
    }
  }
  text = rest;
  return line;
}

bool parse_rating(std::string_view text, Real& value) {
  const std::optional<double> number = to_number<double>(without_plus(text));
  if (!number || std::abs(*number) > static_cast<double>(std::numeric_limits<Real>::max())) return false;
  value = static_cast<Real>(*number);
  return true;
}

std::string explain_rating(std::string_view text) {
  if (text.empty()) return "found an empty rating, expected a number";
  const std::string found = fmt::format("found {} as the rating", printable(text));
  if (const auto grouped = without_grouping(text)) {
    // One group alone may be decimals as well.
    const bool once = text.find(',') == text.rfind(',') && text.find_first_of(".' ") == std::string_view::npos;
    std::string decimals(text);
    if (once) decimals[text.find(',')] = '.';
    return fmt::format("{}, expected a number without separators of thousands{}: {}{}", found,
                       once ? " and with a decimal point" : "", *grouped, once ? " or " + decimals : "");
  }
  const std::size_t comma = text.find(',');
  if (comma != std::string_view::npos && comma == text.rfind(',') && looks_numeric(text)) {
    std::string remedy(text);
    remedy[comma] = '.';
    return fmt::format("{}, expected a number with a decimal point: {}", found, remedy);
  }
  if (!looks_numeric(text)) return found + ", expected a number";
  double number = 0;
  text = without_plus(text);
  const std::errc error = std::from_chars(text.data(), text.data() + text.size(), number).ec;
  if (error == std::errc() && !std::isfinite(number)) return found + ", expected a finite number";
  return fmt::format("{}, expected a number of a size that fits (at most {:.4g})", found,
                     static_cast<double>(std::numeric_limits<Real>::max()));
}

bool looks_numeric(std::string_view text) {
  if (without_grouping(text)) return true;
  std::string number(without_plus(text));
  if (const std::size_t comma = number.find(','); comma != std::string::npos) number[comma] = '.';
  double ignored = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), ignored);
  return error != std::errc::invalid_argument && end == number.data() + number.size();
}

std::string printable(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string out = "\"";
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (static_cast<std::size_t>(at - text.data()) >= kLongestShown) return out + "…\"";
    const char* next = at;
    const auto point = Utf8::decode(next, end);
    const bool valid = point != boost::locale::utf::illegal && point != boost::locale::utf::incomplete;
    if (point == '\t') {
      out += "\\t";
      ++at;
    } else if (valid && point >= 0x20 && (point < 0x7f || point >= 0xa0) && !is_invisible(point)) {
      out.append(at, next);
      at = next;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(*at++)));
    }
  }
  return out + "\"";
}

std::string comment_hint(std::string_view line) {
  for (const std::string_view mark : {"#", "%", "//", "--"})
    if (line.starts_with(mark)) return fmt::format(" (grep -v '^{}' leaves out comments)", mark);
  return {};
}

std::string separator_name(std::string_view separator) {
  if (separator == "\t") return "a tab";
  if (separator == kBlanks) return "blanks";
  return printable(separator);
}

}  // namespace odot::inline ODOT_PRECISION::reading
