// The lines of a feature file, cut into fields.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ratings/text/source.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Rows and columns of text; all rows have the same number of columns.
class FeatureLines {
 public:
  /// Reads and cuts. Throws Error.
  explicit FeatureLines(const std::string& path);

  /// Takes the first row for the names of the columns. Throws Error when there is no other.
  void take_header();

  std::size_t rows() const { return numbers_.size(); }
  std::size_t columns() const { return columns_; }
  std::string_view at(std::size_t row, std::size_t column) const { return cells_[row * columns_ + column]; }

  /// The header's names; empty without a header.
  const std::vector<std::string>& names() const { return names_; }
  /// The name of a column in messages: from the header, or "column 3".
  std::string column_name(std::size_t column) const;
  /// The column of that name (exactly, or else but for upper and lower case), where there is one and only one.
  std::optional<std::size_t> find(std::string_view name) const;

  /// Whether '|' may lie between the words of a field.
  bool has_sets() const { return separator_ != "|"; }
  /// Calls use(word) for each word of a field, in order.
  void for_each_word(std::size_t row, std::size_t column, const std::function<void(std::string_view)>& use) const;

  /// How messages call the file.
  const std::string& name() const { return source_.name(); }
  std::size_t line(std::size_t row) const { return numbers_[row]; }
  /// Throws Error if the file has changed since it was opened: to be called when all has been read.
  void check_unchanged() const { source_.check_unchanged(); }
  /// Throws Error "FILE:LINE: problem", or that the file has changed, where it has.
  [[noreturn]] void fail(std::size_t row, const std::string& problem) const;

 private:
  Source source_;
  std::string separator_;
  std::size_t columns_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;
  std::vector<std::size_t> numbers_;  // of the rows' lines, from 1
  std::deque<std::string> copies_;    // of fields that are not in the file as they read
};

}  // namespace odot::inline ODOT_PRECISION::reading
