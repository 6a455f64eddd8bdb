// Recommendations against scores of all items, sorted.
#include "odot/model/recommend.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "models.hpp"
#include "odot/core/error.hpp"

namespace odot {
namespace {

std::vector<Index> numbers(Index count) {
  std::vector<Index> all(count);
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

Triples random_pairs(std::size_t count, Index users, Index items, unsigned seed) {
  std::mt19937 generator(seed);
  Triples pairs;
  for (std::size_t k = 0; k < count; ++k) {
    pairs.user.push_back(k % 11 == 0 ? kUnknown : static_cast<Index>(generator() % users));
    pairs.item.push_back(k % 13 == 0 ? kUnknown : static_cast<Index>(generator() % items));
  }
  return pairs;
}

std::vector<Scored> naive(const FactorView& model, Index user, std::size_t top, const Triples& exclude,
                          const std::vector<Index>& only) {
  std::set<Index> left(only.begin(), only.end());
  for (std::size_t k = 0; k < exclude.size(); ++k) {
    if (exclude.user[k] == user) left.erase(exclude.item[k]);
  }
  std::vector<Scored> all;
  for (Index item : left) all.push_back({item, model.predict(user, item)});
  std::stable_sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  all.resize(std::min(top, all.size()));
  return all;
}

struct Case {
  Index users;
  Index items;
  int rank;
  bool biases;
  std::size_t top;
  bool exclude;
  bool only;
};

void check_naive(const FactorView& model, const Case& on) {
  CAPTURE(on.users);
  CAPTURE(on.items);
  CAPTURE(on.rank);
  CAPTURE(on.top);
  CAPTURE(on.exclude);
  CAPTURE(on.only);
  const Triples excluded =
      on.exclude ? random_pairs(std::size_t{on.users} * on.items / 4, on.users, on.items, 3) : Triples{};
  const ItemLists lists(on.users, excluded);
  std::vector<Index> allowed = numbers(on.items);
  RecommendSettings settings{.top = on.top, .exclude = on.exclude ? &lists : nullptr};
  if (on.only) {
    std::erase_if(allowed, [](Index item) { return item % 3 == 1; });
    std::reverse(allowed.begin(), allowed.end());
    allowed.push_back(0);
    settings.only = allowed;
  }
  const std::vector<Index> users = numbers(on.users);
  const TopLists found = recommend(model, users, settings);
  REQUIRE(found.size() == on.users);
  for (Index user : users) {
    CAPTURE(user);
    const std::vector<Scored> expected = naive(model, user, on.top, excluded, allowed);
    REQUIRE(std::vector<Scored>(found[user].begin(), found[user].end()) == expected);
  }
}

TEST_CASE("recommendations are those of scoring every item by itself") {
  for (const Case& on : std::vector<Case>{{1, 1, 1, false, 10, false, false},
                                          {3, 40, 5, true, 10, false, false},
                                          {3, 40, 5, true, 1000, true, true},
                                          {131, 50, 8, false, 50, true, false},
                                          {260, 1024, 16, true, 10, true, false},
                                          {40, 2600, 64, true, 10, true, false},
                                          {40, 2600, 64, false, 1, false, true},
                                          {40, 2600, 3, true, 300, true, true},
                                          {5, 3000, 32, true, 2999, false, false}}) {
    check_naive(test::random_model(on.users, on.items, on.rank, on.biases, 0.7).view(), on);
  }
}

TEST_CASE("equal and nearly equal scores are ranked exactly, equal ones by their order") {
  Factorization model = test::random_model(9, 4000, 6, false, 1);
  // Users 0 to 2 have factors zero; items come in groups of equal ones, and of ones that float products cannot tell
  // from one another.
  std::fill_n(model.theta.begin(), 3 * model.layout.stride(), Real{0});
  for (Index item = 0; item < 4000; ++item) {
    const auto to = model.theta.begin() + static_cast<std::ptrdiff_t>(model.layout.item_row(item));
    std::copy_n(model.theta.begin() + static_cast<std::ptrdiff_t>(model.layout.item_row(item / 100 % 7)), 6, to);
    if (item % 3 == 0) to[2] += to[2] * std::numeric_limits<Real>::epsilon() * static_cast<Real>(item % 5);
  }
  for (std::size_t top : {1, 7, 40, 1500}) check_naive(model.view(), {9, 4000, 6, false, top, true, false});
}

TEST_CASE("scores that are small differences of large products are ranked exactly") {
  Factorization model = test::random_model(20, 3000, 8, false, 1);
  const Real large = 1 / std::sqrt(std::numeric_limits<Real>::epsilon());
  for (Index user = 0; user < 20; ++user) {
    Real* row = model.theta.data() + model.layout.user_row(user);
    row[0] = row[7] = large;
  }
  for (Index item = 0; item < 3000; ++item) {
    Real* row = model.theta.data() + model.layout.item_row(item);
    row[0] *= 50;
    row[7] = -row[0];
  }
  for (std::size_t top : {1, 10, 200}) check_naive(model.view(), {20, 3000, 8, false, top, true, true});
}

TEST_CASE("factors whose products overflow, or vanish beside the mean, are ranked exactly too") {
  for (double factor : {1e20, 1e-12, 1e-25}) {
    CAPTURE(factor);
    Factorization model = test::random_model(5, 2000, 7, true, 0.5);
    for (Real& element : model.theta) element *= static_cast<Real>(factor);
    model.pin = static_cast<double>(model.theta[model.layout.user_row(0) + 8]);
    check_naive(model.view(), {5, 2000, 7, true, 10, true, false});
  }
}

TEST_CASE("the same lists whichever users are asked for, in which order, on any number of threads") {
  const Factorization model = test::random_model(700, 1500, 20, true, 1);
  const TopLists all = recommend(model.view(), numbers(700), {});
  const std::vector<Index> some{699, 3, 3, 128, 0};
  const int before = threads();
  for (int count : {1, 2, 3}) {
    set_threads(count);
    const TopLists again = recommend(model.view(), numbers(700), {});
    const TopLists few = recommend(model.view(), some, {});
    for (Index user = 0; user < 700; ++user) CHECK(std::ranges::equal(again[user], all[user]));
    for (std::size_t k = 0; k < some.size(); ++k) CHECK(std::ranges::equal(few[k], all[some[k]]));
  }
  set_threads(before);
}

TEST_CASE("nothing to recommend") {
  const Factorization model = test::random_model(2, 3, 2, true, 1);
  const std::vector<Index> both{0, 1};
  CHECK(recommend(model.view(), {}, {}).size() == 0);
  CHECK(recommend(model.view(), both, {.top = 0})[1].empty());
  CHECK(recommend(model.view(), both, {.only = std::vector<Index>{}})[1].empty());
  CHECK(recommend(test::random_model(2, 0, 2, true, 1).view(), both, {})[0].empty());
  const ItemLists everything(2, {{0, 0, 0}, {2, 1, 0}, {}});
  const TopLists lists = recommend(model.view(), both, {.exclude = &everything});
  CHECK(lists[0].empty());
  CHECK(lists[1].size() == 3);
}

TEST_CASE("what cannot be is an error") {
  Factorization model = test::random_model(2, 3, 2, true, 1);
  const ItemLists lists(1, {});
  CHECK_THROWS_WITH_AS(recommend(model.view(), std::vector<Index>{2}, {}), doctest::Contains("user index 2"), Error);
  CHECK_THROWS_AS(recommend(model.view(), std::vector<Index>{kUnknown}, {}), Error);
  CHECK_THROWS_WITH_AS(recommend(model.view(), {}, {.only = std::vector<Index>{3}}), doctest::Contains("item index 3"),
                       Error);
  CHECK_THROWS_WITH_AS(recommend(model.view(), {}, {.exclude = &lists}), doctest::Contains("lists of 1 users"), Error);
  model.theta[model.layout.item_row(1)] = std::numeric_limits<Real>::quiet_NaN();
  CHECK_THROWS_WITH_AS(recommend(model.view(), std::vector<Index>{0}, {}), doctest::Contains("not finite"), Error);
  CHECK_THROWS_AS(similar(model.view(), Among::items, 0, 3, Similarity::dot), Error);
}

TEST_CASE("similar items and users by hand") {
  Factorization model;
  model.layout = {3, 4, 2, true};
  model.theta.assign(model.layout.size(), Real{0});
  const auto set = [&](std::size_t row, Real x, Real y) {
    model.theta[row] = x, model.theta[row + 1] = y;
    model.theta[row + 2] = 99, model.theta[row + 3] = -99;  // biases and pins do not count
  };
  set(model.layout.item_row(0), 3, 4);
  set(model.layout.item_row(1), 0, 0);
  set(model.layout.item_row(2), 8, 6);
  set(model.layout.item_row(3), 4, 3);
  const std::vector<Scored> cosine = similar(model.view(), Among::items, 0, 10, Similarity::cosine);
  REQUIRE(cosine.size() == 3);
  CHECK(cosine[0].index == 2);  // 48 / (5 · 10), as item 3: the first in the model comes first
  CHECK(cosine[0].score == doctest::Approx(0.96));
  CHECK(cosine[1].index == 3);
  CHECK(cosine[2] == Scored{1, 0});
  CHECK(similar(model.view(), Among::items, 0, 2, Similarity::dot) == std::vector<Scored>{{2, 48}, {3, 24}});
  set(model.layout.user_row(0), 1, 0);
  set(model.layout.user_row(1), -2, 0);
  set(model.layout.user_row(2), 5, 5);
  CHECK(similar(model.view(), Among::users, 0, 9, Similarity::dot) == std::vector<Scored>{{2, 5}, {1, -2}});
  CHECK(similar(model.view(), Among::users, 1, 1, Similarity::cosine)[0].index == 2);
  CHECK(similar(model.view(), Among::users, 0, 0, Similarity::dot).empty());
  CHECK_THROWS_WITH_AS(similar(model.view(), Among::users, 3, 1, Similarity::dot), doctest::Contains("user index 3"),
                       Error);
}

}  // namespace
}  // namespace odot
