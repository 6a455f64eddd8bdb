// Successive halving against an example by hand.
#include "odot/search/halving.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "odot/core/error.hpp"

namespace odot {
namespace {

// "trial.rung" of all jobs in their order.
std::string jobs(Halving halving, const std::vector<double>& values) {
  std::string text;
  while (const std::optional<Halving::Job> job = halving.next()) {
    text += (text.empty() ? "" : " ") + std::to_string(job->trial) + "." + std::to_string(job->rung);
    halving.finish(*job, values[job->trial]);
  }
  return text;
}

TEST_CASE("nine trials on three rungs, by hand") {
  // 5, 3, 4: the best of three is 1. 2: the best of four is now 3. After 6 and 7 the best two of six are 3 and 1, which
  // went. 1: the best two of seven are 6 and 3; 6 goes, and is the best of the three on rung 1: it goes on. After 8 and
  // 9 the best three of nine are 6, 3 and 1: all went.
  CHECK(jobs(Halving(9, 3), {5, 3, 4, 2, 6, 7, 1, 8, 9}) == "0.0 1.0 2.0 1.1 3.0 3.1 4.0 5.0 6.0 6.1 6.2 7.0 8.0");
}

TEST_CASE("a rung's best may change before it has as many as it needs") {
  // 2 of 6 go on: those with 1 and 2, which came last and second.
  CHECK(jobs(Halving(6, 2), {9, 2, 8, 7, 6, 1}) == "0.0 1.0 2.0 1.1 3.0 4.0 5.0 5.1");
}

TEST_CASE("what failed is never promoted, and counts") {
  const double bad = std::numeric_limits<double>::quiet_NaN();
  CHECK(jobs(Halving(3, 2), {bad, bad, bad}) == "0.0 1.0 2.0");
  CHECK(jobs(Halving(3, 2), {bad, 7, bad}) == "0.0 1.0 2.0 1.1");
}

TEST_CASE("one rung is a plain search; of equals the first goes on") {
  CHECK(jobs(Halving(4, 1), {1, 2, 3, 4}) == "0.0 1.0 2.0 3.0");
  CHECK(jobs(Halving(3, 2), {1, 1, 1}) == "0.0 1.0 2.0 0.1");
  CHECK_THROWS_AS(Halving(0, 1), Error);
}

TEST_CASE("iterations of rungs") {
  CHECK(rung_iterations(50, 0, 3) == 5);
  CHECK(rung_iterations(50, 1, 3) == 16);
  CHECK(rung_iterations(50, 2, 3) == 50);
  CHECK(rung_iterations(2, 0, 3) == 1);
}

}  // namespace
}  // namespace odot
