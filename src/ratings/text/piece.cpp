// Lines are tried on three paths, each of which gives up on what it does not expect: lines of plain numbers, lines
// without quotes, and any lines. The last is the one that knows what is wrong with a line.
#include "ratings/text/piece.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "odot/core/number.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/number_line.hpp"
#include "ratings/text/separators.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

enum Role : std::size_t { kUser, kItem, kRating, kRoles };
constexpr std::uint8_t kUnused = kRoles;

/// True when there is a carriage return that does not end a line.
bool has_lone_returns(std::string_view text) {
  // Without a branch a byte, like has_controls().
  const char* const bytes = text.data();
  unsigned char found = 0;
  for (std::size_t at = 0; at + 1 < text.size(); ++at)
    found |= static_cast<unsigned char>(static_cast<unsigned char>(bytes[at] == '\r') &
                                        static_cast<unsigned char>(bytes[at + 1] != '\n'));
  return found != 0;
}

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
        last_(roles_.size() - 1),
        unread_(format.width - roles_.size()) {
    roles_[format.columns[kUser]] = kUser;
    roles_[format.columns[kItem]] = kItem;
    if (!format.pairs_only) roles_[format.columns[kRating]] = kRating;
    const std::string& separator = format.separator;
    const bool in_order = roles_[0] == kUser && roles_[1] == kItem && (format.pairs_only || roles_[2] == kRating);
    const bool in_numbers = separator[0] == '.' || separator[0] == '-' || (separator[0] >= '0' && separator[0] <= '9');
    may_be_numbers_ = in_order && roles_.size() == (format.pairs_only ? 2 : 3) && !in_numbers;
  }

  /// `has_returns`: there are carriage returns that do not end a line.
  template <class Separator>
  void parse(std::string_view text, const Separator& separator, bool has_returns) {
    has_quotes_ = text.find('"') != std::string_view::npos;
    has_returns_ = has_returns;
    const char* at = text.data();
    const char* const text_end = at + text.size();
    for (; at != text_end; ++out_.lines) {
      if (may_be_numbers_ && static_cast<std::size_t>(text_end - at) >= kNumberLineRoom) {
        if (const char* const next = read_numbers(at, text_end, separator)) {
          at = next;
          continue;
        }
      }
      const auto* newline = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(text_end - at)));
      const char* end = newline ? newline : text_end;
      const char* next = newline ? newline + 1 : text_end;
      std::string_view line(at, static_cast<std::size_t>(without_return(at, end) - at));
      const bool plain = is_plain(line);
      if (!plain || !read_plain(line, text_end, separator)) {
        if (trim(line).empty()) {
          after_gap_ = true;
          at = next;
          continue;
        }
        const std::string_view rest(at, static_cast<std::size_t>(text_end - at));
        const std::size_t length = plain ? line.size() : record_end(rest, format_.separator, format_.quoted());
        if (length == std::string_view::npos) {
          out_.unfinished = static_cast<std::size_t>(at - text.data());
          return;
        }
        std::size_t breaks = 0;
        if (length > line.size()) {
          end = at + length;
          next = end == text_end ? end : end + 1;
          line = {at, static_cast<std::size_t>(without_return(at, end) - at)};
          breaks = count_breaks(line);
        }
        if (auto problem = read_any(line)) {
          out_.problem = Problem{out_.lines, std::move(*problem)};
          return;
        }
        out_.lines += breaks;
        after_gap_ = after_gap_ || breaks > 0;
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

  /// True where all of a line may be taken as it is.
  bool is_plain(std::string_view line) const {
    return !(has_quotes_ && line.find('"') != std::string_view::npos) &&
           !(has_returns_ && line.find('\r') != std::string_view::npos);
  }

  /// What is after the last field used, which ends at `at` where a separator is.
  template <class Separator>
  RestOfLine rest_after(const char* at, const char* text_end, const Separator& separator) const {
    if (unread_ == 1)
      if (const char* const end = end_of_last_field(at, text_end, separator)) return {end, 1};
    return rest_of_line(at, text_end, separator);
  }

  /// Where the next line begins, or null where the line must be read by read_plain() or read_any().
  template <class Separator>
  const char* read_numbers(const char* at, const char* text_end, const Separator& separator) {
    NumberLine line;
    if (!read_number_line(at, separator, !format_.pairs_only, line)) return nullptr;
    std::size_t unread = 0;
    const char* next = line.end;
    if (next[0] == '\n') {
      ++next;
    } else if (next[0] == '\r' && next[1] == '\n') {
      next += 2;
    } else {
      if (!separator.is_at(next)) return nullptr;
      const RestOfLine rest = rest_after(next, text_end, separator);
      if ((has_quotes_ || has_returns_) && !is_plain({next, without_return(next, rest.end)})) return nullptr;
      unread = rest.fields;
      next = rest.end == text_end ? text_end : rest.end + 1;
    }
    if (unread != unread_) return nullptr;
    if (format_.matrix &&
        !(line.user > 0 && line.user <= format_.matrix->rows && line.item > 0 && line.item <= format_.matrix->columns))
      return nullptr;
    add(find_number(known_users_, out_.users, line.user, line.user_text),
        find_number(known_items_, out_.items, line.item, line.item_text), line.rating);
    return next;
  }

  /// False where the line must be read by read_any().
  template <class Separator>
  bool read_plain(std::string_view line, const char* text_end, const Separator& separator) {
    const char* at = line.data();
    const char* const line_end = at + line.size();
    if (at == line_end || *at == kByteOrderMark[0]) return false;
    std::string_view fields[kRoles + 1];
    for (std::size_t column = 0;; ++column) {
      at = separator.start(at, line_end);
      const char* const end = separator.end(at, line_end);
      fields[roles_[column]] = std::string_view(at, static_cast<std::size_t>(end - at));
      if (column == last_) {
        const std::size_t unread = end == line_end ? 0 : rest_after(end, text_end, separator).fields;
        if (unread != unread_) return false;
        break;
      }
      if (end == line_end) return false;
      at = end + separator.size;
    }
    const std::string_view user = trim(fields[kUser]);
    const std::string_view item = trim(fields[kItem]);
    if (user.empty() || item.empty()) return false;
    if (format_.matrix && !(is_in_range(user, format_.matrix->rows) && is_in_range(item, format_.matrix->columns)))
      return false;
    Real value = 0;
    if (format_.pairs_only ? line == format_.names : !parse_rating(trim(fields[kRating]), value)) return false;
    add(find(known_users_, out_.users, user), find(known_items_, out_.items, item), value);
    return true;
  }

  std::optional<std::string> read_any(std::string_view line) {
    line = without_byte_order_marks(line);
    if (!format_.names.empty() && line == format_.names)
      return fmt::format("found the header line again, {}, expected {} (files that were joined? odot reads several)",
                         printable(line), format_.pairs_only ? "user and item" : "user, item and rating");
    if (auto problem = split_line(line, format_.separator, roles_.size(), format_.quoted(), fields_)) return problem;
    if (fields_.size() < roles_.size())
      return fmt::format("found {} in {}, expected at least {} separated by {}{}", columns(fields_.size()),
                         printable(line), roles_.size(), separator_name(format_.separator), comment_hint(line));
    if (fields_.size() != format_.width) return explain_width(line);
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
      if (!parse_rating(rating, value)) return explain_rating(rating).append(comment_hint(line));
    }
    const Index user_index = find(known_users_, out_.users, user);
    add(user_index, find(known_items_, out_.items, item), value);
    return std::nullopt;
  }

  static std::string columns(std::size_t count) { return fmt::format("{} column{}", count, count == 1 ? "" : "s"); }

  std::string explain_width(std::string_view line) const {
    const bool joined = fields_.size() > format_.width;
    return fmt::format("found {} in {}, expected {} separated by {} as in line {} ({})", columns(fields_.size()),
                       printable(line), format_.width, separator_name(format_.separator), format_.width_line,
                       joined ? "are these two lines joined, or has a field the separator in it and no quotes?"
                              : "was this line cut off?");
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
  std::size_t unread_;           // how many columns each line has after the last one used
  bool may_be_numbers_ = false;  // user, item and rating are the first columns
  bool has_quotes_ = false;      // somewhere in the piece
  bool has_returns_ = false;     // somewhere in the piece, but for those that end lines
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
  out.unfinished.reset();
}

}  // namespace

