// Recognising a format: every separator is tried on the first lines, and the one that fits them best is taken.
#include "ratings/text/recognise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "ratings/text/columns.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/foreign.hpp"
#include "ratings/text/matrix_market.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kSampleLines = 32;
constexpr std::size_t kUsualColumns = 3;
constexpr std::size_t kLongestSample = std::size_t{1} << 16;  // bytes in which the quotes of a line must close
// A single line of so many columns is taken for several lines without line ends.
constexpr std::size_t kSuspiciousColumns = 6;

struct Line {
  std::string_view text;
  std::size_t number;  // from 1
  std::size_t next;    // offset of the line after it
};

/// Where reading begins: an offset and the number of the line there.
struct Start {
  std::size_t offset = 0;
  std::size_t line = 1;
};

std::size_t quoted_columns(std::string_view separator, std::size_t needed) {
  return quotes_everywhere(separator) ? kAllColumns : needed;
}

/// The first lines that are not blank; with line breaks inside quotes, where this separator goes with them.
std::vector<Line> sample_lines(std::string_view text, const Start& start, std::string_view separator) {
  std::vector<Line> out;
  std::string_view rest = text.substr(start.offset);
  for (std::size_t number = start.line; !rest.empty() && out.size() < kSampleLines;) {
    const std::string_view line =
        take_record(rest, separator, quoted_columns(separator, kUsualColumns), kLongestSample);
    if (!trim(line).empty()) out.push_back({line, number, text.size() - rest.size()});
    number += 1 + count_breaks(line);
  }
  return out;
}

void refuse_odd_bytes(std::string_view text, const std::string& name, const Line& line, std::string_view separator,
                      const Contents& contents) {
  if (const std::size_t at = find_binary(line.text, separator); at != std::string_view::npos)
    throw Error(fmt::format(
        "{}:{}: {}", name, line.number,
        explain_binary(line.text[at], static_cast<std::size_t>(line.text.data() - text.data()) + at, contents)));
}

/// The separator that Excel is told by a first line "sep=;", and nothing where there is none.
std::string_view excel_separator(std::string_view line) {
  line = trim(line);
  if (line.size() == 7 && line.front() == '"' && line.back() == '"') line = line.substr(1, 5);
  if (line.size() != 5 || !boost::algorithm::istarts_with(line, "sep=")) return {};
  return std::find(std::begin(kSeparators), std::end(kSeparators), line.substr(4)) != std::end(kSeparators)
             ? line.substr(4)
             : std::string_view();
}

/// A header line without the "#" that NumPy and others put before it.
std::string_view without_hash(std::string_view line) { return line.starts_with('#') ? trim(line.substr(1)) : line; }

/// How well a separator fits the first lines.
struct Fit {
  std::string_view separator;
  std::vector<Line> lines;
  Columns columns;
  std::vector<Field> first;
  std::size_t width = 0;  // the number of columns that most lines have
  std::size_t width_line = 0;

  // Compared in this order; more is better.
  std::size_t good = 0;    // lines with a rating where it is expected
  std::size_t enough = 0;  // lines with enough columns
  std::size_t shown = 0;   // columns of the first line, up to those needed
  bool even = true;        // every line has the same number of columns

  auto rank() const { return std::tuple(good, enough, shown, even); }
};

