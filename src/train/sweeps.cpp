// The loop of the methods that go over all factors in sweeps.
#include "train/sweeps.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/run_clock.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kTheta = "theta";

}  // namespace

bool Sweeper::settled(double before, double tolerance) const { return odot::settled(before, value(), tolerance); }

void restore_factors(const TrainTask& task, Vector& theta) {
  if (task.resume) task.resume->array(kTheta, theta);
}

TrainOutcome run_sweeps(const TrainTask& task, Sweeper& sweeper, Vector& theta) {
  const StopSettings stop = stop_settings(task.settings);
  RunClock clock;
  int sweeps = 0;
  double start = sweeper.value();
  double value = start;
  double before = start;
  bool resumed = task.resume != nullptr;
  const bool can_diverge = sweeper.can_diverge();
  Vector last(can_diverge ? theta.size() : 0);
  const auto counts = [&] {
    Counts all = sweeper.work();
    all.iterations = sweeps;
    return all;
  };
  const auto finish = [&](StopReason reason) {
    return TrainOutcome{{reason, value, kNone, counts(), clock.seconds()}, sweeper.passes()};
  };
  const VisitState visit = [&](StateVisitor& visitor) {
    visitor.array(kTheta, theta);
    visitor.integer("sweeps", sweeps);
    visitor.number("start", start);
    visitor.number("value", value);
    visitor.number("before", before);
    clock.visit(visitor);
    sweeper.visit(visitor);
  };
  const auto ended = [&]() -> std::optional<StopReason> {
    if (sweeps > 0 && stop.tolerance > 0 && sweeper.settled(before, stop.tolerance)) return StopReason::tolerance;
    if (sweeps >= stop.iterations) return StopReason::iterations;
    if (stop.seconds > 0 && clock.wall_seconds() >= stop.seconds) return StopReason::time;
    return std::nullopt;
  };
  const auto observed = [&](bool is_last) {
    const bool again = std::exchange(resumed, false);
    if (!task.observe) return true;
    const Counts so_far = counts();
    const TrainState state{
        so_far,  value, kNone, LineStep{kNone}, sweeper.squared_error(), sweeper.passes(), clock.seconds(), theta,
        is_last, again, visit};
    return clock.outside([&] { return task.observe(state); });
  };
  if (task.resume) visit(*task.resume);
  if (!std::isfinite(start)) return finish(StopReason::diverged);
  while (true) {
    const std::optional<StopReason> end = ended();
    if (!observed(end.has_value())) return finish(StopReason::interrupted);
    if (end) return finish(*end);
    if (can_diverge) copy(theta, last);
    sweeper.sweep(theta);
    if (!can_diverge && !std::isfinite(sweeper.value())) {
      throw Error(fmt::format("the objective is no number after sweep {}: what the method computes with exceeds its "
                              "range; fewer factors, or another method, may do",
                              sweeps + 1),
                  ErrorKind::numerical);
    }
    if (can_diverge && diverged(start, sweeper.value())) {
      copy(last, theta);
      return finish(StopReason::diverged);
    }
    before = value;
    value = sweeper.value();
    ++sweeps;
  }
}

}  // namespace odot::inline ODOT_PRECISION
