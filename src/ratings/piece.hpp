// Parsing one piece of a rating file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/types.hpp"
#include "ratings/local_ids.hpp"
#include "ratings/recognise.hpp"

namespace odot::reading {

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

/// What stands in a run of whole lines. Lines and positions count from 0, at the start of the piece.
struct Piece {
  LocalIds users;
  LocalIds items;
  std::vector<Index> user;
  std::vector<Index> item;
  std::vector<Real> value;  // empty with pairs_only
  std::vector<Anchor> anchors;
  std::size_t lines = 0;
  std::optional<Problem> problem;  // the first; nothing after it was read
};

/// Parses `text`, whose first byte has `offset` in its file.
Piece parse_piece(std::string_view text, std::size_t offset, const Format& format);

}  // namespace odot::reading
