// Splits: how many, which, and that nobody loses the last training rating.
#include "odot/ratings/split.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot {
namespace {

RatingList list_of(Index users, Index items, std::vector<Index> user, std::vector<Index> item) {
  RatingList list;
  for (Index i = 0; i < users; ++i) list.users.add("u" + std::to_string(i));
  for (Index j = 0; j < items; ++j) list.items.add("i" + std::to_string(j));
  list.ratings.value.resize(user.size());
  std::iota(list.ratings.value.begin(), list.ratings.value.end(), Real(0));
  list.ratings.user = std::move(user);
  list.ratings.item = std::move(item);
  return list;
}

// Everyone rates everything.
RatingList dense_list(Index users, Index items) {
  std::vector<Index> user, item;
  for (Index i = 0; i < users; ++i) {
    for (Index j = 0; j < items; ++j) user.push_back(i), item.push_back(j);
  }
  return list_of(users, items, user, item);
}

// Few ratings a user and an item.
RatingList sparse_list() {
  std::mt19937 generator(5);
  std::vector<Index> user, item;
  for (std::size_t k = 0; k < 3000; ++k) {
    user.push_back(static_cast<Index>(generator() % 1000));
    item.push_back(static_cast<Index>(generator() % 900));
  }
  return list_of(1000, 900, user, item);
}

void check_partition(const Split& split, std::size_t size) {
  CHECK(std::ranges::is_sorted(split.train));
  CHECK(std::ranges::is_sorted(split.test));
  std::vector<std::size_t> all;
  std::ranges::merge(split.train, split.test, std::back_inserter(all));
  std::vector<std::size_t> expected(size);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  CHECK(all == expected);
}

TEST_CASE("where nobody is in danger, exactly the rounded fraction is held out") {
  const RatingList list = dense_list(60, 50);
  for (double fraction : {0.0001, 0.0005, 0.1, 0.25, 0.3333, 0.5}) {
    CAPTURE(fraction);
    const Split split = split_ratings(list, fraction, 3);
    check_partition(split, 3000);
    CHECK(split.test.size() == static_cast<std::size_t>(std::llround(fraction * 3000)));
  }
}

TEST_CASE("what is held out is spread over the list and depends on the seed alone") {
  const RatingList list = dense_list(100, 100);
  const Split split = split_ratings(list, 0.2, 3);
  std::vector<int> tenth(10, 0);
  for (std::size_t k : split.test) ++tenth[k / 1000];
  for (int count : tenth) CHECK(std::abs(count - 200) < 70);
  CHECK(split_ratings(list, 0.2, 4).test != split.test);
  const int before = threads();
  for (int thread_count : {1, 3}) {
    set_threads(thread_count);
    CHECK(split_ratings(list, 0.2, 3).test == split.test);
  }
  set_threads(before);
}

TEST_CASE("every user and every item keeps a training rating") {
  const RatingList list = sparse_list();
  const Triples& ratings = list.ratings;
  for (double fraction : {0.1, 0.5, 0.95}) {
    CAPTURE(fraction);
    const Split split = split_ratings(list, fraction, 1);
    check_partition(split, ratings.size());
    CHECK(split.test.size() < static_cast<std::size_t>(std::llround(fraction * 3000)));
    CHECK(split.test.size() > 0);
    std::vector<bool> user_has(1000), item_has(900), user_kept(1000), item_kept(900);
    for (std::size_t k = 0; k < ratings.size(); ++k) user_has[ratings.user[k]] = item_has[ratings.item[k]] = true;
    for (std::size_t k : split.train) user_kept[ratings.user[k]] = item_kept[ratings.item[k]] = true;
    CHECK(user_kept == user_has);
    CHECK(item_kept == item_has);
  }
}

TEST_CASE("only what someone needs is put back") {
  // With a fraction of nearly 1 all are candidates; each one that stays is then the last of its user or of its item.
  const RatingList list = sparse_list();
  const Split split = split_ratings(list, 0.9999, 1);
  std::vector<int> user_left(1000, 0), item_left(900, 0);
  for (std::size_t k : split.train) ++user_left[list.ratings.user[k]], ++item_left[list.ratings.item[k]];
  std::size_t needless = 0;
  for (std::size_t k : split.train) {
    needless += user_left[list.ratings.user[k]] > 1 && item_left[list.ratings.item[k]] > 1;
  }
  CHECK(needless == 0);
}

TEST_CASE("a single rating stays in training, and an empty list splits into nothing") {
  const Split one = split_ratings(list_of(1, 1, {0}, {0}), 0.9, 1);
  CHECK(one.train == std::vector<std::size_t>{0});
  CHECK(one.test.empty());
  check_partition(split_ratings(RatingList{}, 0.5, 1), 0);
}

TEST_CASE("a fraction outside (0, 1) is an error") {
  const RatingList list = dense_list(2, 2);
  for (double fraction : {0.0, 1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS(split_ratings(list, fraction, 1), Error);
  }
}

TEST_CASE("folds are disjoint, cover everything, are of one size, and depend on the seed alone") {
  const std::vector<std::size_t> numbers = fold_numbers(1003, 4, 7);
  std::vector<int> times(1003, 0);
  for (std::size_t fold = 0; fold < 4; ++fold) {
    const Split split = fold_split(numbers, fold);
    check_partition(split, 1003);
    CHECK(split.test.size() == (fold < 3 ? 251 : 250));
    for (const std::size_t k : split.test) ++times[k];
  }
  CHECK(times == std::vector<int>(1003, 1));
  CHECK(fold_numbers(1003, 4, 8) != numbers);
  const int before = threads();
  for (const int count : {1, 3}) {
    set_threads(count);
    CHECK(fold_numbers(1003, 4, 7) == numbers);
  }
  set_threads(before);
  CHECK_THROWS_AS(fold_numbers(10, 1, 1), Error);
  CHECK_THROWS_AS(fold_numbers(10, 11, 1), Error);
  CHECK(fold_numbers(2, 2, 1).size() == 2);
}

TEST_CASE("select takes positions in their order") {
  const Triples all{{5, 6, 7}, {1, 2, 3}, {Real(0.5), Real(1.5), Real(2.5)}};
  const Triples some = select(all, {2, 0});
  CHECK(some.user == std::vector<Index>{7, 5});
  CHECK(some.item == std::vector<Index>{3, 1});
  CHECK(some.value == std::vector<Real>{Real(2.5), Real(0.5)});
  CHECK(select(Triples{{5, 6}, {1, 2}, {}}, {1}).value.empty());
}

}  // namespace
}  // namespace odot