Fit fit(std::string_view separator, std::string_view text, const Start& start, const ReadSettings& settings) {
  Fit out{.separator = separator, .lines = sample_lines(text, start, separator), .columns = {}, .first = {}};
  const std::vector<Line>& lines = out.lines;
  std::vector<Field> fields;
  // What is wrong with a line is for the parser to say.
  if (lines.size() > 1) split_line(lines[1].text, separator, 0, kAllColumns, fields);
  for (const std::string_view line : {without_hash(lines.front().text), lines.front().text}) {
    split_line(line, separator, 0, kAllColumns, out.first);
    out.columns = find_columns(out.first, fields, settings);
    if (out.columns.header) break;
  }
  const auto& at = out.columns.at;
  const std::size_t needed = std::max({at[0], at[1], settings.pairs_only ? 0 : at[2]}) + 1;
  out.shown = std::min(out.first.size(), needed);
  std::array<std::size_t, kSampleLines> widths{};
  for (std::size_t k = 0; k < lines.size(); ++k) {
    split_line(lines[k].text, separator, 0, quoted_columns(separator, needed), fields);
    widths[k] = fields.size();
    if (fields.size() < needed) continue;
    ++out.enough;
    if (k == 0 && out.columns.header) continue;
    out.good += out.columns.problem.empty() && (settings.pairs_only || looks_numeric(fields[at[2]].text));
  }
  const auto all = std::span(widths).first(lines.size());
  std::ptrdiff_t most = 0;
  for (std::size_t k = out.columns.header ? 1 : 0; k < all.size(); ++k) {
    const std::ptrdiff_t count = std::ranges::count(all, all[k]);
    if (all[k] < needed || count <= most) continue;
    most = count;
    out.width = all[k];
    out.width_line = lines[k].number;
  }
  out.even = std::ranges::count(all, all[0]) == std::ssize(all);
  return out;
}

Fit best_fit(std::string_view text, const Start& start, const ReadSettings& settings) {
  Fit best = fit(kSeparators[0], text, start, settings);
  for (const std::string_view separator : std::span(kSeparators).subspan(1)) {
    Fit other = fit(separator, text, start, settings);
    if (other.rank() > best.rank()) best = std::move(other);
  }
  return best;
}

std::string wanted(const ReadSettings& settings) {
  return settings.pairs_only ? "user and item" : "user, item and rating";
}

/// Refuses first lines that do not go with those that follow.
void check_first(const Fit& found, const std::string& place, const ReadSettings& settings) {
  const Line& first = found.lines.front();
  if (!found.columns.problem.empty()) {
    if (const std::string hint = comment_hint(first.text); !hint.empty())
      throw Error(fmt::format("{}{}, or lines of {} alone{}", place, found.columns.problem, wanted(settings), hint));
    throw Error::naming(place + found.columns.problem + " (", "columns", found.columns.remedy);
  }
  if (found.columns.by_name && found.lines.size() > 1 && found.width > 0 && found.first.size() != found.width)
    throw Error::naming(fmt::format("{}found {} columns in {}, expected as many names as line {} has columns, {} (",
                                    place, found.first.size(), printable(first.text), found.width_line, found.width),
                        "columns", fmt::format(" says by numbers which are {})", wanted(settings)));
  if (!found.columns.header && !settings.columns && found.lines.size() == 1 && found.width >= kSuspiciousColumns)
    throw Error::naming(fmt::format("{}found {} columns on the only line, {}, expected a line for each rating (", place,
                                    found.width, printable(first.text)),
                        "columns", fmt::format(" says which are {})", wanted(settings)));
}

}  // namespace

std::size_t Format::columns_read() const { return std::max({columns[0], columns[1], pairs_only ? 0 : columns[2]}) + 1; }

std::size_t Format::quoted() const { return quoted_columns(separator, columns_read()); }

SourceFormat source_format(const std::string& path, const std::string& compression, const Format& format) {
  SourceFormat source;
  source.path = path;
  source.compression = compression;
  source.kind = format.matrix ? "matrix-market" : "delimited";
  source.separator = format.separator;
  source.header = format.header;
  source.columns = format.columns;
  return source;
}

std::string explain_binary(char byte, std::size_t offset, const Contents& contents) {
  return fmt::format(
      "found the byte 0x{:02x} at offset {} (this is not a text file), expected text with {} on each line",
      static_cast<unsigned>(static_cast<unsigned char>(byte)), offset, contents.line);
}

