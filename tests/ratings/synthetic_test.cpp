// Synthetic ratings have the structure that their settings promise.
#include "odot/ratings/synthetic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

SyntheticSettings unbounded() {
  SyntheticSettings s;
  s.round_to = 0;
  s.lowest = -kInfinity;
  s.highest = kInfinity;
  return s;
}

// Counts ratings by user and item while checking that pairs ascend, hence are distinct, and are in range.
void check_pairs(const SyntheticSettings& s, const RatingList& list, std::vector<std::size_t>& by_user,
                 std::vector<std::size_t>& by_item) {
  const Triples& r = list.ratings;
  REQUIRE(r.size() == s.ratings);
  REQUIRE(r.item.size() == s.ratings);
  REQUIRE(r.value.size() == s.ratings);
  REQUIRE(list.users.size() == s.users);
  REQUIRE(list.items.size() == s.items);
  by_user.assign(s.users, 0);
  by_item.assign(s.items, 0);
  std::size_t unordered = 0;
  for (std::size_t k = 0; k < r.size(); ++k) {
    ++by_user.at(r.user[k]);
    ++by_item.at(r.item[k]);
    if (k > 0) unordered += std::pair(r.user[k - 1], r.item[k - 1]) >= std::pair(r.user[k], r.item[k]);
  }
  CHECK(unordered == 0);
}

// The pivots of Gaussian elimination with full pivoting: as many as the rank are not 0.
std::vector<double> pivots(std::vector<std::vector<double>> x) {
  std::vector<double> result;
  const std::size_t columns = x[0].size();
  for (std::size_t step = 0; step < columns; ++step) {
    std::size_t row = 0, column = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        if (std::abs(x[i][j]) > std::abs(x[row][column])) row = i, column = j;
      }
    }
    const std::vector<double> top = x[row];
    result.push_back(std::abs(top[column]));
    if (result.back() == 0) continue;
    for (auto& other : x) {
      const double factor = other[column] / top[column];
      for (std::size_t j = 0; j < columns; ++j) other[j] -= factor * top[j];
      other[column] = 0;
    }
  }
  return result;
}

