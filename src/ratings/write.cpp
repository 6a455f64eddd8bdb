// Writing rating files that read_ratings() reads back as they were.
#include "odot/ratings/write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "odot/core/error.hpp"
#include "ratings/rating_lines.hpp"
#include "ratings/text/decompress.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r'; }

// What a reader could take for a separator, a line end, a blank at the edge, a quote, a banner, a byte-order mark or
// the start of compressed data.
bool needs_quotes(std::string_view id, std::string_view separator) {
  if (is_blank(id.front()) || is_blank(id.back())) return true;
  if (std::string_view("%#\xEF\xFE\xFF").find(id.front()) != std::string_view::npos) return true;
  if (reading::compression_of(id) != reading::Compression::none) return true;
  if (id.find(separator) != std::string_view::npos || id.ends_with(separator.front())) return true;
  return id.find_first_of("\"\t,;|\n\r") != std::string_view::npos || id.find("::") != std::string_view::npos;
}

}  // namespace

void append_field(std::string& line, std::string_view id, std::string_view separator) {
  if (id.empty() || std::ranges::any_of(id, is_control)) {
    throw Error(fmt::format("cannot write the id {:?}: {}", id,
                            id.empty() ? "it is empty" : "it has a control character in it"));
  }
  if (!needs_quotes(id, separator)) {
    line += id;
    return;
  }
  line += '"';
  for (char c : id) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

void append_number(std::string& line, Real value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  (void)error;  // the longest shortest form of a double has 24 characters
  line.append(digits, end);
}

void write_ratings(OutputFile& file, const RatingList& list, std::span<const std::size_t> positions,
                   std::string_view separator) {
  RatingLines lines(file, list, separator);
  for (const std::size_t k : positions) {
    lines.add(k, [&](std::string& line) {
      line += separator;
      append_number(line, list.ratings.value[k]);
    });
  }
  lines.end();
}

}  // namespace odot::inline ODOT_PRECISION
