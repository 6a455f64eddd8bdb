// Pairs that occur more than once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"
#include "odot/ratings/read.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Two positions of one (user, item) pair.
struct Repetition {
  std::size_t first;
  std::size_t second;
};

/// The repetition whose second place comes first, with the pair's first place. O(ratings).
std::optional<Repetition> find_repetition(const Triples& ratings, Index users, Index items);

/// What to throw for a repetition at these places: "PLACE: found …, expected …".
Error repetition_error(const std::string& first, const std::string& second, std::string_view user,
                       std::string_view item);

/// Leaves every pair once, where it first occurred, with its first, last or mean value; returns how many ratings that
/// removed. O(ratings).
std::size_t merge_repetitions(Triples& ratings, Index users, Index items, Duplicates which);

}  // namespace odot::inline ODOT_PRECISION::reading
