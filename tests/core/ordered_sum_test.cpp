// Parts are added in their order and in no other: with sums that another order would round to something else.
#include "odot/core/ordered_sum.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace odot {
namespace {

// 1 + small is 1, but small + small + 1 is not.
constexpr double kSmall = 0x1p-53;

struct Pair {
  double first = 0;
  double second = 0;

  Pair& operator+=(const Pair& part) {
    first += part.first;
    second += part.second;
    return *this;
  }
};

TEST_CASE("numbers, one after another") {
  CHECK(ordered_sum(std::vector<double>{}) == 0);
  CHECK(ordered_sum(std::vector<double>{1, kSmall, kSmall}) == 1);
  CHECK(ordered_sum(std::vector<double>{kSmall, kSmall, 1}) > 1);
  double total = 1;
  add_in_order(std::vector<double>{kSmall, kSmall}, total);
  CHECK(total == 1);
}

TEST_CASE("structs, and what is made of parts") {
  const std::array<Pair, 3> parts{{{1, kSmall}, {kSmall, kSmall}, {kSmall, 1}}};
  const Pair total = ordered_sum(parts);
  CHECK(total.first == 1);
  CHECK(total.second > 1);
  CHECK(ordered_sum(parts, &Pair::second) > 1);
  CHECK(ordered_sum(parts, [](const Pair& part) { return 2 * part.first; }) == 2);
}

TEST_CASE("stretches, element by element") {
  const std::vector<double> parts{kSmall, 1, 5, kSmall, kSmall, 6};
  std::vector<double> total{1, 0, 7};
  add_elements_in_order<double>(parts, total);
  CHECK(total == std::vector<double>{1, 1, 18});
  add_elements_in_order<double>({}, total);
  CHECK(total == std::vector<double>{1, 1, 18});
}

}  // namespace
}  // namespace odot
