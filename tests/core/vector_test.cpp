// Vector operations against plain loops in long double.
#include "odot/core/vector.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace odot {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 7, 8, 9, 1000, 8192, 8193, 100'003, 3'000'001};

Vector random_vector(std::size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Vector x(n);
  for (Real& element : x) element = static_cast<Real>(uniform(generator));
  return x;
}

TEST_CASE("dot, norm and distance are those of a plain loop") {
  for (std::size_t n : kSizes) {
    CAPTURE(n);
    const Vector x = random_vector(n, 1);
    const Vector y = random_vector(n, 2);
    long double products = 0, squares = 0, differences = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const long double a = x[i], b = y[i];
      products += a * b;
      squares += a * a;
      differences += (a - b) * (a - b);
    }
    const double scale = std::sqrt(static_cast<double>(n) + 1);
    CHECK(std::abs(dot(x, y) - static_cast<double>(products)) <= 1e-13 * scale * scale);
    CHECK(std::abs(norm(x) - static_cast<double>(std::sqrt(squares))) <= 1e-13 * scale);
    CHECK(std::abs(distance(x, y) - static_cast<double>(std::sqrt(differences))) <= 1e-13 * scale);
  }
}

TEST_CASE("dots and combine are dot and add_scaled of many vectors") {
  for (std::size_t n : kSizes) {
    CAPTURE(n);
    const std::vector<Vector> x = {random_vector(n, 1), random_vector(n, 2), random_vector(n, 3)};
    const std::vector<ConstSpan> spans(x.begin(), x.end());
    const std::vector<double> factors = {0.5, -2, 0.125};
    std::vector<double> products(4, 77);  // may be longer than there are vectors
    dots(spans, x[1], products);
    Vector sum(n, Real{77});
    combine(factors, spans, sum);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double expected = 0;
      for (std::size_t k = 0; k < 3; ++k) expected += factors[k] * static_cast<double>(x[k][i]);
      wrong += std::abs(static_cast<double>(sum[i]) - expected) > 4 * std::numeric_limits<Real>::epsilon();
    }
    CHECK(wrong == 0);
    CHECK(products[3] == 77);
    for (std::size_t k = 0; k < 3; ++k) {
      CHECK(std::abs(products[k] - dot(x[k], x[1])) <= 1e-13 * (static_cast<double>(n) + 1));
    }
  }
}

TEST_CASE("sums have the same bits on any number of threads") {
  const Vector x = random_vector(3'000'001, 3);
  const Vector y = random_vector(3'000'001, 4);
  const int before = threads();
  set_threads(1);
  const double expected_dot = dot(x, y);
  const double expected_distance = distance(x, y);
  for (int count : {2, 3, 8}) {
    set_threads(count);
    CHECK(dot(x, y) == expected_dot);
    CHECK(distance(x, y) == expected_distance);
  }
  set_threads(before);
}

TEST_CASE("scale, add_scaled and copy do every element once, in place too") {
  for (std::size_t n : kSizes) {
    CAPTURE(n);
    const Vector x = random_vector(n, 5);
    const Vector d = random_vector(n, 6);
    Vector scaled(n), sum(n), copied(n), onto_x = x, onto_d = d;
    scale(-0.5, x, scaled);
    add_scaled(x, 0.25, d, sum);
    add_scaled(onto_x, 0.25, d, onto_x);
    add_scaled(x, 0.25, onto_d, onto_d);
    copy(x, copied);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double expected = static_cast<double>(x[i]) + 0.25 * static_cast<double>(d[i]);
      wrong += scaled[i] != Real(-0.5) * x[i];
      wrong += std::abs(static_cast<double>(sum[i]) - expected) > std::numeric_limits<Real>::epsilon();
    }
    CHECK(wrong == 0);
    CHECK(onto_x == sum);
    CHECK(onto_d == sum);
    CHECK(copied == x);
  }
}

TEST_CASE("all_finite sees one bad element anywhere") {
  CHECK(all_finite(Vector{}));
  for (std::size_t n : {1, 9, 50'000}) {
    Vector x = random_vector(n, 7);
    x[n / 2] = std::numeric_limits<Real>::max();
    CHECK(all_finite(x));
    for (std::size_t i : {std::size_t{0}, n / 2, n - 1}) {
      for (Real bad : {std::numeric_limits<Real>::infinity(), -std::numeric_limits<Real>::infinity(),
                       std::numeric_limits<Real>::quiet_NaN()}) {
        Vector y = x;
        y[i] = bad;
        CHECK_FALSE(all_finite(y));
      }
    }
  }
}

TEST_CASE("for_each_element visits each index once") {
  std::vector<int> visits(100'003, 0);
  for_each_element(visits.size(), [&](std::size_t i) { ++visits[i]; });
  CHECK(visits == std::vector<int>(100'003, 1));
}

TEST_CASE("vectors are aligned to a cache line") {
  for (std::size_t n : {1, 3, 1000}) {
    const Vector x(n);
    CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % kAlignment == 0);
  }
}

}  // namespace
}  // namespace odot
