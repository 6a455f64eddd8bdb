// Lines are tried on three paths, each of which gives up on what it does not expect: lines of plain numbers, lines
// without quotes, and any lines. The last is the one that knows what is wrong with a line.
#include "ratings/text/piece.hpp"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "odot/core/number.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/number_line.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

enum Role : std::size_t { kUser, kItem, kRating, kRoles };
constexpr std::uint8_t kUnused = kRoles;

// Separators of lines without quotes: where a field starts, where it ends, how far it is to the next; and whether one
// is at some place, of which two bytes can be read.

struct OneByte {
  char byte;
  static constexpr std::size_t size = 1;
  bool is_at(const char* at) const { return *at == byte; }
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
  bool is_at(const char* at) const { return at[0] == first && at[1] == second; }
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    for (; end - at > 1; ++at)
      if (at[0] == first && at[1] == second) return at;
    return end;
  }
};

struct Blanks {
  static constexpr std::size_t size = 1;
  static bool is_at(const char* at) { return is_blank(*at); }
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
  static bool is_at(const char*) { return false; }  // seldom enough to leave its lines to the next path
  static const char* start(const char* at, const char*) { return at; }
  const char* end(const char* at, const char* end) const {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    const std::size_t found = rest.find(bytes);
    return found == std::string_view::npos ? end : at + found;
  }
};

/// A row or column number of a Matrix Market file in its one spelling, so that equal ids are equal numbers.
bool is_in_range(std::string_view text, std::uint64_t most) {
  const std::optional<std::uint64_t> number = to_number<std::uint64_t>(text);
  return number && text[0] != '0' && *number <= most;
}

class Parser {
 public:
  Parser(const Format& format, const KnownIds& users, const KnownIds& items, Piece& out)
      : format_(format),
        known_users_(users),
        known_items_(items),
        out_(out),
        roles_(format.columns_read(), kUnused),
        last_(roles_.size() - 1) {
    roles_[format.columns[kUser]] = kUser;
    roles_[format.columns[kItem]] = kItem;
    if (!format.pairs_only) roles_[format.columns[kRating]] = kRating;
    // Only where quoting is usual does a quote in a column that is not used mean anything.
    const std::string& separator = format.separator;
    const bool quotes_everywhere = separator == "," || separator == ";" || separator == "|";
    split_limit_ = quotes_everywhere ? std::numeric_limits<std::size_t>::max() : roles_.size();
    const bool in_order = roles_[0] == kUser && roles_[1] == kItem && (format.pairs_only || roles_[2] == kRating);
    const bool in_numbers = separator[0] == '.' || separator[0] == '-' || (separator[0] >= '0' && separator[0] <= '9');
    may_be_numbers_ = in_order && roles_.size() == (format.pairs_only ? 2 : 3) && !in_numbers;
  }

