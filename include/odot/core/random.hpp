// Counter-based random numbers: the value at a position is a function of (seed, stream, position) alone, so
// parallel loops draw the same numbers in any order and on any number of threads.
#pragma once

#include <cstdint>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// SplitMix64 (Steele, Lea & Flood 2014), read at any position of its sequence.
class RandomStream {
 public:
  /// Streams of one seed with different numbers are independent.
  RandomStream(std::uint64_t seed, std::uint64_t stream);

  /// 64 random bits.
  std::uint64_t bits(std::uint64_t position) const;

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform(std::uint64_t position) const;

  /// Standard normal (Box–Muller on two draws that belong to `position` alone).
  double normal(std::uint64_t position) const;

 private:
  std::uint64_t key_;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
