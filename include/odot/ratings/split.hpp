// Holding ratings out.
#pragma once

#include <cstdint>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Positions into the split list, ascending; together they are all of it.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Holds out round(fraction · size) ratings at random by `seed`, except that every user and every item keeps at least
/// one training rating; where that forbids a rating from being held out, the test part is that much smaller.
/// Throws Error unless 0 < fraction < 1.
Split split_ratings(const RatingList& list, double fraction, std::uint64_t seed);

/// The fold, from 0 to folds − 1, of each of `size` ratings, at random by `seed`. Sizes differ by at most one. Throws
/// Error unless 2 ≤ folds ≤ size.
std::vector<std::size_t> fold_numbers(std::size_t size, std::size_t folds, std::uint64_t seed);

/// The fold's positions as `test`, all others as `train`.
Split fold_split(const std::vector<std::size_t>& numbers, std::size_t fold);

/// The triples at `positions`, in that order, with their indices unchanged.
Triples select(const Triples& ratings, const std::vector<std::size_t>& positions);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
