// Putting the pieces of all files together in order.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"
#include "ratings/text/piece.hpp"
#include "ratings/text/recognise.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION::reading {

inline constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

/// The ratings of all files so far, and where they came from.
class Collector {
 public:
  Collector() = default;
  /// Does not keep ratings, but calls drain(ratings) with some after the other, in order.
  explicit Collector(std::function<void(const Triples&)> drain) : drain_(std::move(drain)) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

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

  void reserve(std::size_t count, bool pairs_only);
  void append(std::span<Piece> pieces);
  std::size_t size() const { return drained_ + list_.ratings.size(); }

  std::function<void(const Triples&)> drain_;
  std::size_t drained_ = 0;  // ratings
  RatingList list_;
  KnownIds users_{list_.users};
  KnownIds items_{list_.items};
  std::vector<File> files_;
  std::vector<Anchor> anchors_;
};

/// Adds all files in their order; says how each was recognised. Throws Error for the first line that cannot be read.
std::vector<SourceFormat> collect_all(const std::vector<std::string>& paths, const ReadSettings& settings,
                                      Collector& collector);

}  // namespace odot::inline ODOT_PRECISION::reading
