// Which columns of a feature file a user wants, and as what.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

enum class ColumnUse { id, numeric, categorical, ignore };

struct SpecifiedColumn {
  std::string name;                   ///< in the header, unless there is a number
  std::optional<std::size_t> number;  ///< from 1
  ColumnUse use = ColumnUse::ignore;
};

/// Parses "gender:categorical,age:numeric,3:ignore"; nothing for an empty text. Throws Error.
std::vector<SpecifiedColumn> parse_specification(const std::string& text);

}  // namespace odot::inline ODOT_PRECISION::reading
