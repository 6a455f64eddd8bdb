#include "train/sweeps.hpp"

#include <cmath>
#include <limits>

#include "odot/core/stopwatch.hpp"

namespace odot {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TrainOutcome run_sweeps(const TrainTask& task, Sweeper& sweeper, Vector& theta) {
  const StopSettings& stop = task.settings.stop;
  Stopwatch watch;
  Counts counts;
  const double start = sweeper.value();
  double value = start;
  Vector last(theta.size());
  const auto finish = [&](StopReason reason) {
    sweeper.count(counts);
    return TrainOutcome{{reason, value, kNone, counts, watch.seconds()}, sweeper.passes()};
  };
  const auto observed = [&] {
    if (!task.observe) return true;
    sweeper.count(counts);
    const TrainState state{counts,           value,           kNone, Step{kNone}, sweeper.squared_error(),
                           sweeper.passes(), watch.seconds(), theta};
    return watch.outside([&] { return task.observe(state); });
  };
  if (!std::isfinite(start)) return finish(StopReason::diverged);
  if (!observed()) return finish(StopReason::interrupted);
  while (true) {
    if (counts.iterations >= stop.iterations) return finish(StopReason::iterations);
    if (stop.seconds > 0 && watch.seconds() >= stop.seconds) return finish(StopReason::time);
    copy(theta, last);
    sweeper.sweep(theta);
    if (diverged(start, sweeper.value())) {
      copy(last, theta);
      return finish(StopReason::diverged);
    }
    const double before = value;
    value = sweeper.value();
    ++counts.iterations;
    if (!observed()) return finish(StopReason::interrupted);
    if (settled(before, value, stop.tolerance)) return finish(StopReason::tolerance);
  }
}

}  // namespace odot
