// Folds against an example by hand.
#include "odot/search/cross_validation.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "odot/ratings/rating_list.hpp"

namespace odot {
namespace {

using Indices = std::vector<Index>;

// Of three users and three items; u2 and i2 have one rating, which is the last.
RatingList ratings() {
  RatingList list;
  for (const char* id : {"u0", "u1", "u2"}) list.users.add(id);
  for (const char* id : {"i0", "i1", "i2"}) list.items.add(id);
  list.ratings = {{0, 1, 0, 1, 2}, {0, 0, 1, 1, 2}, {1, 2, 3, 4, 5}};
  return list;
}

TEST_CASE("a fold knows no user and no item that its training ratings do not have") {
  const Dataset data{ratings()};
  const Dataset fold = make_fold(data, Split{{0, 1, 2}, {3, 4}});
  CHECK(fold.size() == 3);
  CHECK(fold.valid.user == Indices{1, kUnknown});
  CHECK(fold.valid.item == Indices{1, kUnknown});
  CHECK(fold.valid.value == std::vector<Real>{4, 5});

  const Dataset of_item = make_fold(data, Split{{1, 3, 4}, {0, 2}});
  CHECK(of_item.valid.user == Indices{kUnknown, kUnknown});
  CHECK(of_item.valid.item == Indices{0, 1});
  const Dataset of_user = make_fold(data, Split{{2, 3, 4}, {0, 1}});
  CHECK(of_user.valid.user == Indices{0, 1});
  CHECK(of_user.valid.item == Indices{kUnknown, kUnknown});
}

TEST_CASE("with features a fold knows everyone, whose features are those of its side") {
  Dataset data{ratings()};
  data.user_features.emplace().path = "users.csv";
  data.item_features.emplace().path = "items.csv";
  Dataset fold = make_fold(data, Split{{0, 1, 2}, {3, 4}});
  CHECK(fold.valid.user == Indices{1, 2});
  CHECK(fold.valid.item == Indices{1, 2});
  REQUIRE(fold.user_features);
  REQUIRE(fold.item_features);
  CHECK(fold.user_features->path == "users.csv");
  CHECK(fold.item_features->path == "items.csv");
  CHECK(fold.users.size() == 3);
  CHECK(fold.items.size() == 3);
  // Networks take the ratings in their order.
  CHECK(fold.take_list().value == std::vector<Real>{1, 2, 3});
}

}  // namespace
}  // namespace odot
