// Parsing pieces in parallel and appending them in order.
#include "ratings/text/collect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "ratings/pages.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

// Pieces are parsed and appended some at a time, so that no more than these are in memory beside the list: few at
// first, because ids are found faster once most of them are known, then enough that threads seldom wait for one
// another.
constexpr std::size_t kFirstPieces = 8;
std::size_t most_pieces() { return std::max<std::size_t>(64, 4 * static_cast<std::size_t>(threads())); }

/// Cuts `text` after line ends into at most `most` pieces of about `bytes`; returns where each ends.
std::vector<std::size_t> cut(std::string_view text, std::size_t begin, std::size_t bytes, std::size_t most) {
  std::vector<std::size_t> ends;
  while (begin < text.size() && ends.size() < most) {
    const std::size_t newline = text.size() - begin > bytes ? text.find('\n', begin + bytes) : std::string_view::npos;
    begin = newline == std::string_view::npos ? text.size() : newline + 1;
    ends.push_back(begin);
  }
  return ends;
}

/// The final indices of the ids that one piece has added.
std::vector<Index> number(const LocalIds& added, KnownIds& known) {
  std::vector<Index> out;
  out.reserve(added.ids().size());
  for (const std::string_view id : added.ids()) out.push_back(known.add(id));
  return out;
}

/// Copies a piece's indices, those of added ids replaced.
void copy_indices(const Index* from, std::size_t count, Index known, const std::vector<Index>& added, Index* to) {
  if (added.empty()) {
    std::copy(from, from + count, to);
  } else {
    for (std::size_t k = 0; k < count; ++k) to[k] = from[k] < known ? from[k] : added[from[k] - known];
  }
}

/// `text` begins with the line that has the quote.
[[noreturn]] void refuse_open_quote(std::string_view text, const std::string& name, std::size_t line,
                                    const Format& format) {
  std::vector<Field> fields;
  const auto problem = split_line(take_line(text), format.separator, format.columns_read(), format.quoted(), fields);
  throw Error(fmt::format("{}:{}: {}", name, line, problem.value()));
}

template <class T>
void reserve_pages(std::vector<T>& values, std::size_t count) {
  if (count <= values.capacity()) return;
  values.reserve(count);
  use_huge_pages(values.data(), values.capacity() * sizeof(T));
}

}  // namespace

std::size_t Collector::add(const Source& source, const Format& format, std::size_t piece_bytes) {
  const std::string_view text = source.text();
  const std::size_t first = size();
  files_.push_back({source.name(), first});
  std::size_t line = format.body_line;
  std::vector<Piece> all_pieces;
  std::size_t at_once = kFirstPieces;
  std::size_t bytes = piece_bytes;
  for (std::size_t begin = format.body; begin < text.size();) {
    const std::vector<std::size_t> ends = cut(text, begin, bytes, at_once);
    at_once = std::min(2 * at_once, most_pieces());
    if (all_pieces.size() < ends.size()) all_pieces.resize(ends.size());
    std::span<Piece> pieces = std::span(all_pieces).first(ends.size());
    parallel_for(ends.size(), [&](std::size_t k) {
      const std::size_t from = k == 0 ? begin : ends[k - 1];
      parse_piece(text.substr(from, ends[k] - from), from, format, users_, items_, pieces[k]);
    });

    std::size_t position = size();
    std::size_t end = begin;
    bytes = piece_bytes;
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      const Piece& piece = pieces[k];
      for (const Anchor& anchor : piece.anchors) anchors_.push_back({position + anchor.position, line + anchor.line});
      position += piece.size;
      if (format.matrix && position - first > format.matrix->entries)
        throw Error(fmt::format("{}: found more entries, expected {} as line {} says",
                                place(first + format.matrix->entries), format.matrix->entries, format.matrix->line));
      if (piece.problem)
        throw Error(fmt::format("{}:{}: {}", source.name(), line + piece.problem->line, piece.problem->text));
      line += piece.lines;
      if (!piece.unfinished) {
        end = ends[k];
        continue;
      }
      // The cut was inside a quoted field, so that later pieces do not begin where lines do: they are cut anew, fewer
      // of them, and larger where not even one line was whole.
      end += *piece.unfinished;
      if (end == begin && ends[k] == text.size()) refuse_open_quote(text.substr(end), source.name(), line, format);
      if (end == begin) bytes = 2 * (ends[k] - begin);
      at_once = k + 1;
      pieces = pieces.first(k + 1);
    }
    if (begin == format.body && end > begin && !drain_) {
      // Lines of one file are about equally long, and room that is not used takes no memory; growing would.
      const double share = static_cast<double>(text.size() - begin) / static_cast<double>(end - begin);
      const auto here = static_cast<double>(position - first);
      reserve(first + static_cast<std::size_t>(here * (share > 1 ? 1.1 * share : 1)), format.pairs_only);
    }
    append(pieces);
    if (drain_) {
      drain_(list_.ratings);
      drained_ = position;
      list_.ratings = {};
    }
    source.release(begin, end);
    begin = end;
  }
  const std::size_t count = size() - first;
  if (format.matrix && count < format.matrix->entries)
    throw Error(fmt::format("{}:{}: found the end of the file after entry {}, expected {} as line {} says",
                            source.name(), line, count, format.matrix->entries, format.matrix->line));
  return count;
}

