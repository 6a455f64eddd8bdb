// By what rows of which only features are known are moved, against a dense solution in long double.
#include "train/posterior/unrated_shift.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

constexpr std::size_t kStride = 8;
constexpr double kRidge = 0.7;
constexpr double kPin = 0.9;

// Rows and partners of three factors and a bias, which is pinned for the other side, with some ratings.
struct Problem {
  Problem(Index rows, Index partners, bool biases) {
    Uniform uniform(3);
    Triples ratings;
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < partners; ++j) {
        if (i % 7 == 3 || uniform(0, 1) > 0.2 + (i % 3) * 0.3) continue;
        ratings.user.push_back(i);
        ratings.item.push_back(j);
        ratings.value.push_back(static_cast<Real>(1 + (i + j) % 5));
      }
    }
    matrix = RatingMatrix(rows, partners, std::move(ratings));
    for (const std::size_t k : {0, 1, 2}) free.push_back(k);
    if (biases) free.push_back(3);
    pinned = biases ? 4 : -1;
    expected.resize(rows * kStride);
    columns.resize(partners * kStride);
    for (Vector* all : {&expected, &columns}) {
      for (std::size_t at = 0; at < all->size(); ++at) {
        if (at % kStride < (biases ? 5u : 3u)) (*all)[at] = static_cast<Real>(uniform(-1, 1));
      }
    }
    for (Index j = 0; biases && j < partners; ++j) columns[j * kStride + 3] = static_cast<Real>(kPin);
  }

  std::vector<double> shift() {
    UnratedShift shift(matrix.by_user(), matrix.by_item(), free, pinned, kStride);
    return shift(expected, columns.data(), kRidge);
  }

  RatingMatrix matrix;
  std::vector<std::size_t> free;
  int pinned = -1;
  Vector expected;
  Vector columns;
};

TEST_CASE("the shift of rows without ratings minimises the weighted squared errors of the ratings of the others") {
  for (const bool biases : {false, true}) {
    CAPTURE(biases);
    Problem problem(50, 30, biases);
    const std::vector<double> shift = problem.shift();
    const std::size_t n = problem.free.size();
    const RatingSide side = problem.matrix.by_user();
    long double rated = 0;
    long double total = 0;
    for (Index i = 0; i < side.rows(); ++i) {
      const auto count = static_cast<long double>(side.count(i));
      rated += count > 0 ? 1 : 0;
      total += count / (count + 3000);
    }
    LongMatrix system(n, LongVector(n));
    LongVector right(n);
    for (std::size_t k = 0; k < n; ++k) system[k][k] = kRidge;
    for (Index i = 0; i < side.rows(); ++i) {
      const long double share = rated / total / (static_cast<long double>(side.count(i)) + 3000);
      for (Offset at = side.offsets[i]; at < side.offsets[i + 1]; ++at) {
        const Real* column = problem.columns.data() + side.indices[at] * kStride;
        long double error = -static_cast<long double>(side.values[at]);
        for (std::size_t k = 0; k < (biases ? 5u : 3u); ++k) {
          const Real element = k == 4 ? static_cast<Real>(kPin) : problem.expected[i * kStride + k];
          error += static_cast<long double>(element) * column[k];
        }
        for (std::size_t k = 0; k < n; ++k) {
          right[k] -= share * error * column[problem.free[k]];
          for (std::size_t l = 0; l < n; ++l) {
            system[k][l] += share * column[problem.free[k]] * column[problem.free[l]];
          }
        }
      }
    }
    const LongVector solution = dense_solve(system, right);
    REQUIRE(shift.size() == n);
    for (std::size_t k = 0; k < n; ++k) {
      CHECK(std::abs(shift[k] - solution[k]) < (sizeof(Real) == 8 ? 1e-11 : 2e-5));
    }
  }
}

TEST_CASE("without any rating nothing is moved") {
  Problem problem(5, 3, true);
  problem.matrix = RatingMatrix(5, 3, {});
  for (const double element : problem.shift()) CHECK(element == 0);
}

TEST_CASE("the shift has the same bits on any number of threads") {
  std::vector<double> expected;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    Problem problem(2000, 60, true);
    const std::vector<double> shift = problem.shift();
    if (count == 1) expected = shift;
    CHECK((shift == expected));
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
