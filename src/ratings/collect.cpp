// Parsing pieces in parallel and appending them in order.
#include "ratings/collect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot::reading {
namespace {

// Pieces are parsed and appended some at a time, so that no more than these are in memory beside the list.
constexpr std::size_t kPiecesAtOnce = 64;

/// Cuts `text` after line ends into pieces of about `bytes`; returns where each ends.
std::vector<std::size_t> cut(std::string_view text, std::size_t begin, std::size_t bytes) {
  std::vector<std::size_t> ends;
  while (begin < text.size() && ends.size() < kPiecesAtOnce) {
    const std::size_t newline = text.size() - begin > bytes ? text.find('\n', begin + bytes) : std::string_view::npos;
    begin = newline == std::string_view::npos ? text.size() : newline + 1;
    ends.push_back(begin);
  }
  return ends;
}

/// For every piece, the indices in `table` of its ids.
std::vector<std::vector<Index>> number(const std::vector<Piece>& pieces, LocalIds Piece::*ids, IdTable& table) {
  std::vector<std::vector<Index>> out;
  for (const Piece& piece : pieces) {
    auto& indices = out.emplace_back();
    indices.reserve((piece.*ids).ids().size());
    for (const std::string_view id : (piece.*ids).ids()) indices.push_back(table.add(id));
  }
  return out;
}

}  // namespace

std::size_t Collector::add(const Source& source, const Format& format, std::size_t piece_bytes) {
  const std::string_view text = source.text();
  const std::size_t first = list_.ratings.size();
  files_.push_back({source.name(), first});
  std::size_t line = format.body_line;
  for (std::size_t begin = format.body; begin < text.size();) {
    const std::vector<std::size_t> ends = cut(text, begin, piece_bytes);
    std::vector<Piece> pieces(ends.size());
    parallel_for(ends.size(), [&](std::size_t k) {
      const std::size_t from = k == 0 ? begin : ends[k - 1];
      pieces[k] = parse_piece(text.substr(from, ends[k] - from), from, format);
    });

    std::size_t position = list_.ratings.size();
    for (const Piece& piece : pieces) {
      for (const Anchor& anchor : piece.anchors) anchors_.push_back({position + anchor.position, line + anchor.line});
      position += piece.user.size();
      if (format.matrix && position - first > format.matrix->entries)
        throw Error(fmt::format("{}: found more entries, expected {} as line {} says",
                                place(first + format.matrix->entries), format.matrix->entries, format.matrix->line));
      if (piece.problem)
        throw Error(fmt::format("{}:{}: {}", source.name(), line + piece.problem->line, piece.problem->text));
      line += piece.lines;
    }
    if (begin == format.body) {
      // Lines of one file are about equally long; one large array is better than many that grow.
      const double share = static_cast<double>(text.size() - begin) / static_cast<double>(ends.back() - begin);
      const std::size_t expected =
          first + static_cast<std::size_t>(static_cast<double>(position - first) * (share > 1 ? 1.02 * share : 1));
      list_.ratings.user.reserve(expected);
      list_.ratings.item.reserve(expected);
      if (!format.pairs_only) list_.ratings.value.reserve(expected);
    }
    append(pieces);
    begin = ends.back();
  }
  const std::size_t count = list_.ratings.size() - first;
  if (format.matrix && count < format.matrix->entries)
    throw Error(fmt::format("{}:{}: found the end of the file after entry {}, expected {} as line {} says",
                            source.name(), line, count, format.matrix->entries, format.matrix->line));
  return count;
}

void Collector::append(const std::vector<Piece>& pieces) {
  std::vector<std::vector<Index>> users;
  std::vector<std::vector<Index>> items;
  const auto number_side = [&](std::size_t side) {
    if (side == 0)
      users = number(pieces, &Piece::users, list_.users);
    else
      items = number(pieces, &Piece::items, list_.items);
  };
  if (pieces.size() > 1) {
    parallel_for(2, number_side);
  } else {  // a small file, which is not worth waking threads for
    number_side(0);
    number_side(1);
  }

  Triples& out = list_.ratings;
  std::vector<std::size_t> begin(1, out.size());
  for (const Piece& piece : pieces) begin.push_back(begin.back() + piece.user.size());
  out.user.resize(begin.back());
  out.item.resize(begin.back());
  const bool has_values = std::any_of(pieces.begin(), pieces.end(), [](const Piece& p) { return !p.value.empty(); });
  if (has_values) out.value.resize(begin.back());
  parallel_for(pieces.size(), [&](std::size_t k) {
    const Piece& piece = pieces[k];
    for (std::size_t at = 0; at < piece.user.size(); ++at) out.user[begin[k] + at] = users[k][piece.user[at]];
    for (std::size_t at = 0; at < piece.item.size(); ++at) out.item[begin[k] + at] = items[k][piece.item[at]];
    std::copy(piece.value.begin(), piece.value.end(), out.value.begin() + static_cast<std::ptrdiff_t>(begin[k]));
  });
}

std::string Collector::place(std::size_t position) const {
  const auto before_anchor = [](std::size_t at, const Anchor& anchor) { return at < anchor.position; };
  const auto before_file = [](std::size_t at, const File& file) { return at < file.first; };
  const auto anchor = std::prev(std::upper_bound(anchors_.begin(), anchors_.end(), position, before_anchor));
  const auto file = std::prev(std::upper_bound(files_.begin(), files_.end(), position, before_file));
  return fmt::format("{}:{}", file->name, anchor->line + (position - anchor->position));
}

}  // namespace odot::reading
