// Random numbers of samplers: their moments and distributions, along a stream and from stream to stream.
#include "train/posterior/draws.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace odot {
namespace {

constexpr std::size_t kCount = 100000;
constexpr double kErrors = 5;  // standard errors

using Numbers = std::vector<double>;
using Distribution = std::function<double(double)>;

// √n times the Kolmogorov-Smirnov distance.
double distance(Numbers numbers, const Distribution& distribution) {
  std::ranges::sort(numbers);
  const auto n = static_cast<double>(numbers.size());
  double worst = 0;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const double there = distribution(numbers[k]);
    worst = std::max({worst, there - static_cast<double>(k) / n, static_cast<double>(k + 1) / n - there});
  }
  return worst * std::sqrt(n);
}

// `fourth` is the central moment.
void check_moments(const Numbers& numbers, double mean, double variance, double fourth) {
  const auto n = static_cast<double>(numbers.size());
  double sum = 0;
  double squares = 0;
  for (const double x : numbers) {
    sum += x - mean;
    squares += (x - mean) * (x - mean);
  }
  CHECK(std::abs(sum / n) <= kErrors * std::sqrt(variance / n));
  CHECK(std::abs(squares / n - variance) <= kErrors * std::sqrt((fourth - variance * variance) / n));
}

// A distance above 2.5 has the chance 7e-6.
void check_normal(const Numbers& numbers) {
  check_moments(numbers, 0, 1, 3);
  CHECK(distance(numbers, [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }) < 2.5);
}

void check_gamma(const Numbers& numbers, double shape) {
  for (const double x : numbers) REQUIRE(x >= 0);
  check_moments(numbers, shape, shape, 3 * shape * shape + 6 * shape);
  CHECK(distance(numbers, [&](double x) { return boost::math::gamma_p(shape, x); }) < 2.5);
}

// Of pairs of numbers that are to have nothing to do with one another.
double correlation(const Numbers& x, const Numbers& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    mean_x += x[k] / n;
    mean_y += y[k] / n;
  }
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    xy += (x[k] - mean_x) * (y[k] - mean_y);
    xx += (x[k] - mean_x) * (x[k] - mean_x);
    yy += (y[k] - mean_y) * (y[k] - mean_y);
  }
  return xy / std::sqrt(xx * yy);
}

void check_unrelated(Numbers x, Numbers y) {
  const double most = kErrors / std::sqrt(static_cast<double>(x.size()));
  CHECK(std::abs(correlation(x, y)) <= most);
  for (Numbers* numbers : {&x, &y}) {
    for (double& number : *numbers) number *= number;
  }
  CHECK(std::abs(correlation(x, y)) <= most);
}

TEST_CASE("gamma variates, along one stream and the first ones of many") {
  for (const double shape : {0.3, 1.0, 4.5, 1000.0}) {
    CAPTURE(shape);
    Numbers along;
    Draws draws(1, Drawn::noise, 7);
    for (std::size_t k = 0; k < kCount; ++k) along.push_back(draws.gamma(shape));
    check_gamma(along, shape);
    Numbers rows;
    Numbers sweeps;
    for (std::uint32_t k = 0; k < kCount; ++k) {
      rows.push_back(Draws(1, Drawn::user_rows, 7, k).gamma(shape));
      sweeps.push_back(Draws(1, Drawn::noise, static_cast<int>(k)).gamma(shape));
    }
    check_gamma(rows, shape);
    check_gamma(sweeps, shape);
    check_unrelated(rows, sweeps);
    check_unrelated(Numbers(rows.begin() + 1, rows.end()), Numbers(rows.begin(), rows.end() - 1));
    check_unrelated(Numbers(along.begin() + 1, along.end()), Numbers(along.begin(), along.end() - 1));
  }
}

TEST_CASE("normals, along one stream and the first ones of many") {
  Numbers along;
  Draws draws(1, Drawn::user_prior, 7);
  for (std::size_t k = 0; k < kCount; ++k) along.push_back(draws.normal());
  check_normal(along);
  Numbers places;
  for (std::size_t k = 0; k < kCount; ++k) places.push_back(draws.normal_at(k));
  check_normal(places);
  check_unrelated(Numbers(places.begin() + 1, places.end()), Numbers(places.begin(), places.end() - 1));
  Numbers rows;
  Numbers sweeps;
  for (std::uint32_t k = 0; k < kCount; ++k) {
    rows.push_back(Draws(1, Drawn::user_rows, 7, k).normal());
    sweeps.push_back(Draws(1, Drawn::item_rows, static_cast<int>(k), 9).normal());
  }
  check_normal(rows);
  check_normal(sweeps);
  check_unrelated(rows, sweeps);
  check_unrelated(Numbers(rows.begin() + 1, rows.end()), Numbers(rows.begin(), rows.end() - 1));
}

TEST_CASE("normals by the row: each of them, in pairs, of odd and even rows, and what is drawn after them") {
  for (const std::size_t length : {std::size_t{1}, std::size_t{4}, std::size_t{5}}) {
    CAPTURE(length);
    std::vector<Numbers> each(length);
    Numbers gammas;
    for (std::uint32_t row = 0; row < kCount / 2; ++row) {
      Draws draws(3, Drawn::item_rows, 2, row);
      Numbers numbers(length, 1e9);
      draws.normals(numbers);
      for (std::size_t k = 0; k < length; ++k) each[k].push_back(numbers[k]);
      gammas.push_back(draws.gamma(2.5));
    }
    check_gamma(gammas, 2.5);
    for (std::size_t k = 0; k < length; ++k) {
      check_normal(each[k]);
      check_unrelated(each[k], gammas);
      for (std::size_t l = 0; l < k; ++l) check_unrelated(each[k], each[l]);
    }
  }
}

TEST_CASE("uniform numbers are below 1 and uniform") {
  Draws draws(4, Drawn::noise, 1, 2);
  Numbers numbers;
  for (std::size_t k = 0; k < kCount; ++k) numbers.push_back(draws.uniform());
  for (const double x : numbers) REQUIRE((x >= 0 && x < 1));
  CHECK(distance(numbers, [](double x) { return x; }) < 2.5);
}

TEST_CASE("the same key gives the same numbers, and every other one others") {
  const auto first = [](std::uint64_t seed, Drawn what, int sweep, std::uint32_t row) {
    return Draws(seed, what, sweep, row).uniform();
  };
  std::set<double> seen;
  std::size_t keys = 0;
  for (const std::uint64_t seed : {0, 1, 77}) {
    for (const Drawn what : {Drawn::user_rows, Drawn::item_rows, Drawn::noise, Drawn::user_prior, Drawn::item_prior,
                             Drawn::user_effects, Drawn::item_effects}) {
      for (const int sweep : {0, 1, 2, 255, 256, (1 << 24) - 1}) {
        for (const std::uint32_t row : {0U, 1U, 2U, 256U, 65536U, 1U << 24, 0xffffffffU}) {
          seen.insert(first(seed, what, sweep, row));
          CHECK(first(seed, what, sweep, row) == first(seed, what, sweep, row));
          ++keys;
        }
      }
    }
  }
  CHECK(seen.size() == keys);
}

}  // namespace
}  // namespace odot
