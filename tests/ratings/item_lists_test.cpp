// Lists of items by user against sets.
#include "odot/ratings/item_lists.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "odot/core/error.hpp"

namespace odot {
namespace {

TEST_CASE("lists are sorted, without repetition and without what is unknown") {
  constexpr Index kUsers = 20'000;
  std::mt19937 generator(4);
  Triples pairs;
  std::vector<std::set<Index>> expected(kUsers);
  Offset size = 0;
  for (int k = 0; k < 100'000; ++k) {
    const auto user = static_cast<Index>(generator() % kUsers);
    const auto item = static_cast<Index>(generator() % 30);
    pairs.user.push_back(k % 7 == 0 ? kUnknown : user);
    pairs.item.push_back(k % 5 == 0 ? kUnknown : item);
    if (k % 7 != 0 && k % 5 != 0) size += expected[user].insert(item).second;
  }
  const ItemLists lists(kUsers, pairs);
  CHECK(lists.users() == kUsers);
  CHECK(lists.size() == size);
  for (Index user = 0; user < kUsers; ++user) {
    REQUIRE(std::equal(lists[user].begin(), lists[user].end(), expected[user].begin(), expected[user].end()));
  }
}

TEST_CASE("no pairs, no users, users out of range") {
  CHECK(ItemLists(3, {})[2].empty());
  CHECK(ItemLists(0, {}).users() == 0);
  CHECK(ItemLists().users() == 0);
  CHECK_THROWS_AS(ItemLists(3, Triples{{3}, {0}, {}}), Error);
}

}  // namespace
}  // namespace odot
