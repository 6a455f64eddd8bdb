// Holding ratings out.
#pragma once

#include <cstdint>
#include <vector>

#include "odot/ratings/rating_list.hpp"

namespace odot {

/// Positions into the split list, ascending; together they are all of it.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
};

/// Holds out round(fraction · size) ratings at random by `seed`, except that every user and every item keeps at least
/// one training rating; where that forbids a rating from being held out, the test part is that much smaller.
/// Throws Error unless 0 < fraction < 1.
Split split_ratings(const RatingList& list, double fraction, std::uint64_t seed);

/// The triples at `positions`, in that order, with their indices unchanged.
Triples select(const Triples& ratings, const std::vector<std::size_t>& positions);

}  // namespace odot
