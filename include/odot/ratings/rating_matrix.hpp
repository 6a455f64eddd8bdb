// The sparse rating matrix in both orientations.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The values of one orientation's ratings, less a constant: kept as they are, or where there are at most 256 different
/// ones as one-byte codes into a table of them.
class RatingValues {
 public:
  RatingValues() = default;
  RatingValues(const Real* plain, double shift) : plain_(plain), shift_(shift) {}
  /// `table` is less the constant already.
  RatingValues(const std::uint8_t* codes, std::span<const Real> table) : codes_(codes), table_(table) {}

  Real operator[](Offset k) const { return codes_ ? table_[codes_[k]] : shifted(k); }

  /// Writes those at [begin, end) to `out`.
  void read(Offset begin, Offset end, Real* out) const {
    if (codes_) {
      for (Offset k = begin; k < end; ++k) *out++ = table_[codes_[k]];
    } else {
      for (Offset k = begin; k < end; ++k) *out++ = shifted(k);
    }
  }

  const std::uint8_t* codes() const { return codes_; }    ///< or nullptr
  std::span<const Real> table() const { return table_; }  ///< that codes point into

 private:
  Real shifted(Offset k) const { return static_cast<Real>(static_cast<double>(plain_[k]) - shift_); }

  const Real* plain_ = nullptr;
  double shift_ = 0;
  const std::uint8_t* codes_ = nullptr;
  std::span<const Real> table_;
};

/// Told of every reading of ratings that do not lie in memory already. Called by many threads at once.
class RatingPager {
 public:
  virtual ~RatingPager() = default;
  /// The ratings at [begin, end) are about to be read: throws Error where they are not what was written.
  virtual void before(Offset begin, Offset end) = 0;
  /// They have been read.
  virtual void after(Offset begin, Offset end) = 0;
};

/// One orientation of the matrix. By user it is CSR (a row is a user, an index an item), by item it is CSC
/// (a row is an item, an index a user): whatever is written for a RatingSide serves both. Row i's ratings are at
/// positions [offsets[i], offsets[i+1]) of indices and values, with ascending indices. Whoever reads indices or values
/// calls read().
struct RatingSide {
  std::span<const Offset> offsets;  ///< rows() + 1 of them
  std::span<const Index> indices;
  RatingValues values;
  RatingPager* pager = nullptr;
  Index columns = 0;  ///< indices are below this

  Index rows() const { return static_cast<Index>(offsets.size() - 1); }
  Offset size() const { return indices.size(); }
  Offset count(Index row) const { return offsets[row + 1] - offsets[row]; }

  /// Calls body(), which reads the ratings at [begin, end) and no others.
  template <class Body>
  void read(Offset begin, Offset end, Body&& body) const {
    if (pager) pager->before(begin, end);
    body();
    if (pager) pager->after(begin, end);
  }
};

/// One orientation as it is stored: either `plain` or `codes` is set.
struct StoredSide {
  std::span<const Offset> offsets;
  std::span<const Index> indices;
  const Real* plain = nullptr;
  const std::uint8_t* codes = nullptr;
  RatingPager* pager = nullptr;
};

/// X and its mask W: m users × n items, both orientations stored.
class RatingMatrix {
 public:
  /// Without users, items or ratings.
  RatingMatrix() : RatingMatrix(0, 0, {}) {}

  /// From triples with unique (user, item) pairs; users and items may be without ratings. Takes 10 bytes a rating where
  /// there are at most 256 different values, else 8 + 2 sizeof(Real), and while it is built the triples and half of
  /// that. Throws Error when an index is out of range.
  RatingMatrix(Index users, Index items, Triples ratings);

  /// What `storage` keeps: `table` holds the values that codes stand for.
  RatingMatrix(const StoredSide& by_user, const StoredSide& by_item, std::vector<Real> table,
               const ValueSummary& summary, std::shared_ptr<const void> storage);

  Index users() const { return static_cast<Index>(by_user_.offsets.size() - 1); }
  Index items() const { return static_cast<Index>(by_item_.offsets.size() - 1); }
  Offset size() const { return by_user_.indices.size(); }

  /// Of the values as they were given.
  const ValueSummary& summary() const { return summary_; }

  /// From now on every value is less `constant` than it was given.
  void subtract(double constant);

  /// Valid as long as this matrix, until the next subtract().
  RatingSide by_user() const { return view(by_user_, items()); }
  RatingSide by_item() const { return view(by_item_, users()); }

  /// The values that codes stand for, as they were given, ascending; empty where the values are kept themselves.
  const std::vector<Real>& table() const { return table_; }
  const StoredSide& stored_by_user() const { return by_user_; }
  const StoredSide& stored_by_item() const { return by_item_; }

 private:
  RatingSide view(const StoredSide& side, Index columns) const {
    const RatingValues values =
        side.codes ? RatingValues(side.codes, shifted_table_) : RatingValues(side.plain, shift_);
    return {side.offsets, side.indices, values, side.pager, columns};
  }

  StoredSide by_user_;
  StoredSide by_item_;
  std::vector<Real> table_;
  std::vector<Real> shifted_table_;
  double shift_ = 0;
  ValueSummary summary_;
  std::shared_ptr<const void> storage_;  // what the sides point into
};

/// The rating matrix and the ids of its rows and columns.
struct RatingData {
  RatingData() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): wherever ratings are wanted, a list of them will do
  RatingData(RatingList list)
      : users(std::move(list.users)),
        items(std::move(list.items)),
        ratings(users.size(), items.size(), std::move(list.ratings)) {}
  RatingData(IdTable user_ids, IdTable item_ids, RatingMatrix matrix)
      : users(std::move(user_ids)), items(std::move(item_ids)), ratings(std::move(matrix)) {}

  IdTable users;
  IdTable items;
  RatingMatrix ratings;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
