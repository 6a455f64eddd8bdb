// Parsing one piece of a rating file.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "ratings/text/known_ids.hpp"
#include "ratings/text/local_ids.hpp"
#include "ratings/text/recognise.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// From the rating at `position` on, lines count up by one from `line`.
struct Anchor {
  std::size_t position;
  std::size_t line;
};

/// What a line has wrong with it: "found …, expected …".
struct Problem {
  std::size_t line;
  std::string text;
};

/// The ids of one side in a piece: those known before it have their indices, and new ones follow on from `known`.
struct PieceIds {
  Index known = 0;  ///< number of ids in all pieces of earlier rounds
  LocalIds added;
  // What was looked up last, and what came of it: lines about one user mostly follow each other.
  std::uint32_t last_number = kNoNumber;
  Index last_number_index = 0;
  std::string last;
  Index last_index = kUnknown;  // when there is no last one
};

/// What stands in a run of whole lines. Lines and positions count from 0, at the start of the piece. Meant to be used
/// for one text after another: its arrays stay where they are, and memory that no text has filled is never touched.
struct Piece {
  PieceIds users;
  PieceIds items;
  std::size_t size = 0;           // ratings
  std::unique_ptr<Index[]> user;  // the first `size` elements count, here and below
  std::unique_ptr<Index[]> item;
  std::unique_ptr<Real[]> value;  // none with pairs_only
  std::size_t room = 0;           // elements of each
  std::vector<Anchor> anchors;
  std::size_t lines = 0;
  std::optional<Problem> problem;  // the first; nothing after it was read
  /// Where a line begins that has a quote which the piece does not close; nothing from there on was read.
  std::optional<std::size_t> unfinished;
};

/// Parses `text`, whose first byte has `offset` in its file, into `out`, whatever that held. The ids known so far do
/// not change meanwhile.
void parse_piece(std::string_view text, std::size_t offset, const Format& format, const KnownIds& users,
                 const KnownIds& items, Piece& out);

}  // namespace odot::inline ODOT_PRECISION::reading
