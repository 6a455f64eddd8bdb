// Lines that begin with a user and an item, on their way to a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"
#include "odot/ratings/write.hpp"

namespace odot::inline ODOT_PRECISION {

/// Collects lines about ratings, or pairs, of `list`, and writes many at once.
class RatingLines {
 public:
  /// All must outlive it.
  RatingLines(OutputFile& file, const RatingList& list, std::string_view separator)
      : file_(file), list_(list), separator_(separator) {}

  /// A line with the ids of the k-th; append(line) appends the columns behind them, each after a separator. Throws
  /// Error.
  template <class Append>
  void add(std::size_t k, Append&& append) {
    append_field(lines_, list_.users[list_.ratings.user[k]], separator_);
    lines_ += separator_;
    append_field(lines_, list_.items[list_.ratings.item[k]], separator_);
    append(lines_);
    lines_ += '\n';
    if (lines_.size() >= kEnough) end();
  }

  /// Writes what is left: must be the last call.
  void end() {
    file_.write(lines_);
    lines_.clear();
  }

 private:
  static constexpr std::size_t kEnough = std::size_t{1} << 16;  // bytes

  OutputFile& file_;
  const RatingList& list_;
  std::string_view separator_;
  std::string lines_;
};

}  // namespace odot::inline ODOT_PRECISION
