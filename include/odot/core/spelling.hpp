// Help for words that were misspelt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The number of single-character insertions, deletions, replacements and swaps of neighbours that turn a into b, none
/// of them within another's characters (Damerau 1964).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// `known` sorted by edit distance from `word`; equally distant ones stay in their order.
std::vector<std::string_view> nearest_first(std::vector<std::string_view> known, std::string_view word);

/// The known word that was probably meant, what others call `word`, near it or beginning with it, or an empty one.
std::string_view probably_meant(const std::vector<std::string_view>& known, std::string_view word);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