void parse_piece(std::string_view text, std::size_t offset, const Format& format, const KnownIds& users,
                 const KnownIds& items, Piece& out) {
  make_ready(out, text.size(), format.pairs_only);
  empty(out.users, users.size());
  empty(out.items, items.size());
  const std::string& separator = format.separator;
  const bool controls = has_controls(text);
  const std::size_t binary = controls ? find_binary(text, separator) : std::string_view::npos;
  // rfind gives npos, and so 0, when the byte is on the first line.
  const std::size_t good = binary == std::string_view::npos ? text.size() : text.rfind('\n', binary) + 1;
  Parser parser(format, users, items, out);
  const std::string_view lines = text.substr(0, good);
  const bool returns = controls && has_lone_returns(lines);
  if (separator == kBlanks)
    parser.parse(lines, Blanks{}, returns);
  else if (separator.size() == 1)
    parser.parse(lines, OneByte{separator[0]}, returns);
  else if (separator.size() == 2)
    parser.parse(lines, TwoBytes{separator[0], separator[1]}, returns);
  else
    parser.parse(lines, ManyBytes{separator}, returns);
  if (binary == std::string_view::npos || out.problem) return;
  // The line with the byte may be one that a quoted field goes on to.
  const std::string_view before = lines.substr(out.unfinished.value_or(lines.size()));
  out.unfinished.reset();
  out.problem = Problem{out.lines + count_breaks(before), explain_binary(text[binary], offset + binary)};
}

}  // namespace odot::inline ODOT_PRECISION::reading
