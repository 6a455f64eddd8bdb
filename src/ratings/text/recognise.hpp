// What kind of rating file a text is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"
#include "odot/ratings/read.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// What the size line of a Matrix Market file says.
struct MatrixSize {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t entries = 0;
  std::size_t line = 0;
};

/// How to read a text's lines of ratings.
struct Format {
  std::string separator;
  bool header = false;
  std::array<std::size_t, 3> columns{0, 1, 2};  ///< of user, item and rating, from 0
  bool pairs_only = false;                      ///< columns[2] is not read
  std::size_t body = 0;                         ///< offset of the first line after header or banner
  std::size_t body_line = 1;                    ///< its number, from 1
  std::optional<MatrixSize> matrix;
  std::size_t width = 3;       ///< how many columns each line has
  std::size_t width_line = 1;  ///< a line that has as many, from 1
  std::string_view names;      ///< the header line, part of the text

  std::size_t columns_read() const;  ///< the highest of the used columns, plus one
  std::size_t quoted() const;        ///< in how many of the first columns a quote means something
};

/// How the file `path` was recognised, but for how many ratings it has.
SourceFormat source_format(const std::string& path, const std::string& compression, const Format& format);

/// Recognises separator, header and columns of `text`, or takes them from `settings`. `name` is the file in messages.
/// Throws Error.
Format recognise(std::string_view text, const std::string& name, const ReadSettings& settings,
                 const Contents& contents = kRatings);

/// What to say of a byte that no text has: "found …, expected …".
std::string explain_binary(char byte, std::size_t offset, const Contents& contents = kRatings);

}  // namespace odot::inline ODOT_PRECISION::reading
