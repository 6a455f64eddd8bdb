// Header lines and which columns hold what.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/read.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {

struct Columns {
  bool header = false;
  bool by_name = false;                    ///< the header's names decided
  std::array<std::size_t, 3> at{0, 1, 2};  ///< of user, item and rating, from 0
  std::string problem;                     ///< why they cannot be told by this header: "found …, expected …"
  std::string remedy;                      ///< what to say of the setting columns then
};

/// Decides from a file's first line whether it is a header and which columns are used; `second` is the second
/// line, empty when there is none.
Columns find_columns(const std::vector<Field>& first, const std::vector<Field>& second, const ReadSettings& settings);

/// Throws Error when settings.columns contradict one another or settings.header.
void check_columns(const ReadSettings& settings);

/// True when a pair of ids is really the names of two columns, as where files with headers were joined.
bool are_names(std::string_view user, std::string_view item);

}  // namespace odot::inline ODOT_PRECISION::reading
