// Recognising a format: every separator is tried on the first lines, and the one that fits them best is taken.
#include "ratings/text/recognise.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "ratings/text/columns.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/matrix_market.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kSampleLines = 32;

// In order of preference: a semicolon before the comma that decimals may have, blanks last as ids may have them.
constexpr std::string_view kCandidates[] = {"::", "\t", ";", ",", "|", kBlanks};

struct Line {
  std::string_view text;
  std::size_t number;  // from 1
  std::size_t next;    // offset of the line after it
};

/// The first lines that are not blank, of the text from `begin` on.
std::vector<Line> sample_lines(std::string_view text, std::size_t begin) {
  std::vector<Line> out;
  std::string_view rest = text.substr(begin);
  for (std::size_t number = 1; !rest.empty() && out.size() < kSampleLines; ++number) {
    const std::string_view line = take_line(rest);
    if (!trim(line).empty()) out.push_back({line, number, text.size() - rest.size()});
  }
  return out;
}

struct Signature {
  std::string_view bytes;
  std::string_view name;
};
using namespace std::string_view_literals;
constexpr Signature kSignatures[] = {
    {"PK\x03\x04"sv, "a zip archive"},
    {"BZh"sv, "bzip2 data"},
    {"\xfd\x37zXZ\0"sv, "xz data"},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive"},
    {"\x04\x22\x4d\x18"sv, "lz4 data"},
    {"PAR1"sv, "a Parquet file"},
    {"\x89HDF"sv, "an HDF5 file"},
    {"SQLite format 3\0"sv, "an SQLite database"},
    {"\x93NUMPY"sv, "a NumPy array"},
    {"\x1f\x8b"sv, "gzip data inside the compression"},
    {"\x28\xb5\x2f\xfd"sv, "zstd data inside the compression"},
};

constexpr std::uint64_t kLongestHeader = 100'000'000;  // of a safetensors file

bool looks_like_model(std::string_view text) {
  if (text.size() < 10 || text[8] != '{') return false;
  std::uint64_t length = 0;
  for (std::size_t k = 8; k-- > 0;) length = length << 8 | static_cast<unsigned char>(text[k]);
  return length <= kLongestHeader;
}

void refuse_known_binary(std::string_view text, const std::string& name, const Contents& contents) {
  const std::string expected =
      fmt::format("expected text with {} on each line, plain or compressed with gzip or zstd", contents.line);
  if (looks_like_model(text))
    throw Error(fmt::format("{}: found what looks like a model file (safetensors), {}", name, expected));
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    throw Error(fmt::format("{}: found UTF-16 text, expected UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)", name));
  for (const Signature& signature : kSignatures) {
    // A text may well begin with the letters of a signature, but not go on as binary data do.
    if (text.starts_with(signature.bytes) && find_binary(text.substr(0, 4096), {}) != std::string_view::npos)
      throw Error(fmt::format("{}: found {}, {}", name, signature.name, expected));
  }
}

void refuse_odd_bytes(std::string_view text, const std::string& name, const Line& line, std::string_view separator,
                      const Contents& contents) {
  if (const std::size_t at = find_binary(line.text, separator); at != std::string_view::npos)
    throw Error(fmt::format(
        "{}:{}: {}", name, line.number,
        explain_binary(line.text[at], static_cast<std::size_t>(line.text.data() - text.data()) + at, contents)));
  if (line.text.find('\r') != std::string_view::npos)
    throw Error(fmt::format("{}:{}: found a carriage return inside a line, expected lines that end with LF or CRLF",
                            name, line.number));
}

/// How well a separator fits the first lines.
struct Fit {
  std::string_view separator;
  Columns columns;
  std::vector<Field> first;

  // Compared in this order; more is better.
  std::size_t good = 0;    // lines with a rating where it is expected
  std::size_t enough = 0;  // lines with enough columns
  std::size_t shown = 0;   // columns of the first line, up to those needed
  bool even = true;        // every line has the same number of columns

  auto rank() const { return std::tuple(good, enough, shown, even); }
};

Fit fit(std::string_view separator, const std::vector<Line>& lines, const ReadSettings& settings) {
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  Fit out{.separator = separator, .columns = {}, .first = {}};
  std::vector<Field> fields;
  // What is wrong with a line is for the parser to say.
  split_line(lines.front().text, separator, 0, kAll, out.first);
  if (lines.size() > 1) split_line(lines[1].text, separator, 0, kAll, fields);
  out.columns = find_columns(out.first, fields, settings);
  const auto& at = out.columns.at;
  const std::size_t needed = std::max({at[0], at[1], settings.pairs_only ? 0 : at[2]}) + 1;
  out.shown = std::min(out.first.size(), needed);
  for (std::size_t k = 0; k < lines.size(); ++k) {
    split_line(lines[k].text, separator, 0, kAll, fields);
    out.even &= fields.size() == out.first.size();
    if (fields.size() < needed) continue;
    ++out.enough;
    if (k == 0 && out.columns.header) continue;
    out.good += out.columns.problem.empty() && (settings.pairs_only || looks_numeric(fields[at[2]].text));
  }
  return out;
}

