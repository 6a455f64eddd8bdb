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
  int sweeps = 0;
  const double start = sweeper.value();
  double value = start;
  Vector last(theta.size());
  const auto counts = [&] {
    Counts all = sweeper.work();
    all.iterations = sweeps;
    return all;
  };
  const auto finish = [&](StopReason reason) {
    return TrainOutcome{{reason, value, kNone, counts(), watch.seconds()}, sweeper.passes()};
  };
  const auto observed = [&] {
    if (!task.observe) return true;
    const Counts so_far = counts();
    const TrainState state{so_far,           value,           kNone, Step{kNone}, sweeper.squared_error(),
                           sweeper.passes(), watch.seconds(), theta};
    return watch.outside([&] { return task.observe(state); });
  };
  if (!std::isfinite(start)) return finish(StopReason::diverged);
  if (!observed()) return finish(StopReason::interrupted);
  while (true) {
    if (sweeps >= stop.iterations) return finish(StopReason::iterations);
    if (stop.seconds > 0 && watch.seconds() >= stop.seconds) return finish(StopReason::time);
    copy(theta, last);
    sweeper.sweep(theta);
    if (diverged(start, sweeper.value())) {
      copy(last, theta);
      return finish(StopReason::diverged);
    }
    const double before = value;
    value = sweeper.value();
    ++sweeps;
    if (!observed()) return finish(StopReason::interrupted);
    if (settled(before, value, stop.tolerance)) return finish(StopReason::tolerance);
  }
}

}  // namespace odot
