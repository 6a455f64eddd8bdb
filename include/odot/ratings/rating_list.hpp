// Ratings as a list of triples, in the order in which they were read.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/id_table.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Three parallel arrays: rating k is value[k], by user[k], of item[k].
struct Triples {
  std::vector<Index> user;
  std::vector<Index> item;
  std::vector<Real> value;  ///< empty when pairs were read without ratings

  std::size_t size() const { return user.size(); }
};

/// Triples and the ids that their indices stand for.
struct RatingList {
  IdTable users;
  IdTable items;
  Triples ratings;
};

/// The same ratings with their indices taken from other tables, kUnknown where an id is not in them.
Triples reindex(const RatingList& list, const IdTable& users, const IdTable& items);

/// What a set of rating values looks like.
struct ValueSummary {
  double mean = 0;
  double deviation = 0;  ///< population standard deviation
  double lowest = 0;
  double highest = 0;

  /// The unit to measure errors and λ in: the deviation, or for ratings that are all equal and so have none of their
  /// own their size, at least 1. Always positive.
  double scale() const { return deviation > 0 ? deviation : std::max(std::abs(mean), 1.0); }
};
/// All zero for an empty set.
ValueSummary summarize(const std::vector<Real>& values);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
