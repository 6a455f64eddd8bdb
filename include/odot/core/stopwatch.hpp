// Wall time.
#pragma once

#include <chrono>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Wall time since construction, less what is spent outside.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_ - outside_).count(); }

  /// With what is spent outside.
  double wall_seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// Calls body() and returns what it returns; its time is not counted.
  template <class Body>
  auto outside(Body&& body) {
    const Clock::time_point begin = Clock::now();
    auto result = body();
    outside_ += Clock::now() - begin;
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point start_ = Clock::now();
  Clock::duration outside_{};
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
