// What a model predicts for the entries that nobody has rated.
#pragma once

#include <cstdint>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/rating_matrix.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Shares of the unobserved entries, by their predictions before clipping.
struct UnobservedShares {
  double below_lowest = 0;    ///< below the lowest training rating
  double near_one = 0;        ///< within 0.5 of 1, the least rating of many scales
  std::uint64_t entries = 0;  ///< looked at: all unobserved ones, or those of some users
};

/// Looks at all unobserved entries where the matrix has at most `most` entries, otherwise at those of as many users,
/// drawn at random, as make `most`. `by_user` has the training ratings, of which the
/// values are not read. Parallel; the same bits on any number of
/// threads.
UnobservedShares unobserved_shares(const FactorView& model, const RatingSide& by_user,
                                   std::uint64_t most = 100'000'000);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
