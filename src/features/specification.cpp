// Parsing the specification of feature columns.
#include "features/specification.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/core/number.hpp"
#include "odot/core/spelling.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::array<std::pair<std::string_view, ColumnUse>, 4> kUses{{{"id", ColumnUse::id},
                                                                       {"numeric", ColumnUse::numeric},
                                                                       {"categorical", ColumnUse::categorical},
                                                                       {"ignore", ColumnUse::ignore}}};

ColumnUse parse_use(std::string_view word) {
  for (const auto& [name, use] : kUses) {
    if (word == name) return use;
  }
  std::vector<std::string_view> names;
  for (const auto& [name, use] : kUses) names.push_back(name);
  throw Error(fmt::format("a column of features cannot be {}: expected {}", printable(word),
                          fmt::join(nearest_first(names, word), ", ")),
              ErrorKind::usage);
}

SpecifiedColumn parse_column(std::string_view part) {
  const std::size_t colon = part.rfind(':');
  if (colon == std::string_view::npos || trim(part.substr(0, colon)).empty()) {
    throw Error(fmt::format("found {} among the columns of features, expected NAME:numeric, NAME:categorical, "
                            "NAME:ignore or NAME:id",
                            printable(part)),
                ErrorKind::usage);
  }
  SpecifiedColumn column;
  const std::string_view name = trim(part.substr(0, colon));
  column.name = name;
  column.use = parse_use(trim(part.substr(colon + 1)));
  if (const auto number = to_number<std::size_t>(name)) {
    if (*number == 0) throw Error("found a column 0 of features, but columns are counted from 1", ErrorKind::usage);
    column.number = *number;
  }
  return column;
}

}  // namespace

std::vector<SpecifiedColumn> parse_specification(const std::string& text) {
  std::vector<SpecifiedColumn> columns;
  if (text.empty()) return columns;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    columns.push_back(parse_column(rest.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  const auto ids = std::count_if(columns.begin(), columns.end(), [](const auto& c) { return c.use == ColumnUse::id; });
  if (ids > 1) {
    throw Error(fmt::format("{} columns of features are said to hold the ids, expected one", ids), ErrorKind::usage);
  }
  return columns;
}

}  // namespace odot::inline ODOT_PRECISION::reading