  template <class Separator>
  void parse(std::string_view text, const Separator& separator) {
    const bool has_quotes = text.find('"') != std::string_view::npos;
    const char* at = text.data();
    const char* const text_end = at + text.size();
    for (; at != text_end; ++out_.lines) {
      if (may_be_numbers_ && static_cast<std::size_t>(text_end - at) >= kNumberLineRoom) {
        if (const char* const next = read_numbers(at, text_end, separator, has_quotes)) {
          at = next;
          continue;
        }
      }
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
    out_.anchors.push_back({out_.size, out_.lines});
    after_gap_ = false;
  }

  void add(Index user, Index item, Real value) {
    anchor();
    out_.user[out_.size] = user;
    out_.item[out_.size] = item;
    if (out_.value) out_.value[out_.size] = value;
    ++out_.size;
  }

  static Index find(const KnownIds& known, PieceIds& ids, std::string_view id) {
    if (ids.last_index != kUnknown && id == ids.last) return ids.last_index;
    Index index = known.find(id);
    if (index == kUnknown) index = ids.known + ids.added.add(id);
    ids.last.assign(id);
    ids.last_index = index;
    return index;
  }

  static Index find_number(const KnownIds& known, PieceIds& ids, std::uint32_t number, std::string_view id) {
    if (number == ids.last_number) return ids.last_number_index;
    const Index index = known.find_number(number);
    ids.last_number = number;
    ids.last_number_index = index != kUnknown ? index : find(known, ids, id);
    return ids.last_number_index;
  }

  /// Where the next line begins, or null where the line must be read by read_plain() or read_any().
  template <class Separator>
  const char* read_numbers(const char* at, const char* text_end, const Separator& separator, bool has_quotes) {
    NumberLine line;
    if (!read_number_line(at, separator, !format_.pairs_only, line)) return nullptr;
    const char* next = line.end;
    if (*next == '\n') {
      ++next;
    } else if (next[0] == '\r' && next[1] == '\n') {
      next += 2;
    } else {
      if (!separator.is_at(next)) return nullptr;
      const auto* newline =
          static_cast<const char*>(std::memchr(next, '\n', static_cast<std::size_t>(text_end - next)));
      if (has_quotes) {
        const std::string_view rest(next, static_cast<std::size_t>((newline ? newline : text_end) - next));
        if (rest.find('"') != std::string_view::npos) return nullptr;
      }
      next = newline ? newline + 1 : text_end;
    }
    if (format_.matrix &&
        !(line.user > 0 && line.user <= format_.matrix->rows && line.item > 0 && line.item <= format_.matrix->columns))
      return nullptr;
    add(find_number(known_users_, out_.users, line.user, line.user_text),
        find_number(known_items_, out_.items, line.item, line.item_text), line.rating);
    return next;
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
    Real value = 0;
    if (!format_.pairs_only && !parse_rating(trim(fields[kRating]), value)) return false;
    add(find(known_users_, out_.users, user), find(known_items_, out_.items, item), value);
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
    Real value = 0;
    if (!format_.pairs_only) {
      const std::string_view rating = trim(content(fields_[format_.columns[kRating]], storage_));
      if (!parse_rating(rating, value)) return explain_rating(rating);
    }
    const Index user_index = find(known_users_, out_.users, user);
    add(user_index, find(known_items_, out_.items, item), value);
    return std::nullopt;
  }

  static std::optional<std::string> index_problem(const char* what, std::string_view text, std::uint64_t most) {
    if (is_in_range(text, most)) return std::nullopt;
    return fmt::format("found {} as the {} number, expected a whole number from 1 to {}", printable(text), what, most);
  }

  Index find(const KnownIds& known, PieceIds& ids, const Field& field) {
    if (!field.doubled) return find(known, ids, field.text);
    content(field, storage_);
    const Index index = known.find(storage_);
    return index != kUnknown ? index : ids.known + ids.added.add_copy(storage_);
  }

  const Format& format_;
  const KnownIds& known_users_;
  const KnownIds& known_items_;
  Piece& out_;
  std::vector<std::uint8_t> roles_;  // by column
  std::size_t last_;
  std::size_t split_limit_ = 0;
  bool may_be_numbers_ = false;  // user, item and rating are the first columns
  bool after_gap_ = true;        // the next rating's line does not follow the last one's
  std::vector<Field> fields_;
  std::string storage_;
};

void empty(PieceIds& ids, Index known) {
  ids.known = known;
  ids.added.clear();
  ids.last_number = kNoNumber;
  ids.last_index = kUnknown;
}

void make_ready(Piece& out, std::size_t bytes, bool pairs_only) {
  const std::size_t most = bytes / 2 + 1;  // of the shortest lines that hold a rating or a pair
  if (out.room < most) {
    out.user = std::make_unique_for_overwrite<Index[]>(most);
    out.item = std::make_unique_for_overwrite<Index[]>(most);
    out.value = pairs_only ? nullptr : std::make_unique_for_overwrite<Real[]>(most);
    out.room = most;
  }
  out.size = 0;
  out.anchors.clear();
  out.lines = 0;
  out.problem.reset();
}

}  // namespace

void parse_piece(std::string_view text, std::size_t offset, const Format& format, const KnownIds& users,
                 const KnownIds& items, Piece& out) {
  make_ready(out, text.size(), format.pairs_only);
  empty(out.users, users.size());
  empty(out.items, items.size());
  const std::string& separator = format.separator;
  const std::size_t binary = find_binary(text, separator);
  // rfind gives npos, and so 0, when the byte is on the first line.
  const std::size_t good = binary == std::string_view::npos ? text.size() : text.rfind('\n', binary) + 1;
  Parser parser(format, users, items, out);
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
}

}  // namespace odot::inline ODOT_PRECISION::reading
