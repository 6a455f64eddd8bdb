// Items of each user, without their ratings: what somebody has seen, or liked.
#pragma once

#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A list of items for every user, ascending and without repetition.
class ItemLists {
 public:
  ItemLists() = default;
  /// From pairs of users below `users` and items; pairs with kUnknown are left out, repeated ones count once. Values
  /// are not looked at. Throws Error when a user is out of range.
  ItemLists(Index users, const Triples& pairs);

  Index users() const { return static_cast<Index>(offsets_.size() - 1); }
  /// Of all lists together.
  Offset size() const { return items_.size(); }
  std::span<const Index> operator[](Index user) const {
    return std::span(items_).subspan(offsets_[user], offsets_[user + 1] - offsets_[user]);
  }

 private:
  std::vector<Offset> offsets_{0};  // of where each user's list begins, and the last one ends
  std::vector<Index> items_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
