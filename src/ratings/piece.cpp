// Plain lines take a fast path that gives up on anything unusual; the slow path then reads the line again, with quotes,
// and is the one that knows what is wrong with it.
#include "ratings/piece.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>

#include "ratings/fields.hpp"

namespace odot::reading {
namespace {

enum Role : std::size_t { kUser, kItem, kRating, kRoles };
constexpr std::uint8_t kUnused = kRoles;

// Separators of the fast path: where a field starts, where it ends, how far it is to the next.

struct OneByte {
  char byte;
  static constexpr std::size_t size = 1;
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    while (at != end && *at != byte) ++at;
    return at;
  }
};

struct TwoBytes {
  char first;
  char second;
  static constexpr std::size_t size = 2;
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    for (; end - at > 1; ++at)
      if (at[0] == first && at[1] == second) return at;
    return end;
  }
};

struct Blanks {
  static constexpr std::size_t size = 1;
  static const char* start(const char* at, const char* end) {
    while (at != end && is_blank(*at)) ++at;
    return at;
  }
  static const char* end(const char* at, const char* end) {
    while (at != end && !is_blank(*at)) ++at;
    return at;
  }
};

struct ManyBytes {
  std::string_view bytes;
  std::size_t size = bytes.size();
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    const std::size_t found = rest.find(bytes);
    return found == std::string_view::npos ? end : at + found;
  }
};

/// A row or column number of a Matrix Market file in its one spelling, so that equal ids are equal numbers.
bool is_in_range(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && text[0] != '0' && number <= most;
}

class Parser {
 public:
  Parser(const Format& format, Piece& out)
      : format_(format), out_(out), roles_(format.columns_read(), kUnused), last_(roles_.size() - 1) {
    roles_[format.columns[kUser]] = kUser;
    roles_[format.columns[kItem]] = kItem;
    if (!format.pairs_only) roles_[format.columns[kRating]] = kRating;
    // Only where quoting is usual does a quote in a column that is not used mean anything.
    const std::string& separator = format.separator;
    const bool quotes_everywhere = separator == "," || separator == ";" || separator == "|";
    split_limit_ = quotes_everywhere ? std::numeric_limits<std::size_t>::max() : roles_.size();
  }

