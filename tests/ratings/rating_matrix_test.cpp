// Both orientations of the rating matrix against an ordered map.
#include "odot/ratings/rating_matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot {
namespace {

using Cells = std::map<std::pair<Index, Index>, Real>;

// Distinct random cells in random order; users are odd and items not 0 modulo 3, so that the others are empty rows.
Triples random_triples(Index users, Index items, std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Cells cells;
  while (cells.size() < count) {
    const auto user = static_cast<Index>(generator() % (users / 2) * 2 + 1);
    const auto item = static_cast<Index>(generator() % items);
    if (item % 3 != 0) cells[{user, item}] = static_cast<Real>(generator() % 1000) / Real(8);
  }
  std::vector<std::pair<std::pair<Index, Index>, Real>> order(cells.begin(), cells.end());
  std::shuffle(order.begin(), order.end(), generator);
  Triples triples;
  for (const auto& [cell, value] : order) {
    triples.user.push_back(cell.first);
    triples.item.push_back(cell.second);
    triples.value.push_back(value);
  }
  return triples;
}

// Reads a side in order: ascending (row, index), as a map has them.
void check_side(const RatingSide& side, const Cells& expected, Index rows) {
  REQUIRE(side.rows() == rows);
  REQUIRE(side.size() == expected.size());
  REQUIRE(side.offsets.front() == 0);
  REQUIRE(side.offsets.back() == expected.size());
  auto next = expected.begin();
  std::size_t wrong = 0;
  for (Index row = 0; row < rows; ++row) {
    for (Offset k = side.offsets[row]; k < side.offsets[row] + side.count(row); ++k, ++next) {
      wrong += next->first != std::pair(row, side.indices[k]) || next->second != side.values[k];
    }
  }
  CHECK(wrong == 0);
}

void check_matrix(Index users, Index items, std::size_t count, double shift) {
  const Triples triples = random_triples(users, items, count, 11);
  Cells by_user, by_item;
  for (std::size_t k = 0; k < triples.size(); ++k) {
    const Real value = static_cast<Real>(static_cast<double>(triples.value[k]) - shift);
    by_user[{triples.user[k], triples.item[k]}] = value;
    by_item[{triples.item[k], triples.user[k]}] = value;
  }
  const int before = threads();
  for (int thread_count : {1, 2, 3, 8}) {
    set_threads(thread_count);
    RatingMatrix matrix(users, items, triples);
    matrix.subtract(shift);
    CHECK(matrix.users() == users);
    CHECK(matrix.items() == items);
    CHECK(matrix.size() == count);
    check_side(matrix.by_user(), by_user, users);
    check_side(matrix.by_item(), by_item, items);
  }
  set_threads(before);
}

TEST_CASE("both orientations hold every rating in ascending order") {
  check_matrix(10, 9, 12, 0);
  check_matrix(1000, 20, 3000, 2.5);
  check_matrix(20, 4000, 3000, 0);
  check_matrix(400, 300, 30'000, 0.125);
}

TEST_CASE("a matrix may have no ratings, and no rows") {
  const RatingMatrix empty(3, 2, {});
  CHECK(empty.size() == 0);
  CHECK(empty.users() == 3);
  CHECK(empty.items() == 2);
  CHECK(empty.by_item().count(1) == 0);
  CHECK(RatingMatrix().users() == 0);
}

TEST_CASE("an index out of range is an error") {
  CHECK_THROWS_AS(RatingMatrix(2, 2, Triples{{0, 2}, {0, 1}, {1, 1}}), Error);
  CHECK_THROWS_AS(RatingMatrix(2, 2, Triples{{0, 1}, {0, 2}, {1, 1}}), Error);
  CHECK_THROWS_AS(RatingMatrix(2, 2, Triples{{0, kUnknown}, {0, 1}, {1, 1}}), Error);
}

}  // namespace
}  // namespace odot
