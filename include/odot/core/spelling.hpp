// Help for words that were misspelt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace odot {

/// The number of single-character insertions, deletions and replacements that turn a into b (Levenshtein 1966).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// `known` sorted by edit distance from `word`; equally distant ones stay in their order.
std::vector<std::string_view> nearest_first(std::vector<std::string_view> known, std::string_view word);

/// The known word that was probably meant, or an empty one where none is near.
std::string_view probably_meant(const std::vector<std::string_view>& known, std::string_view word);

}  // namespace odot
