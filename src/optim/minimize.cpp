#include "odot/optim/minimize.hpp"

#include <cmath>
#include <utility>

#include "odot/core/stopwatch.hpp"

namespace odot {
namespace {

// f has diverged when it exceeds this many times its value at the start.
constexpr double kDiverged = 1000;

void resize(Iterate& iterate, std::size_t n) {
  iterate.x.resize(n);
  iterate.gradient.resize(n);
}

// One run of the loop. The iterates are rotated by swapping, so an iteration allocates nothing.
class Minimizer {
 public:
  Minimizer(Objective& objective, Direction& direction, StepRule& rule, Vector& x, MinimizeWorkspace& workspace)
      : objective_(objective),
        direction_(direction),
        rule_(rule),
        previous_(workspace.previous),
        current_(workspace.current),
        trial_(workspace.trial),
        d_(workspace.direction) {
    const std::size_t n = objective.size();
    direction.reset(n);
    rule.reset(direction.unit_step(), direction.gain());
    resize(previous_, n);
    resize(trial_, n);
    d_.resize(n);
    current_.x.swap(x);
    current_.gradient.resize(n);
    current_.value = objective.value_gradient(current_.x, current_.gradient);
    ++counts_.evaluations;
  }

  Summary run(const StopSettings& stop, const Observer& observer) {
    const double start_value = current_.value;
    double gradient_norm = norm(current_.gradient);
    const double gradient_limit = stop.gradient_tolerance * gradient_norm;
    const auto finish = [&](StopReason reason) {
      return Summary{reason, current_.value, gradient_norm, counts_, watch_.seconds()};
    };
    if (!std::isfinite(start_value) || !std::isfinite(gradient_norm)) return finish(StopReason::diverged);
    if (!observed(observer, gradient_norm, {})) return finish(StopReason::interrupted);
    while (true) {
      if (gradient_norm <= gradient_limit) return finish(StopReason::gradient);
      if (counts_.iterations >= stop.iterations) return finish(StopReason::iterations);
      if (stop.seconds > 0 && watch_.seconds() >= stop.seconds) return finish(StopReason::time);

      const Step step = advance();
      const double trial_gradient_norm = norm(trial_.gradient);
      if (led_nowhere(step)) return finish(StopReason::line_search);
      if (diverged(start_value, trial_.value) || !std::isfinite(trial_gradient_norm)) {
        return finish(StopReason::diverged);
      }

      ++counts_.iterations;
      if (step.status != StepStatus::accepted) ++counts_.floor_steps;
      std::swap(previous_, current_);
      std::swap(current_, trial_);
      has_previous_ = true;
      gradient_norm = trial_gradient_norm;
      if (!observed(observer, gradient_norm, step)) return finish(StopReason::interrupted);
      if (settled(previous_.value, current_.value, stop.tolerance)) return finish(StopReason::tolerance);
    }
  }

  Vector& x() { return current_.x; }

 private:
  bool observed(const Observer& observer, double gradient_norm, const Step& step) {
    if (!observer) return true;
    const Progress progress{current_, gradient_norm, step, counts_, watch_.seconds()};
    return watch_.outside([&] { return observer(progress); });
  }

  // Chooses a direction and a step and leaves the next iterate in trial_. A direction that does not descend, or along
  // which the rule finds nothing, is replaced by the method's fresh start, and that, should it not descend, by −∇f.
  Step advance() {
    direction_.next(has_previous_ ? &previous_ : nullptr, current_, d_);
    if (has_previous_) {
      LineFunction line(objective_, current_, d_, trial_);
      if (usable(line)) {
        const Step step = search(line);
        if (!led_nowhere(step)) return step;
      }
      ++counts_.restarts;
      direction_.reset(objective_.size());
      direction_.next(nullptr, current_, d_);
    }
    LineFunction fresh(objective_, current_, d_, trial_);
    if (usable(fresh)) return search(fresh);
    if (!has_previous_) ++counts_.restarts;
    scale(-1, current_.gradient, d_);
    LineFunction steepest(objective_, current_, d_, trial_);
    return search(steepest);
  }

  bool usable(LineFunction& line) { return !rule_.needs_descent() || line.initial_slope() < 0; }

  Step search(LineFunction& line) {
    Step step = rule_.next(line);
    const double value = line.evaluate(step.step).value;
    // Where rounding errors are all that is left of f, they are all that is in a polynomial of the line, too, and its
    // minimum may be anywhere.
    if (line.lines() > 0 && value > current_.value + std::abs(current_.value)) step.status = StepStatus::out_of_trials;
    counts_.evaluations += line.evaluations();
    counts_.lines += line.lines();
    counts_.trials += step.trials;
    return step;
  }

  bool led_nowhere(const Step& step) const {
    return step.status != StepStatus::accepted && !(trial_.value < current_.value);
  }

  Objective& objective_;
  Direction& direction_;
  StepRule& rule_;
  Stopwatch watch_;
  Iterate& previous_;
  Iterate& current_;
  Iterate& trial_;
  Vector& d_;
  bool has_previous_ = false;
  Counts counts_;
};

}  // namespace

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::iterations:
      return "iterations";
    case StopReason::tolerance:
      return "tolerance";
    case StopReason::gradient:
      return "gradient";
    case StopReason::time:
      return "time";
    case StopReason::line_search:
      return "line_search";
    case StopReason::diverged:
      return "diverged";
    case StopReason::interrupted:
      return "interrupted";
  }
  return "";
}

void Counts::add_work(const Counts& part) {
  evaluations += part.evaluations;
  lines += part.lines;
  trials += part.trials;
  restarts += part.restarts;
  floor_steps += part.floor_steps;
}

bool diverged(double start, double value) { return !std::isfinite(value) || (start > 0 && value > kDiverged * start); }

bool settled(double before, double after, double tolerance) {
  return tolerance > 0 && std::abs(before - after) <= tolerance * std::abs(before);
}

Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer) {
  MinimizeWorkspace workspace;
  return minimize(objective, direction, rule, stop, x, observer, workspace);
}

Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer, MinimizeWorkspace& workspace) {
  Minimizer minimizer(objective, direction, rule, x, workspace);
  const Summary summary = minimizer.run(stop, observer);
  x.swap(minimizer.x());
  return summary;
}

}  // namespace odot
