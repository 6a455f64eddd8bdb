// Putting the pieces of all files together in order.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "odot/ratings/rating_list.hpp"
#include "ratings/piece.hpp"
#include "ratings/recognise.hpp"
#include "ratings/source.hpp"

namespace odot::reading {

inline constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

/// The ratings of all files so far, and where they came from.
class Collector {
 public:
  /// Adds the ratings of one file, read in pieces of about `piece_bytes`, and returns their number. Throws Error for
  /// the first line that cannot be read.
  std::size_t add(const Source& source, const Format& format, std::size_t piece_bytes = kPieceBytes);

  /// "FILE:LINE" of a rating.
  std::string place(std::size_t position) const;

  RatingList& list() { return list_; }

 private:
  struct File {
    std::string name;
    std::size_t first;  // rating
  };

  void append(const std::vector<Piece>& pieces);

  RatingList list_;
  std::vector<File> files_;
  std::vector<Anchor> anchors_;
};

}  // namespace odot::reading
