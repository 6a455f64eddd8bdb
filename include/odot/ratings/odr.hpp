// Ratings in .odr files: ids and both orientations of the matrix in binary form, mapped into memory when they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/ratings/read.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Whether the file begins as .odr files do; false where there is none, and for standard input ("-").
bool is_odr(const std::string& path);

/// Whether these ratings are one .odr file. Throws Error for an .odr file among others.
bool is_one_odr(const std::vector<std::string>& paths);

/// Opens an .odr file without reading its ratings. What is no rating (header, ids, where rows begin) is verified now,
/// the ratings when they are read first; both throw Error where the file is not what was written. At most about
/// `memory` bytes of the file are kept in memory; where it is larger, the rest is read anew in every pass. Reading
/// ratings throws Error when the file has been written to meanwhile; where it has been cut off, a program that does not
/// handle SIGBUS ends.
RatingData open_odr(const std::string& path, std::size_t memory);

/// Verifies what has not been read yet of a matrix from open_odr(), and that the file is still what was opened; nothing
/// to do for any other. Whoever writes what was made from the ratings calls it before. Throws Error.
void verify_rest(const RatingMatrix& matrix);

/// All of an .odr file in memory, sorted by user, then item. Throws Error as open_odr() does, and for any damage.
RatingList read_odr(const std::string& path);

/// The triples at [begin, end) of a matrix by user, with user and item k renamed to users[k] and items[k]. Parallel.
Triples read_triples(const RatingMatrix& matrix, Offset begin, Offset end, std::span<const Index> users,
                     std::span<const Index> items);

/// Writes an .odr file, user by user, in memory that does not grow with the ratings. The same ratings are the same
/// bytes, however they are cut into calls and on any number of threads.
class OdrWriter {
 public:
  /// Writes ids; temporary files are kept beside `file`, which must outlive this. Throws Error when `file` is no
  /// regular file, and, as all that follows does, when the disk is full.
  OdrWriter(OutputFile& file, const IdTable& users, const IdTable& items);
  ~OdrWriter();
  OdrWriter(const OdrWriter&) = delete;
  OdrWriter& operator=(const OdrWriter&) = delete;

  /// Appends the ratings of the next counts.size() users: for each of them counts[k], with ascending items. Calls
  /// should bring a million ratings or more.
  void add(std::span<const Index> counts, std::span<const Index> items, std::span<const Real> values);

  /// Writes all that is left, sorting by item in about `memory` bytes, and returns the summary of the values. Users
  /// that were not added have no ratings. Must be the last call; file.commit() is to follow.
  ValueSummary finish(std::size_t memory);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What convert_to_odr() read and wrote.
struct Converted {
  std::vector<SourceFormat> sources;
  Offset ratings = 0;
  Index users = 0;
  Index items = 0;
  std::size_t merged = 0;  ///< ratings dropped or averaged into another one as duplicates
  ValueSummary values;
};

/// Reads rating files as read_ratings() does and writes the same ratings, in about `memory` bytes beside the ids.
/// Throws Error as read_ratings() and OdrWriter do, and for an .odr file. file.commit() is to follow.
Converted convert_to_odr(const std::vector<std::string>& paths, const ReadSettings& settings, std::size_t memory,
                         OutputFile& file);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
