// Points: Sobol's first ones, how evenly they lie, and what they depend on.
#include "odot/search/sampler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "odot/core/error.hpp"

namespace odot {
namespace {

using Point = std::vector<double>;

// The first 53 digits of a coordinate.
std::uint64_t digits(double coordinate) { return static_cast<std::uint64_t>(coordinate * 0x1p53); }

TEST_CASE("Sobol's first points in two dimensions") {
  // The origin is left out. By hand: Gray code order, direction numbers 1/2, 1/4, 1/8 and 1/2, 3/4, 5/8. The shift,
  // which every point has, is not in what makes one point of the other.
  const std::vector<Point> by_hand{{0.5, 0.5}, {0.75, 0.25}, {0.25, 0.75}, {0.375, 0.375}, {0.875, 0.875}};
  for (const std::uint64_t seed : {1, 2}) {
    PointSampler sampler(SamplerKind::sobol, 2, seed);
    const Point first = sampler.next();
    CHECK(first != by_hand[0]);
    for (std::size_t k = 1; k < by_hand.size(); ++k) {
      const Point point = sampler.next();
      for (std::size_t d = 0; d < 2; ++d) {
        CHECK((digits(point[d]) ^ digits(first[d])) == (digits(by_hand[k][d]) ^ digits(by_hand[0][d])));
      }
    }
  }
}

TEST_CASE("Sobol's points fill every cell of a grid evenly") {
  // With the origin the first 64 are a net, shifted or not: each of 8 × 8 cells has one. Without it, one cell is empty.
  PointSampler sampler(SamplerKind::sobol, 2, 1);
  std::array<int, 64> cells{};
  for (int k = 0; k < 63; ++k) {
    const Point p = sampler.next();
    ++cells[static_cast<std::size_t>(p[0] * 8) * 8 + static_cast<std::size_t>(p[1] * 8)];
  }
  CHECK(std::ranges::count(cells, 0) == 1);
  CHECK(std::ranges::count(cells, 1) == 63);
}

TEST_CASE("points are in the cube, depend on the seed, and come again") {
  for (const SamplerKind kind : {SamplerKind::random, SamplerKind::sobol}) {
    PointSampler one(kind, 3, 5), same(kind, 3, 5), other(kind, 3, 6);
    double sum = 0;
    for (int k = 0; k < 1000; ++k) {
      const Point p = one.next();
      CHECK(p == same.next());
      CHECK(p != other.next());
      for (const double x : p) {
        CHECK(x >= 0);
        CHECK(x < 1);
        sum += x;
      }
    }
    CHECK(sum / 3000 == doctest::Approx(0.5).epsilon(0.05));
  }
  CHECK_THROWS_AS(PointSampler(SamplerKind::sobol, 1001, 1), Error);
}

}  // namespace
}  // namespace odot
