// Reading rating files of any usual format.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// What to do with a (user, item) pair that occurs more than once.
enum class Duplicates { refuse, first, last, mean };

/// How to read. What is not set is recognised from each file's content.
struct ReadSettings {
  std::optional<std::string> separator{};  ///< between fields, e.g. "::", "\t", ","; " " is any run of blanks;
                                           ///< also "tab", "space", "comma", "semicolon", "pipe"
  std::optional<std::array<std::string, 3>> columns{};  ///< user, item, rating: header names, or numbers from 1;
                                                        ///< the rating's is ignored with pairs_only
  std::optional<bool> header{};                         ///< whether the first line is one
  Duplicates duplicates = Duplicates::refuse;
  /// With pairs_only: whether a first line of this user and item is a pair, though its words are names of columns.
  std::function<bool(std::string_view user, std::string_view item)> is_pair{};
  bool pairs_only = false;  ///< read users and items alone; no rating is needed and duplicates are allowed
};

/// Throws Error of the setting when the settings cannot be used on any file.
void check(const ReadSettings& settings);

/// The separator that is meant: "tab", "\t" written out, "space", "comma", …, or the text itself. Throws Error of the
/// setting "separator".
std::string parse_separator(const std::string& text);

/// How a file was recognised.
struct SourceFormat {
  std::string path{};                    ///< as given
  std::string compression{};             ///< "none", "gzip" or "zstd"
  std::string kind{};                    ///< "delimited", "matrix-market", "odr", or "empty": no rating in it
  std::string separator{};               ///< as in ReadSettings
  bool header = false;                   ///< the first line was taken as column names
  std::array<std::size_t, 3> columns{};  ///< of user, item, rating, from 0
  std::size_t ratings = 0;               ///< lines with a rating (or a pair)
};

struct ReadResult {
  RatingList list;
  std::vector<SourceFormat> sources;
  std::size_t merged = 0;  ///< ratings dropped or averaged into another one as duplicates
};

/// Reads one or more files ("-" is standard input) into one list, in their order; ids are numbered in order of first
/// appearance. Plain text, gzip and zstd; text with a separator, with or without header line and quotes, or a Matrix
/// Market coordinate file (Boisvert, Pozo & Remington 1996); or one .odr file, of which only settings.pairs_only
/// matters. A file without ratings is left out among others. The result does not depend on the number of threads.
/// Throws Error "FILE:LINE: found …, expected …" for the first line that cannot be read or has more or fewer columns
/// than most.
ReadResult read_ratings(const std::vector<std::string>& paths, const ReadSettings& settings = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
