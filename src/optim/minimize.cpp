// The loop of every optimizer: direction, step, when to restart and when to stop.
#include "odot/optim/minimize.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include "core/run_clock.hpp"

namespace odot::inline ODOT_PRECISION {
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
  Minimizer(Objective& objective, Direction& direction, StepRule& rule, Vector& x, MinimizeWorkspace& workspace,
            StateVisitor* resume)
      : objective_(objective),
        direction_(direction),
        rule_(rule),
        previous_(workspace.previous),
        current_(workspace.current),
        trial_(workspace.trial),
        d_(workspace.direction),
        resumed_(resume != nullptr) {
    const std::size_t n = objective.size();
    direction.reset(n);
    rule.reset(direction.unit_step(), direction.gain());
    resize(previous_, n);
    resize(trial_, n);
    d_.resize(n);
    current_.x.swap(x);
    current_.x.resize(n);
    current_.gradient.resize(n);
    if (resume) {
      visit(*resume);
      return;
    }
    current_.value = objective.value_gradient(current_.x, current_.gradient);
    ++counts_.evaluations;
    start_value_ = current_.value;
    start_gradient_norm_ = norm(current_.gradient);
  }

  Summary run(const StopSettings& stop, const Observer& observer) {
    double gradient_norm = norm(current_.gradient);
    LineStep step;
    const auto finish = [&](StopReason reason) {
      return Summary{reason, current_.value, gradient_norm, counts_, clock_.seconds()};
    };
    if (!std::isfinite(start_value_) || !std::isfinite(start_gradient_norm_)) return finish(StopReason::diverged);
    while (true) {
      const std::optional<StopReason> end = ended(stop, gradient_norm);
      if (!observed(observer, gradient_norm, step, end.has_value())) return finish(StopReason::interrupted);
      if (end) return finish(*end);

      step = advance();
      const double trial_gradient_norm = norm(trial_.gradient);
      if (led_nowhere(step)) return finish(StopReason::line_search);
      if (diverged(start_value_, trial_.value) || !std::isfinite(trial_gradient_norm)) {
        return finish(StopReason::diverged);
      }

      ++counts_.iterations;
      if (step.status != StepStatus::accepted) ++counts_.floor_steps;
      std::swap(previous_, current_);
      std::swap(current_, trial_);
      has_previous_ = true;
      gradient_norm = trial_gradient_norm;
    }
  }

  Vector& x() { return current_.x; }

 private:
  std::optional<StopReason> ended(const StopSettings& stop, double gradient_norm) const {
    if (has_previous_ && settled(previous_.value, current_.value, stop.tolerance)) return StopReason::tolerance;
    if (gradient_norm <= stop.gradient_tolerance * start_gradient_norm_) return StopReason::gradient;
    if (counts_.iterations >= stop.iterations) return StopReason::iterations;
    if (stop.seconds > 0 && clock_.wall_seconds() >= stop.seconds) return StopReason::time;
    return std::nullopt;
  }

  bool observed(const Observer& observer, double gradient_norm, const LineStep& step, bool last) {
    const bool resumed = std::exchange(resumed_, false);
    if (!observer) return true;
    const VisitState visit_state = [this](StateVisitor& visitor) { visit(visitor); };
    const Progress progress{current_, gradient_norm, step, counts_, clock_.seconds(), last, resumed, visit_state};
    return clock_.outside([&] { return observer(progress); });
  }

  // Everything else is scratch, or does not outlive an iteration.
  void visit(StateVisitor& visitor) {
    const auto visit_iterate = [&](Iterate& iterate) {
      visitor.array("x", iterate.x);
      visitor.array("gradient", iterate.gradient);
      visitor.number("value", iterate.value);
    };
    counts_.visit(visitor);
    visitor.in("current", [&] { visit_iterate(current_); });
    visitor.integer("has_previous", has_previous_);
    if (has_previous_) visitor.in("previous", [&] { visit_iterate(previous_); });
    visitor.number("start_value", start_value_);
    visitor.number("start_gradient_norm", start_gradient_norm_);
    clock_.visit(visitor);
    visitor.in("direction", [&] { direction_.visit(visitor); });
    visitor.in("rule", [&] { rule_.visit(visitor); });
  }

  // Chooses a direction and a step and leaves the next iterate in trial_. A direction that does not descend, or along
  // which the rule finds nothing, is replaced by the method's fresh start, and that, should it not descend, by −∇f.
  LineStep advance() {
    direction_.next(has_previous_ ? &previous_ : nullptr, current_, d_);
    if (has_previous_) {
      LineFunction line(objective_, current_, d_, trial_);
      if (usable(line)) {
        const LineStep step = search(line);
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

  LineStep search(LineFunction& line) {
    LineStep step = rule_.next(line);
    const double value = line.evaluate(step.step).value;
    // Where rounding errors are all that is left of f, they are all that is in a polynomial of the line, too, and its
    // minimum may be anywhere.
    if (line.lines() > 0 && value > current_.value + std::abs(current_.value)) step.status = StepStatus::out_of_trials;
    counts_.evaluations += line.evaluations();
    counts_.lines += line.lines();
    counts_.trials += step.trials;
    return step;
  }

  bool led_nowhere(const LineStep& step) const {
    return step.status != StepStatus::accepted && !(trial_.value < current_.value);
  }

  Objective& objective_;
  Direction& direction_;
  StepRule& rule_;
  RunClock clock_;
  Iterate& previous_;
  Iterate& current_;
  Iterate& trial_;
  Vector& d_;
  bool has_previous_ = false;
  bool resumed_;
  double start_value_ = 0;
  double start_gradient_norm_ = 0;
  Counts counts_;
};

Summary run(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
            const Observer& observer, MinimizeWorkspace& workspace, StateVisitor* resume) {
  Minimizer minimizer(objective, direction, rule, x, workspace, resume);
  const Summary summary = minimizer.run(stop, observer);
  x.swap(minimizer.x());
  return summary;
}

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

void Counts::visit(StateVisitor& visitor) {
  visitor.in("counts", [&] {
    visitor.integer("iterations", iterations);
    visitor.integer("evaluations", evaluations);
    visitor.integer("lines", lines);
    visitor.integer("trials", trials);
    visitor.integer("restarts", restarts);
    visitor.integer("floor_steps", floor_steps);
  });
}

bool diverged(double start, double value) { return !std::isfinite(value) || (start > 0 && value > kDiverged * start); }

bool settled(double before, double after, double tolerance) {
  return tolerance > 0 && std::abs(before - after) <= tolerance * std::abs(before);
}

Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer, StateVisitor* resume) {
  MinimizeWorkspace workspace;
  return run(objective, direction, rule, stop, x, observer, workspace, resume);
}

Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer, MinimizeWorkspace& workspace) {
  return run(objective, direction, rule, stop, x, observer, workspace, nullptr);
}

}  // namespace odot::inline ODOT_PRECISION
