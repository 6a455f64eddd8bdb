// Reading a feature file line by line.
#include "features/lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"
#include "ratings/text/recognise.hpp"

namespace odot::inline ODOT_PRECISION::reading {

FeatureLines::FeatureLines(const std::string& path) : source_(path, kFeatures) {
  std::string_view text = source_.text();
  // What a header is in a file of ratings is of no use here.
  const Format format = recognise(text, name(), {.header = false, .pairs_only = true}, kFeatures);
  if (format.matrix) throw Error(fmt::format("{}: found a Matrix Market file, expected features", name()));
  separator_ = format.separator;
  text.remove_prefix(format.body);

  std::vector<Field> fields;
  std::string storage;
  for (std::size_t number = format.body_line; !text.empty(); ++number) {
    text = without_byte_order_mark(text);  // files that were joined have one at the start of each
    const std::string_view line = take_record(text, separator_, kAllColumns);
    if (trim(line).empty()) continue;
    numbers_.push_back(number);
    const std::size_t row = rows() - 1;
    if (const std::size_t at = find_binary(line, separator_); at != std::string_view::npos) {
      fail(row,
           explain_binary(line[at], static_cast<std::size_t>(line.data() - source_.text().data()) + at, kFeatures));
    }
    if (const auto problem = split_line(line, separator_, kAllColumns, kAllColumns, fields)) fail(row, *problem);
    number += count_breaks(line);
    if (row == 0) columns_ = fields.size();
    if (fields.size() != columns_) {
      fail(row, fmt::format("found {} columns separated by {} in {}, expected {} as in line {}", fields.size(),
                            separator_name(separator_), printable(line), columns_, numbers_.front()));
    }
    for (const Field& field : fields) {
      const std::string_view read = content(field, storage);
      if (field.doubled) copies_.push_back(storage);
      cells_.push_back(field.doubled ? std::string_view(copies_.back()) : read);
    }
  }
}

void FeatureLines::take_header() {
  if (rows() == 1) throw Error(fmt::format("{}: found only a header line, expected features after it", name()));
  for (std::size_t column = 0; column < columns_; ++column) names_.emplace_back(at(0, column));
  cells_.erase(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(columns_));
  numbers_.erase(numbers_.begin());
  for (std::size_t row = 0; row < rows(); ++row)
    if (std::equal(names_.begin(), names_.end(), cells_.begin() + static_cast<std::ptrdiff_t>(row * columns_)))
      fail(row,
           fmt::format("found the header line again, with {}, expected an id and its features (were files joined?)",
                       printable(at(row, 0))));
}

std::string FeatureLines::column_name(std::size_t column) const {
  return names_.empty() || names_[column].empty() ? fmt::format("column {}", column + 1) : names_[column];
}

std::optional<std::size_t> FeatureLines::find(std::string_view wanted) const {
  const auto only = [&](auto&& matches) -> std::optional<std::size_t> {
    if (std::count_if(names_.begin(), names_.end(), matches) != 1) return std::nullopt;
    return static_cast<std::size_t>(std::find_if(names_.begin(), names_.end(), matches) - names_.begin());
  };
  const auto exact = only([&](const std::string& name) { return name == wanted; });
  return exact ? exact : only([&](const std::string& name) { return boost::algorithm::iequals(name, wanted); });
}

void FeatureLines::for_each_word(std::size_t row, std::size_t column,
                                 const std::function<void(std::string_view)>& use) const {
  std::string_view rest = at(row, column);
  while (!rest.empty()) {
    const std::size_t end = has_sets() ? std::min(rest.find('|'), rest.size()) : rest.size();
    const std::string_view word = trim(rest.substr(0, end));
    if (!word.empty()) use(word);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void FeatureLines::fail(std::size_t row, const std::string& problem) const {
  check_unchanged();
  throw Error(fmt::format("{}:{}: {}", name(), line(row), problem));
}

}  // namespace odot::inline ODOT_PRECISION::reading
