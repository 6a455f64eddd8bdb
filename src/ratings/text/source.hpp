// The bytes of a file of ratings or features, wherever they come from.
#pragma once

#include <string>
#include <string_view>

#include "core/input_file.hpp"
#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "ratings/odr/mapped_bytes.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// What a file should hold, in the words of messages.
struct Contents {
  std::string_view all;
  std::string_view line;
  bool bounded = true;  ///< decompressed, it may have no more than most_decompressed() bytes
};
inline constexpr Contents kRatings{"ratings", "a rating", false};
inline constexpr Contents kFeatures{"features", "an id and its features"};

/// Nothing in a file, which does no harm among others.
class EmptyError : public Error {
  using Error::Error;
};

/// For text of standard input that somebody has read.
struct StandardInput {};

/// A file's text: mapped in place when it is a plain file, in memory when it had to be decompressed or came through a
/// pipe. "-" is standard input.
class Source {
 public:
  /// Opens, and decompresses gzip and zstd (recognised by content). Throws Error.
  explicit Source(const std::string& path, const Contents& contents = kRatings);
  /// Standard input, of which `text` is all that matters.
  Source(std::string text, StandardInput);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  /// How messages call it.
  const std::string& name() const { return name_; }
  /// "none", "gzip" or "zstd".
  const std::string& compression() const { return compression_; }
  std::string_view text() const { return text_; }
  /// Throws Error if the file has changed since it was opened: to be called when all has been read.
  void check_unchanged() const { file_.check_unchanged(); }
  /// Calls body(), which reads the text, and check_unchanged().
  template <class Body>
  auto reading(Body&& body) const {
    auto result = file_.reading(body);
    check_unchanged();
    return result;
  }
  /// Gives the memory of text()[begin, end) back: that part is not read again.
  void release(std::size_t begin, std::size_t end) const;

 private:
  std::string_view open(const Contents& contents);
  void unpack(const Contents& contents);

  std::string name_;
  InputFile file_;
  std::string compression_ = "none";
  MappedBytes mapped_;
  std::string memory_;
  std::string_view text_;
};

}  // namespace odot::inline ODOT_PRECISION::reading
