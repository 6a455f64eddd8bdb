// The bytes of a file of ratings or features, wherever they come from.
#pragma once

#include <boost/iostreams/device/mapped_file.hpp>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// What a file should hold, in the words of messages.
struct Contents {
  std::string_view all;
  std::string_view line;
  bool bounded = true;  ///< decompressed, it may have no more than most_decompressed() bytes
};
inline constexpr Contents kRatings{"ratings", "a rating", false};
inline constexpr Contents kFeatures{"features", "an id and its features"};

/// A file's text: mapped in place when it is a plain file, in memory when it had to be decompressed or came through a
/// pipe. "-" is standard input.
class Source {
 public:
  /// Opens, and decompresses gzip and zstd (recognised by content). Throws Error.
  explicit Source(const std::string& path, const Contents& contents = kRatings);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// How messages call it.
  const std::string& name() const { return name_; }
  /// "none", "gzip" or "zstd".
  const std::string& compression() const { return compression_; }
  std::string_view text() const { return text_; }
  /// Gives the memory of text()[begin, end) back: that part is not read again.
  void release(std::size_t begin, std::size_t end) const;

 private:
  std::string_view open(const std::string& path, const Contents& contents);

  std::string name_;
  std::string compression_ = "none";
  boost::iostreams::mapped_file_source mapped_;
  std::string memory_;
  std::string_view text_;
};

}  // namespace odot::inline ODOT_PRECISION::reading
