// Re-indexing and summaries.
#include "odot/ratings/rating_list.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/parallel.hpp"

namespace odot {
namespace {

TEST_CASE("reindex() translates by id and marks what is unknown") {
  RatingList list;
  for (const char* user : {"a", "b", "c"}) list.users.add(user);
  for (const char* item : {"x", "y"}) list.items.add(item);
  list.ratings = {{0, 1, 2, 0}, {0, 1, 1, 1}, {1, 2, 3, 4}};
  IdTable users;
  for (const char* user : {"c", "z", "a"}) users.add(user);
  IdTable items;
  items.add("y");
  const Triples out = reindex(list, users, items);
  CHECK(out.user == std::vector<Index>{2, kUnknown, 0, 2});
  CHECK(out.item == std::vector<Index>{kUnknown, 0, 0, 0});
  CHECK(out.value == list.ratings.value);
  list.ratings.value.clear();
  CHECK(reindex(list, users, items).value.empty());
}

TEST_CASE("summarize() of known values") {
  const ValueSummary none = summarize({});
  CHECK(none.mean == 0);
  CHECK(none.deviation == 0);
  CHECK(none.lowest == 0);
  CHECK(none.highest == 0);
  const ValueSummary some = summarize({2, 4, 4, 4, 5, 5, 7, 9});  // a textbook's example
  CHECK(some.mean == 5);
  CHECK(some.deviation == 2);
  CHECK(some.lowest == 2);
  CHECK(some.highest == 9);
}

TEST_CASE("summarize() of many values keeps its digits and does not depend on threads") {
  // 1, 2, …, n has mean (n + 1) / 2 and variance (n² − 1) / 12; every value is exact in single precision.
  const std::size_t n = 1000000;
  std::vector<Real> values(n);
  for (std::size_t k = 0; k < n; ++k) values[k] = static_cast<Real>(k + 1);
  const int before = threads();
  set_threads(1);
  const ValueSummary one = summarize(values);
  set_threads(3);
  const ValueSummary three = summarize(values);
  set_threads(before);
  CHECK(one.mean == doctest::Approx(500000.5).epsilon(1e-14));
  CHECK(one.deviation == doctest::Approx(std::sqrt((1e12 - 1) / 12)).epsilon(1e-13));
  CHECK(one.lowest == 1);
  CHECK(one.highest == 1e6);
  CHECK(one.mean == three.mean);
  CHECK(one.deviation == three.deviation);
}

}  // namespace
}  // namespace odot
