// Random numbers of a sampler, one after another, each a function of (seed, what, sweep, row) and of its place alone.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "odot/core/precision.hpp"
#include "odot/core/random.hpp"

namespace odot::inline ODOT_PRECISION {

/// What is drawn; the numbers of streams, beside those of the start (1 to 4).
enum class Drawn : std::uint64_t {
  user_rows = 16,
  item_rows,
  noise,
  user_prior,
  item_prior,
  user_effects,
  item_effects,
  user_features,
  item_features
};

/// Which draws these are.
struct DrawKey {
  std::uint64_t seed;
  Drawn what;
  int sweep;
};

/// Draws of one thing in one sweep: the same on any number of threads, and when a run is resumed.
class Draws {
 public:
  /// `sweep` is below 2^24.
  Draws(std::uint64_t seed, Drawn what, int sweep, std::uint32_t row = 0)
      : stream_(seed, static_cast<std::uint64_t>(what) << 56 | static_cast<std::uint64_t>(sweep) << 32 | row) {}

  /// The next 64 random bits: draws are an engine of random numbers.
  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return stream_.bits(next_++); }

  double uniform() { return stream_.uniform(next_++); }
  /// Standard normal (Marsaglia & Tsang 2000, "The ziggurat method").
  double normal();
  /// The normal at that place of the stream; does not move on.
  double normal_at(std::uint64_t place) const { return stream_.normal(place); }
  /// Gamma of that shape > 0 and rate 1 (Marsaglia & Tsang 2000, "A simple method").
  double gamma(double shape);
  /// Sets all to normals.
  void normals(std::span<double> out) {
    for (double& element : out) element = normal();
  }

 private:
  RandomStream stream_;
  std::uint64_t next_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
