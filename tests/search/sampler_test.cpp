// Points: Sobol's first ones, how evenly they lie, and what they depend on.
#include "odot/search/sampler.hpp"

#include <doctest/doctest.h>

#include <array>

#include "odot/core/error.hpp"

namespace odot {
namespace {

using Point = std::vector<double>;

TEST_CASE("Sobol's first points in two dimensions") {
  // The origin is left out. By hand: Gray code order, direction numbers 1/2, 1/4, 1/8 and 1/2, 3/4, 5/8.
  PointSampler sampler(SamplerKind::sobol, 2, 1, false);
  CHECK(sampler.next() == Point{0.5, 0.5});
  CHECK(sampler.next() == Point{0.75, 0.25});
  CHECK(sampler.next() == Point{0.25, 0.75});
  CHECK(sampler.next() == Point{0.375, 0.375});
  CHECK(sampler.next() == Point{0.875, 0.875});
}

TEST_CASE("Sobol's points fill every cell of a grid evenly") {
  // With the origin the first 64 are a net: each of 8 × 8 cells has one. Without it, one cell is empty.
  PointSampler sampler(SamplerKind::sobol, 2, 1, false);
  std::array<int, 64> cells{};
  for (int k = 0; k < 63; ++k) {
    const Point p = sampler.next();
    ++cells[static_cast<std::size_t>(p[0] * 8) * 8 + static_cast<std::size_t>(p[1] * 8)];
  }
  CHECK(cells[0] == 0);
  for (std::size_t k = 1; k < cells.size(); ++k) CHECK(cells[k] == 1);
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
