// Pairs that come line by line, as to a filter.
#pragma once

#include <optional>
#include <string>

#include "odot/ratings/read.hpp"
#include "ratings/text/recognise.hpp"

namespace odot::cli {

/// Standard input whose lines of user and item are answered as they come: a pipe, a terminal or a socket.
class PairStream {
 public:
  explicit PairStream(ReadSettings settings);

  /// Whether standard input is one. A file is all there at once.
  static bool is_standard_input();

  /// The pairs of the lines that have come since: waits for one. Nothing at the end. Throws as read_ratings(), which
  /// knows more of the lines when it recognises their format: here it is the first one's, or with a header the first
  /// two's. What is compressed or a Matrix Market file comes at once, at the end.
  std::optional<RatingList> next();

  /// How the lines were recognised, and how many there were; after the first of next().
  const SourceFormat& source() const { return source_; }

 private:
  bool read_more();
  void read_rest();
  bool begin();
  std::optional<RatingList> all();
  RatingList take(std::string block);

  ReadSettings settings_;
  reading::Format format_;
  SourceFormat source_;
  std::string header_;  // that format_ views
  std::string buffer_;  // what has come and was not handed out
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace odot::cli