Format recognise(std::string_view text, const std::string& name, const ReadSettings& settings,
                 const Contents& contents) {
  refuse_foreign(text, name, contents);
  Start start{.offset = text.size() - without_byte_order_mark(text).size()};
  if (is_matrix_market(text.substr(start.offset))) {
    Format format = recognise_matrix_market(text.substr(start.offset), name, settings);
    format.body += start.offset;
    return format;
  }
  std::string given = settings.separator ? parse_separator(*settings.separator) : std::string();
  std::string_view rest = text.substr(start.offset);
  if (const std::string_view said = excel_separator(take_line(rest)); !said.empty()) {
    if (given.empty()) given = said;
    start = {.offset = text.size() - rest.size(), .line = 2};
  }
  const std::vector<Line> sample = sample_lines(text, start, "\n");
  if (sample.empty()) throw EmptyError(fmt::format("{}: found only blank lines, expected {}", name, contents.all));
  for (const Line& line : sample) refuse_odd_bytes(text, name, line, given, contents);

  const Fit found = given.empty() ? best_fit(text, start, settings) : fit(given, text, start, settings);
  const std::vector<Line>& lines = found.lines;
  const Line& first = lines.front();
  const bool is_features = contents.all == kFeatures.all;
  const std::string place = fmt::format("{}:{}: ", name, first.number);

  Format format;
  format.separator = found.separator;
  format.header = found.columns.header;
  format.columns = found.columns.at;
  format.pairs_only = settings.pairs_only;
  format.width = found.width;
  format.width_line = found.width_line;
  format.body = start.offset;
  format.body_line = start.line;

  std::vector<Field> fields;
  if (first.text.find('\r') != std::string_view::npos)
    if (const auto problem = split_line(first.text, found.separator, 0, format.quoted(), fields))
      throw Error(place + *problem);
  if (given.empty() && found.first.size() < 2) {
    if (found.width > 1) {
      const std::string hint = comment_hint(first.text);
      throw Error(fmt::format(
          "{}found {}, expected {} separated by {} as in line {}{}", place, printable(first.text),
          is_features ? std::string(contents.line) : wanted(settings), separator_name(found.separator),
          found.width_line, hint.empty() ? fmt::format(" (tail -n +{} leaves out a title)", first.number + 1) : hint));
    }
    const std::string problem =
        fmt::format("{}found {}, expected {} separated by \"::\", a tab, \";\", \",\", \"|\" or blanks", place,
                    printable(first.text), is_features ? std::string(contents.line) : wanted(settings));
    if (is_features) throw Error(problem);
    throw Error::naming(problem + " (", "separator", " names another)");
  }
  if (!is_features) check_first(found, place, settings);

  if (format.header && !settings.header && settings.pairs_only && settings.is_pair) {
    ReadSettings plain = settings;
    plain.header = false;
    const Format without = recognise(text, name, plain, contents);
    if (split_line(first.text, without.separator, 0, without.quoted(), fields) ||
        fields.size() < without.columns_read())
      return without;
    std::string user;
    std::string item;
    if (settings.is_pair(content(fields[without.columns[0]], user), content(fields[without.columns[1]], item)))
      return without;
  }

  if (format.header) {
    if (lines.size() == 1)
      throw EmptyError(fmt::format("{}: found only a header line, expected ratings after it", name));
    if (found.first.size() < format.columns_read() && settings.columns && found.columns.by_name)
      throw Error::naming(fmt::format("{}found {} columns in the header, expected at least {} (", place,
                                      found.first.size(), format.columns_read()),
                          "columns", ")");
    format.body = first.next;
    format.body_line = first.number + 1 + count_breaks(first.text);
    format.names = first.text;
  } else if (!settings.header && !format.pairs_only && found.first.size() >= format.columns_read()) {
    const std::string_view rating = found.first[format.columns[2]].text;
    if (!looks_numeric(rating))
      throw Error::naming(place + explain_rating(rating) + " (if this line holds the names of columns, ", "header",
                          " says so)");
  }
  return format;
}

}  // namespace odot::inline ODOT_PRECISION::reading