Fit best_fit(const std::vector<Line>& lines, const ReadSettings& settings) {
  Fit best = fit(kCandidates[0], lines, settings);
  for (const std::string_view separator : std::span(kCandidates).subspan(1)) {
    Fit other = fit(separator, lines, settings);
    if (other.rank() > best.rank()) best = std::move(other);
  }
  return best;
}

}  // namespace

std::size_t Format::columns_read() const { return std::max({columns[0], columns[1], pairs_only ? 0 : columns[2]}) + 1; }

std::string explain_binary(char byte, std::size_t offset, const Contents& contents) {
  return fmt::format(
      "found the byte 0x{:02x} at offset {} (this is not a text file), expected text with {} on each line",
      static_cast<unsigned>(static_cast<unsigned char>(byte)), offset, contents.line);
}

Format recognise(std::string_view text, const std::string& name, const ReadSettings& settings,
                 const Contents& contents) {
  refuse_known_binary(text, name, contents);
  const std::size_t begin = text.size() - without_byte_order_mark(text).size();
  if (is_matrix_market(text.substr(begin))) {
    Format format = recognise_matrix_market(text.substr(begin), name, settings);
    format.body += begin;
    return format;
  }
  const std::vector<Line> lines = sample_lines(text, begin);
  if (lines.empty()) throw Error(fmt::format("{}: found only blank lines, expected {}", name, contents.all));
  const std::string given = settings.separator ? parse_separator(*settings.separator) : std::string();
  for (const Line& line : lines) refuse_odd_bytes(text, name, line, given, contents);

  const Fit found = settings.separator ? fit(given, lines, settings) : best_fit(lines, settings);
  const Line& first = lines.front();
  const bool is_features = contents.all == kFeatures.all;
  const auto place = [&](const Line& line) { return fmt::format("{}:{}: ", name, line.number); };
  if (!settings.separator && found.first.size() < 2) {
    const std::string problem =
        fmt::format("{}found {}, expected {} separated by \"::\", a tab, \";\", \",\", \"|\" or blanks", place(first),
                    printable(first.text),
                    is_features           ? contents.line
                    : settings.pairs_only ? "user and item"
                                          : "user, item and rating");
    if (is_features) throw Error(problem);
    throw Error::naming(problem + " (", "separator", " names another)");
  }
  if (!found.columns.problem.empty()) throw Error::naming(place(first) + found.columns.problem + " (", "columns", ")");

  Format format;
  format.separator = found.separator;
  format.header = found.columns.header;
  format.columns = found.columns.at;
  format.pairs_only = settings.pairs_only;
  format.body = begin;
  if (format.header) {
    if (lines.size() == 1) throw Error(fmt::format("{}: found only a header line, expected ratings after it", name));
    if (found.first.size() < format.columns_read() && settings.columns)
      throw Error::naming(fmt::format("{}found {} columns in the header, expected at least {} (", place(first),
                                      found.first.size(), format.columns_read()),
                          "columns", ")");
    // Names that say nothing of the columns, and no rating where one is expected: those of other columns.
    if (!settings.columns && !format.pairs_only && !is_features && found.good == 0) {
      std::vector<Field> fields;
      split_line(lines[1].text, found.separator, 0, format.columns_read(), fields);
      if (fields.size() == format.columns_read() && !looks_numeric(fields[format.columns[2]].text)) {
        std::vector<std::string> names;
        for (const Field& field : found.first) names.push_back(printable(field.text));
        throw Error::naming(
            fmt::format("{}{} (", place(lines[1]), explain_rating(fields[format.columns[2]].text)), "columns",
            fmt::format(" says which are user, item and rating of the columns {})", fmt::join(names, ", ")));
      }
    }
    format.body = first.next;
    format.body_line = first.number + 1;
  } else if (!settings.header && !format.pairs_only && found.first.size() >= format.columns_read()) {
    const std::string_view rating = found.first[format.columns[2]].text;
    if (!looks_numeric(rating))
      throw Error::naming(place(first) + explain_rating(rating) + " (if this line holds the names of columns, ",
                          "header", " says so)");
  }
  return format;
}

}  // namespace odot::inline ODOT_PRECISION::reading
