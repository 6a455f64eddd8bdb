// Banner and size line of Matrix Market files; the entries are read like any other lines.
#include "ratings/text/matrix_market.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::string_view kBanner = "%%MatrixMarket";

/// A kind of matrix that cannot be read, and what to do about it.
struct Refusal {
  std::size_t field;  // of the banner
  std::string_view word;
  std::string_view remedy;
};
constexpr std::array kRefusals{
    Refusal{2, "array", "write it in coordinate format, with a line for each rating"},
    Refusal{3, "pattern", "give every entry a rating"},
    Refusal{3, "complex", "write real ratings"},
    Refusal{4, "symmetric", "write both halves and call it general"},
    Refusal{4, "skew-symmetric", "write both halves and call it general"},
    Refusal{4, "hermitian", "write both halves and call it general"},
};

void check_banner(std::string_view line, const std::string& name) {
  std::vector<Field> fields;
  split_line(line, kBlanks, 0, 5, fields);
  std::vector<std::string> words;
  for (const Field& field : fields) words.push_back(boost::algorithm::to_lower_copy(std::string(field.text)));
  words.resize(5);
  for (const Refusal& refusal : kRefusals)
    if (words[refusal.field] == refusal.word)
      throw Error(fmt::format(
          "{}:1: found a Matrix Market file of kind \"{}\", expected \"matrix coordinate real general\"; {}", name,
          refusal.word, refusal.remedy));
  if (words[1] != "matrix" || words[2] != "coordinate" || (words[3] != "real" && words[3] != "integer") ||
      words[4] != "general")
    throw Error(fmt::format("{}:1: found {}, expected \"{} matrix coordinate real general\" (or integer)", name,
                            printable(line), kBanner));
}

bool parse_count(std::string_view text, std::uint64_t& out) {
  const std::optional<std::uint64_t> count = to_number<std::uint64_t>(text);
  out = count.value_or(0);
  return count.has_value();
}

}  // namespace

bool is_matrix_market(std::string_view text) { return boost::algorithm::istarts_with(text.substr(0, 64), kBanner); }

Format recognise_matrix_market(std::string_view text, const std::string& name, const ReadSettings& settings) {
  if (settings.columns || settings.separator || settings.header.value_or(false))
    throw Error::naming(fmt::format("{}:1: found a Matrix Market file, whose layout is fixed, expected no ", name),
                        settings.columns     ? "columns"
                        : settings.separator ? "separator"
                                             : "header",
                        " for it");
  std::string_view rest = text;
  check_banner(take_line(rest), name);
  for (std::size_t number = 2; !rest.empty(); ++number) {
    const std::string_view line = trim(take_line(rest));
    if (line.empty() || line.front() == '%') continue;
    MatrixSize size;
    size.line = number;
    std::vector<Field> fields;
    split_line(line, kBlanks, 0, 4, fields);
    if (fields.size() != 3 || !parse_count(fields[0].text, size.rows) || !parse_count(fields[1].text, size.columns) ||
        !parse_count(fields[2].text, size.entries))
      throw Error(fmt::format("{}:{}: found {}, expected the size line: rows, columns and entries", name, number,
                              printable(line)));
    if (size.entries == 0)
      throw EmptyError(fmt::format("{}:{}: found a matrix without entries, expected ratings", name, number));
    Format format;
    format.separator = kBlanks;
    format.pairs_only = settings.pairs_only;
    format.body = text.size() - rest.size();
    format.body_line = number + 1;
    format.matrix = size;
    return format;
  }
  throw Error(
      fmt::format("{}: found no size line after the Matrix Market banner, expected rows, columns and entries", name));
}

}  // namespace odot::inline ODOT_PRECISION::reading