TEST_CASE("pairs are distinct, sorted and cover everyone, at any density") {
  struct Shape {
    Index users, items;
    std::size_t ratings;
  };
  for (const Shape& shape : {Shape{1000, 500, 50'000}, Shape{300, 200, 500}, Shape{300, 200, 300}, Shape{20, 400, 400},
                             Shape{100, 80, 7999}, Shape{100, 80, 8000}, Shape{1, 1, 1}, Shape{1, 50, 50},
                             Shape{50, 1, 50}, Shape{40, 30, 700}, Shape{2, 1000, 1500}}) {
    CAPTURE(shape.users);
    CAPTURE(shape.items);
    CAPTURE(shape.ratings);
    SyntheticSettings s;
    s.users = shape.users;
    s.items = shape.items;
    s.ratings = shape.ratings;
    std::vector<std::size_t> by_user, by_item;
    check_pairs(s, synthesize(s).list, by_user, by_item);
    CHECK(std::ranges::min(by_user) >= 1);
    CHECK(std::ranges::min(by_item) >= 1);
  }
}

TEST_CASE("fewer ratings than users or items is possible") {
  SyntheticSettings s;
  s.ratings = 100;
  std::vector<std::size_t> by_user, by_item;
  check_pairs(s, synthesize(s).list, by_user, by_item);
}

TEST_CASE("activity and popularity are skewed") {
  SyntheticSettings s;
  s.users = 3000;
  s.items = 2000;
  s.ratings = 100'000;
  std::vector<std::size_t> by_user, by_item;
  check_pairs(s, synthesize(s).list, by_user, by_item);
  // Of a log-normal of deviation 1, the most active tenth has 39% of all; items are not in order of popularity.
  const bool items_sorted = std::ranges::is_sorted(by_item, std::greater{});
  std::ranges::sort(by_user, std::greater{});
  std::ranges::sort(by_item, std::greater{});
  std::size_t top_users = 0, top_items = 0;
  for (std::size_t k = 0; k < 300; ++k) top_users += by_user[k];
  for (std::size_t k = 0; k < 200; ++k) top_items += by_item[k];
  CHECK(top_users > 33'000);
  CHECK(top_users < 46'000);
  CHECK(top_items > 40'000);
  CHECK(top_items < 80'000);
  CHECK_FALSE(items_sorted);
}

TEST_CASE("ids count from 1") {
  const RatingList list = synthesize({}).list;
  CHECK(list.users[0] == "1");
  CHECK(list.users[999] == "1000");
  CHECK(list.items[499] == "500");
}

TEST_CASE("without noise and rounding the ratings are of low rank exactly") {
  SyntheticSettings s = unbounded();
  s.users = 40;
  s.items = 30;
  s.ratings = 1200;
  s.rank = 3;
  s.noise = 0;
  const Synthetic made = synthesize(s);
  CHECK(made.noise_rmse < 1e-6);
  std::vector<std::vector<double>> x(40, std::vector<double>(30));
  for (std::size_t k = 0; k < 1200; ++k) {
    x[made.list.ratings.user[k]][made.list.ratings.item[k]] = static_cast<double>(made.list.ratings.value[k]);
  }
  // The mean and the biases add a rank of 2.
  const std::vector<double> pivot = pivots(x);
  CHECK(pivot[4] > 1e-2);
  CHECK(pivot[5] < 1e-4);
}

TEST_CASE("biases, factors and noise have the deviations that were asked for") {
  const auto deviation = [](const SyntheticSettings& s) {
    const Synthetic made = synthesize(s);
    double sum = 0, squares = 0;
    for (Real value : made.list.ratings.value) {
      sum += static_cast<double>(value);
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    const auto n = static_cast<double>(s.ratings);
    return std::sqrt(squares / n - sum / n * (sum / n));
  };
  SyntheticSettings s = unbounded();
  s.users = 2000;
  s.items = 1500;
  s.ratings = 200'000;
  s.mean = 0;
  s.bias_deviation = s.factor_deviation = s.noise = 0;
  SUBCASE("nothing") { CHECK(deviation(s) == 0); }
  SUBCASE("factors, whatever their rank") {
    s.factor_deviation = 2;
    for (int rank : {1, 8, 50}) {
      s.rank = rank;
      CHECK(deviation(s) == doctest::Approx(2).epsilon(0.12));
    }
    s.rank = 0;
    CHECK(deviation(s) == 0);
  }
  SUBCASE("biases") {
    s.bias_deviation = 0.5;
    CHECK(deviation(s) == doctest::Approx(0.5 * std::sqrt(2)).epsilon(0.15));
  }
  SUBCASE("noise, which noise_rmse measures") {
    s.noise = 0.7;
    CHECK(deviation(s) == doctest::Approx(0.7).epsilon(0.01));
    CHECK(synthesize(s).noise_rmse == doctest::Approx(0.7).epsilon(0.01));
  }
}

TEST_CASE("ratings are rounded and clipped") {
  SyntheticSettings s;
  s.noise = 2;
  bool has_lowest = false, has_highest = false;
  for (Real value : synthesize(s).list.ratings.value) {
    REQUIRE(value * 2 == std::round(value * 2));
    REQUIRE(value >= Real(0.5));
    REQUIRE(value <= Real(5));
    has_lowest |= value == Real(0.5);
    has_highest |= value == Real(5);
  }
  CHECK(has_lowest);
  CHECK(has_highest);
  s.round_to = 0.1;
  std::size_t wrong = 0;
  for (Real value : synthesize(s).list.ratings.value) {
    // The nearest number to a decimal with one digit.
    wrong += value != static_cast<Real>(std::stod(std::to_string(std::lround(value * 10))) / 10);
  }
  CHECK(wrong == 0);
}

TEST_CASE("the same settings give the same bits, another seed others") {
  const int before = threads();
  SyntheticSettings s;
  const Synthetic expected = synthesize(s);
  for (int count : {1, 2, 3, 8}) {
    set_threads(count);
    const Synthetic again = synthesize(s);
    CHECK(again.list.ratings.user == expected.list.ratings.user);
    CHECK(again.list.ratings.item == expected.list.ratings.item);
    CHECK(again.list.ratings.value == expected.list.ratings.value);
    CHECK(again.noise_rmse == expected.noise_rmse);
  }
  set_threads(before);
  s.seed = 2;
  CHECK(synthesize(s).list.ratings.item != expected.list.ratings.item);
}

TEST_CASE("ratings come in order in runs of whole users, however many there are") {
  SyntheticSettings s;
  s.users = 30'000;
  s.items = 900;
  s.ratings = 5'000'000;  // more than are made at a time
  const int before = threads();
  std::vector<Index> counts, items;
  std::vector<Real> values;
  double noise_rmse = 0;
  for (int count : {1, 3}) {
    set_threads(count);
    const SyntheticRatings source(s);
    std::vector<Index> some_counts, some_items;
    std::vector<Real> some_values;
    int calls = 0;
    const double rmse = source.generate([&](auto c, auto i, auto v) {
      ++calls;
      some_counts.insert(some_counts.end(), c.begin(), c.end());
      some_items.insert(some_items.end(), i.begin(), i.end());
      some_values.insert(some_values.end(), v.begin(), v.end());
      CHECK(std::accumulate(some_counts.begin(), some_counts.end(), std::size_t{0}) == some_items.size());
    });
    CHECK(calls > 1);
    if (count == 1) {
      counts = some_counts, items = some_items, values = some_values, noise_rmse = rmse;
      continue;
    }
    CHECK((some_counts == counts));
    CHECK((some_items == items));
    CHECK((some_values == values));
    CHECK(rmse == noise_rmse);
  }
  set_threads(before);
  const Synthetic whole = synthesize(s);
  CHECK((whole.list.ratings.item == items));
  CHECK((whole.list.ratings.value == values));
  std::vector<std::size_t> by_user, by_item;
  check_pairs(s, whole.list, by_user, by_item);
  CHECK(std::ranges::equal(by_user, counts));
}

TEST_CASE("items are drawn as often as the power law says") {
  SyntheticSettings s;
  s.users = 60'000;
  s.items = 20;
  s.ratings = 60'000;  // one for each user, so that nothing is drawn anew
  std::vector<std::size_t> by_user, by_item;
  check_pairs(s, synthesize(s).list, by_user, by_item);
  std::ranges::sort(by_item, std::greater{});
  double sum = 0;
  for (int k = 0; k < 20; ++k) sum += 1 / (k + 1.2);
  for (int k = 0; k < 20; ++k) {
    const double expected = 60'000 / ((k + 1.2) * sum);
    CHECK(std::abs(static_cast<double>(by_item[static_cast<std::size_t>(k)]) - expected) <
          5 * std::sqrt(expected) + 20);
  }
}

TEST_CASE("numbered ids count from 1") {
  const IdTable ids = numbered_ids(1234);
  CHECK(ids.size() == 1234);
  CHECK(ids[0] == "1");
  CHECK(ids[1233] == "1234");
  CHECK(ids.find("17") == 16);
  CHECK(numbered_ids(0).size() == 0);
}

TEST_CASE("impossible settings are errors") {
  const auto refused = [](auto change) {
    SyntheticSettings s;
    change(s);
    CHECK_THROWS_AS(synthesize(s), Error);
  };
  refused([](SyntheticSettings& s) { s.users = 0; });
  refused([](SyntheticSettings& s) { s.items = 0; });
  refused([](SyntheticSettings& s) { s.ratings = 0; });
  refused([](SyntheticSettings& s) { s.ratings = 500'001; });
  refused([](SyntheticSettings& s) { s.rank = -1; });
  refused([](SyntheticSettings& s) { s.noise = -1; });
  refused([](SyntheticSettings& s) { s.round_to = -0.5; });
  refused([](SyntheticSettings& s) { s.factor_deviation = kInfinity; });
  refused([](SyntheticSettings& s) { s.bias_deviation = std::nan(""); });
  refused([](SyntheticSettings& s) { s.mean = std::nan(""); });
  refused([](SyntheticSettings& s) { s.lowest = 6; });
  refused([](SyntheticSettings& s) { s.highest = std::nan(""); });
}

}  // namespace
}  // namespace odot
