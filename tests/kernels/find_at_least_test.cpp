// Large numbers found, against a plain loop.
#include "kernels/find_at_least.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <vector>

namespace odot {
namespace {

TEST_CASE("the places of numbers that are not below a bound") {
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  std::mt19937 generator(5);
  for (std::size_t n : {std::size_t{0}, kFindGroup, 7 * kFindGroup}) {
    for (Real bound : {Real{-1}, Real{0}, Real{40}, Real{49}, Real{50}, kInfinity, -kInfinity}) {
      CAPTURE(n);
      CAPTURE(bound);
      std::vector<Real> x(n);
      for (Real& one : x) one = static_cast<Real>(generator() % 50);
      if (n > 0) x[n - 1] = 49, x[3] = std::numeric_limits<Real>::quiet_NaN(), x[5] = -kInfinity;
      std::vector<Index> expected;
      for (std::size_t k = 0; k < n; ++k) {
        if (x[k] >= bound) expected.push_back(static_cast<Index>(k));
      }
      std::vector<Index> found(n);
      found.resize(find_at_least(x.data(), n, bound, found.data()));
      CHECK(found == expected);
    }
  }
}

}  // namespace
}  // namespace odot
