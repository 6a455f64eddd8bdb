// How long a run has taken, with the runs that it goes on from.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/core/stopwatch.hpp"

namespace odot::inline ODOT_PRECISION {

/// Starts when it is made.
class RunClock {
 public:
  /// Less what was spent outside.
  double seconds() const { return earlier_seconds_ + watch_.seconds(); }
  double wall_seconds() const { return earlier_wall_seconds_ + watch_.wall_seconds(); }

  /// As Stopwatch::outside().
  template <class Body>
  auto outside(Body&& body) {
    return watch_.outside(body);
  }

  /// "seconds" and "wall_seconds"; what is restored is added to what passes from now on.
  void visit(StateVisitor& visitor) {
    double so_far = seconds();
    double wall = wall_seconds();
    visitor.number("seconds", so_far);
    visitor.number("wall_seconds", wall);
    if (!visitor.restores()) return;
    earlier_seconds_ = so_far;
    earlier_wall_seconds_ = wall;
  }

 private:
  Stopwatch watch_;
  double earlier_seconds_ = 0;
  double earlier_wall_seconds_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
