// The sparse rating matrix in both orientations.
#pragma once

#include <span>
#include <vector>

#include "odot/core/types.hpp"
#include "odot/ratings/rating_list.hpp"

namespace odot {

/// One orientation of the matrix. By user it is CSR (a row is a user, an index an item), by item it is CSC
/// (a row is an item, an index a user): whatever is written for a Side serves both. Row i's ratings are at
/// positions [offsets[i], offsets[i+1]) of indices and values, with ascending indices.
struct Side {
  std::span<const Offset> offsets;  ///< rows() + 1 of them
  std::span<const Index> indices;
  std::span<const Real> values;

  Index rows() const { return static_cast<Index>(offsets.size() - 1); }
  Offset size() const { return indices.size(); }
  Offset count(Index row) const { return offsets[row + 1] - offsets[row]; }
};

/// X and its mask W: m users × n items, both orientations stored.
class RatingMatrix {
 public:
  /// From triples with unique (user, item) pairs; users and items may be without ratings.
  /// `shift` is subtracted from every value. Throws Error when an index is out of range.
  RatingMatrix(Index users, Index items, const Triples& ratings, double shift = 0);

  Index users() const { return by_user().rows(); }
  Index items() const { return by_item().rows(); }
  Offset size() const { return by_user_.indices.size(); }

  Side by_user() const { return by_user_.view(); }
  Side by_item() const { return by_item_.view(); }

 private:
  struct Storage {
    std::vector<Offset> offsets;
    std::vector<Index> indices;
    std::vector<Real> values;
    Side view() const { return {offsets, indices, values}; }
  };
  Storage by_user_;
  Storage by_item_;
};

}  // namespace odot
