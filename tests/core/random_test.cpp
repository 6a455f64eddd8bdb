// Random streams against a sequential SplitMix64 and the moments of their distributions.
#include "odot/core/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

namespace odot {
namespace {

constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15ULL;

// x with x ^ (x >> shift) = y.
std::uint64_t undo_shift(std::uint64_t y, int shift) {
  std::uint64_t x = y;
  for (int done = shift; done < 64; done += shift) x = y ^ (x >> shift);
  return x;
}

std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int step = 0; step < 6; ++step) x *= 2 - odd * x;  // Newton
  return x;
}

// The generator's state from its output.
std::uint64_t state_of(std::uint64_t output) {
  std::uint64_t z = undo_shift(output, 31);
  z = undo_shift(z * inverse(0x94d049bb133111ebULL), 27);
  return undo_shift(z * inverse(0xbf58476d1ce4e5b9ULL), 30);
}

// SplitMix64 as published, one number after the other.
std::uint64_t splitmix_next(std::uint64_t& state) {
  std::uint64_t z = (state += kGamma);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

TEST_CASE("a stream is the SplitMix64 sequence, read anywhere") {
  const RandomStream random(42, 7);
  std::uint64_t state = state_of(random.bits(0));
  for (std::uint64_t position = 1; position < 1000; ++position) REQUIRE(random.bits(position) == splitmix_next(state));
}

TEST_CASE("seeds and streams differ") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t stream = 0; stream < 30; ++stream) {
      for (std::uint64_t position = 0; position < 30; ++position) {
        seen.insert(RandomStream(seed, stream).bits(position));
      }
    }
  }
  CHECK(seen.size() == 27'000);
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0, neighbours = 0;
};

template <class Draw>
Moments moments(std::uint64_t count, Draw draw) {
  Moments m;
  for (std::uint64_t k = 0; k < count; ++k) m.mean += draw(k) / static_cast<double>(count);
  for (std::uint64_t k = 0; k < count; ++k) {
    const double x = draw(k) - m.mean;
    m.variance += x * x / static_cast<double>(count);
    m.fourth += x * x * x * x / static_cast<double>(count);
    m.neighbours += x * (draw(k + 1) - m.mean) / static_cast<double>(count);
  }
  return m;
}

TEST_CASE("uniform numbers lie in [0, 1) and spread evenly") {
  const RandomStream random(1, 2);
  double least = 1, most = 0;
  for (std::uint64_t k = 0; k < 200'000; ++k) {
    least = std::min(least, random.uniform(k));
    most = std::max(most, random.uniform(k));
  }
  CHECK(least >= 0);
  CHECK(least < 1e-4);
  CHECK(most < 1);
  CHECK(most > 1 - 1e-4);
  const Moments m = moments(200'000, [&](std::uint64_t k) { return random.uniform(k); });
  CHECK(std::abs(m.mean - 0.5) < 0.003);
  CHECK(std::abs(m.variance - 1.0 / 12) < 0.001);
  CHECK(std::abs(m.neighbours) < 0.001);
}

TEST_CASE("normal numbers have the moments of a normal distribution") {
  for (std::uint64_t stream : {0, 1, 12345}) {
    const RandomStream random(9, stream);
    const Moments m = moments(200'000, [&](std::uint64_t k) { return random.normal(k); });
    CHECK(std::abs(m.mean) < 0.012);
    CHECK(std::abs(m.variance - 1) < 0.016);
    CHECK(std::abs(m.fourth - 3) < 0.12);
    CHECK(std::abs(m.neighbours) < 0.012);
  }
}

}  // namespace
}  // namespace odot
