// Parallel loops: each chunk once, the first error, sums that do not depend on threads.
#include "odot/core/parallel.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace odot {
namespace {

// Puts the number of threads back.
struct ThreadsGuard {
  int before = threads();
  ~ThreadsGuard() { set_threads(before); }
};

TEST_CASE("parallel_for runs every chunk once") {
  const ThreadsGuard guard;
  for (int count : {1, 2, 5}) {
    set_threads(count);
    CHECK(threads() == count);
    for (std::size_t chunks : {0, 1, 2, 1000}) {
      std::vector<int> runs(chunks, 0);
      parallel_for(chunks, [&](std::size_t chunk) { ++runs[chunk]; });
      CHECK(runs == std::vector<int>(chunks, 1));
    }
  }
}

TEST_CASE("set_threads(0) means at least one") {
  const ThreadsGuard guard;
  set_threads(0);
  CHECK(threads() >= 1);
}

TEST_CASE("the error of the lowest-numbered chunk that threw comes out, after all chunks ran") {
  const ThreadsGuard guard;
  for (int count : {1, 2, 8}) {
    set_threads(count);
    std::atomic<int> runs = 0;
    std::string message;
    try {
      parallel_for(100, [&](std::size_t chunk) {
        ++runs;
        if (chunk == 17 || chunk == 18 || chunk == 90) throw std::runtime_error(std::to_string(chunk));
      });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "17");
    CHECK(runs == 100);
  }
  CHECK_THROWS_AS(parallel_for(1, [](std::size_t) { throw std::runtime_error("one"); }), std::runtime_error);
}

TEST_CASE("chunks cut a range into adjoining pieces, none empty and not too many") {
  for (std::size_t n : {0UL, 1UL, 8191UL, 8192UL, 8193UL, 1'000'000UL, 2'097'152UL, 2'097'153UL, 12'345'678'901UL}) {
    CAPTURE(n);
    const VectorChunks chunks(n);
    CHECK(chunks.count() <= VectorChunks::kMost);
    std::size_t end = 0;
    for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
      CHECK(chunks.begin(chunk) == end);
      CHECK(chunks.end(chunk) > end);
      end = chunks.end(chunk);
    }
    CHECK(end == n);
  }
}

TEST_CASE("parallel_sum adds in order, so its bits do not depend on threads") {
  const ThreadsGuard guard;
  const auto sum = [] {
    return parallel_sum(1'000'000, [](std::size_t begin, std::size_t end) {
      double part = 0;
      for (std::size_t i = begin; i < end; ++i) part += 1 / (1 + static_cast<double>(i));
      return part;
    });
  };
  set_threads(1);
  const double expected = sum();
  CHECK(std::abs(expected - (std::log(1e6) + 0.57721566490153286 + 0.5e-6)) < 1e-9);
  for (int count : {2, 3, 8}) {
    set_threads(count);
    for (int repeat = 0; repeat < 20; ++repeat) REQUIRE(sum() == expected);
  }
}

}  // namespace
}  // namespace odot