void Collector::reserve(std::size_t count, bool pairs_only) {
  Triples& out = list_.ratings;
  // Many files must not each move all that came before them.
  if (count > out.user.capacity()) count = std::max(count, 2 * out.user.size());
  reserve_pages(out.user, count);
  reserve_pages(out.item, count);
  if (!pairs_only) reserve_pages(out.value, count);
}

void Collector::append(std::span<Piece> pieces) {
  Triples& out = list_.ratings;
  std::vector<std::size_t> begin(1, out.size());
  for (const Piece& piece : pieces) begin.push_back(begin.back() + piece.size);
  std::vector<std::vector<Index>> users(pieces.size());
  std::vector<std::vector<Index>> items(pieces.size());
  const auto prepare = [&](std::size_t task) {
    if (task == 0) {
      for (std::size_t k = 0; k < pieces.size(); ++k) users[k] = number(pieces[k].users.added, users_);
      out.user.resize(begin.back());
    } else {
      for (std::size_t k = 0; k < pieces.size(); ++k) items[k] = number(pieces[k].items.added, items_);
      out.item.resize(begin.back());
      if (pieces[0].value) out.value.resize(begin.back());
    }
  };
  if (pieces.size() > 1) {
    parallel_for(2, prepare);
  } else {  // a small file, which is not worth waking threads for
    prepare(0);
    prepare(1);
  }
  parallel_for(pieces.size(), [&](std::size_t k) {
    const Piece& piece = pieces[k];
    copy_indices(piece.user.get(), piece.size, piece.users.known, users[k], out.user.data() + begin[k]);
    copy_indices(piece.item.get(), piece.size, piece.items.known, items[k], out.item.data() + begin[k]);
    if (piece.value) std::copy_n(piece.value.get(), piece.size, out.value.data() + begin[k]);
  });
}

std::string Collector::place(std::size_t position) const {
  const auto before_anchor = [](std::size_t at, const Anchor& anchor) { return at < anchor.position; };
  const auto before_file = [](std::size_t at, const File& file) { return at < file.first; };
  const auto anchor = std::prev(std::upper_bound(anchors_.begin(), anchors_.end(), position, before_anchor));
  const auto file = std::prev(std::upper_bound(files_.begin(), files_.end(), position, before_file));
  return fmt::format("{}:{}", file->name, anchor->line + (position - anchor->position));
}

}  // namespace odot::inline ODOT_PRECISION::reading
