// Wall time, and what is left out of it.
#include "odot/core/stopwatch.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

namespace odot {
namespace {

TEST_CASE("time goes on, and what is spent outside is not counted") {
  const Stopwatch all;
  Stopwatch watch;
  const double start = watch.seconds();
  CHECK(start >= 0);
  const auto pause = [](const std::string& word) {
    // Sleeps at least that long.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return word + "!";
  };
  CHECK(watch.outside([&] { return pause("one"); }) == "one!");
  CHECK(watch.outside([&] { return pause("two"); }) == "two!");
  const double now = watch.seconds();
  CHECK(now >= start);
  CHECK(all.seconds() >= now + 0.04);
  const Stopwatch counted;
  pause("");
  CHECK(counted.seconds() >= 0.02);
  CHECK(watch.seconds() >= now + 0.02);
}

}  // namespace
}  // namespace odot