  template <class Separator>
  void parse(std::string_view text, const Separator& separator) {
    const bool has_quotes = text.find('"') != std::string_view::npos;
    const char* at = text.data();
    const char* const text_end = at + text.size();
    for (; at != text_end; ++out_.lines) {
      const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(text_end - at)));
      const char* end = newline ? newline : text_end;
      const char* const next = newline ? newline + 1 : text_end;
      if (end != at && end[-1] == '\r') --end;
      const std::string_view line(at, static_cast<std::size_t>(end - at));
      const bool quoted = has_quotes && line.find('"') != std::string_view::npos;
      if (quoted || !read_plain(line, separator)) {
        if (trim(line).empty()) {
          after_gap_ = true;
        } else if (auto problem = read_any(line)) {
          out_.problem = Problem{out_.lines, std::move(*problem)};
          return;
        }
      }
      at = next;
    }
  }

 private:
  void anchor() {
    if (!after_gap_) return;
    out_.anchors.push_back({out_.user.size(), out_.lines});
    after_gap_ = false;
  }

  /// False where the line must be read by read_any().
  template <class Separator>
  bool read_plain(std::string_view line, const Separator& separator) {
    const char* at = line.data();
    const char* const line_end = at + line.size();
    std::string_view fields[kRoles + 1];
    for (std::size_t column = 0;; ++column) {
      at = separator.start(at, line_end);
      const char* const end = separator.end(at, line_end);
      fields[roles_[column]] = std::string_view(at, static_cast<std::size_t>(end - at));
      if (column == last_) break;
      if (end == line_end) return false;
      at = end + separator.size;
    }
    const std::string_view user = trim(fields[kUser]);
    const std::string_view item = trim(fields[kItem]);
    if (user.empty() || item.empty()) return false;
    if (format_.matrix && !(is_in_range(user, format_.matrix->rows) && is_in_range(item, format_.matrix->columns)))
      return false;
    if (!format_.pairs_only) {
      Real value = 0;
      if (!parse_rating(trim(fields[kRating]), value)) return false;
      out_.value.push_back(value);
    }
    anchor();
    out_.user.push_back(out_.users.add(user));
    out_.item.push_back(out_.items.add(item));
    return true;
  }

  std::optional<std::string> read_any(std::string_view line) {
    if (auto problem = split_line(line, format_.separator, roles_.size(), split_limit_, fields_)) return problem;
    if (fields_.size() < roles_.size())
      return fmt::format("found {} column{} in {}, expected at least {} separated by {}", fields_.size(),
                         fields_.size() == 1 ? "" : "s", printable(line), roles_.size(),
                         separator_name(format_.separator));
    const Field& user = fields_[format_.columns[kUser]];
    const Field& item = fields_[format_.columns[kItem]];
    for (const Role role : {kUser, kItem})
      if (fields_[format_.columns[role]].text.empty())
        return fmt::format("found an empty {} in {}, expected an id in column {}", role == kUser ? "user" : "item",
                           printable(line), format_.columns[role] + 1);
    if (format_.matrix) {
      if (auto problem = index_problem("row", user.text, format_.matrix->rows)) return problem;
      if (auto problem = index_problem("column", item.text, format_.matrix->columns)) return problem;
    }
    if (!format_.pairs_only) {
      const std::string_view rating = trim(content(fields_[format_.columns[kRating]], storage_));
      Real value = 0;
      if (!parse_rating(rating, value)) return explain_rating(rating);
      out_.value.push_back(value);
    }
    anchor();
    out_.user.push_back(add(out_.users, user));
    out_.item.push_back(add(out_.items, item));
    return std::nullopt;
  }

  static std::optional<std::string> index_problem(const char* what, std::string_view text, std::uint64_t most) {
    if (is_in_range(text, most)) return std::nullopt;
    return fmt::format("found {} as the {} number, expected a whole number from 1 to {}", printable(text), what, most);
  }

  Index add(LocalIds& ids, const Field& field) {
    if (!field.doubled) return ids.add(field.text);
    content(field, storage_);
    return ids.add_copy(storage_);
  }

  const Format& format_;
  Piece& out_;
  std::vector<std::uint8_t> roles_;  // by column
  std::size_t last_;
  std::size_t split_limit_ = 0;
  bool after_gap_ = true;  // the next rating's line does not follow the last one's
  std::vector<Field> fields_;
  std::string storage_;
};

}  // namespace

Piece parse_piece(std::string_view text, std::size_t offset, const Format& format) {
  constexpr std::size_t kUsualLine = 16;  // bytes; only a guess at how much memory to ask for at once
  Piece out;
  out.user.reserve(text.size() / kUsualLine);
  out.item.reserve(text.size() / kUsualLine);
  if (!format.pairs_only) out.value.reserve(text.size() / kUsualLine);

  const std::string& separator = format.separator;
  const std::size_t binary = find_binary(text, separator);
  // rfind gives npos, and so 0, when the byte is on the first line.
  const std::size_t good = binary == std::string_view::npos ? text.size() : text.rfind('\n', binary) + 1;
  Parser parser(format, out);
  const std::string_view lines = text.substr(0, good);
  if (separator == kBlanks)
    parser.parse(lines, Blanks{});
  else if (separator.size() == 1)
    parser.parse(lines, OneByte{separator[0]});
  else if (separator.size() == 2)
    parser.parse(lines, TwoBytes{separator[0], separator[1]});
  else
    parser.parse(lines, ManyBytes{separator});
  if (binary != std::string_view::npos && !out.problem)
    out.problem = Problem{out.lines, explain_binary(text[binary], offset + binary)};
  return out;
}

}  // namespace odot::reading
