// The loop: what it counts, why it stops, what it leaves behind, and its restarts.
#include "odot/optim/minimize.hpp"

#include <doctest/doctest.h>

#include <string>

#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

const Plain kStart = {3, -1, 2, 0.5, -2};

Summary run(PlainObjective& f, std::string_view optimizer, std::string_view rule_name,
            const ParameterValues& rule_values, const StopSettings& stop, Vector& x, const Observer& observer = {}) {
  f.evaluations = 0;
  f.lines = 0;
  const auto direction = make_direction(optimizer);
  const auto rule = make_step_rule(rule_name, rule_values);
  return minimize(f, *direction, *rule, stop, x, observer);
}

TEST_CASE("gradient descent with a constant step is the plain loop") {
  PlainObjective f = quadratic(5);
  Vector x = to_vector(kStart);
  const Summary summary = run(f, "gd", "constant", {{"step", 0.125}}, {.iterations = 10}, x);
  Plain expected = kStart;
  for (int t = 0; t < 10; ++t) expected = plain_add(expected, -0.125, f.gradient(expected));
  CHECK(relative_error(to_plain(x), expected) <= tolerance(1e-14, 1e-6));
  CHECK(summary.value == doctest::Approx(f.value(to_plain(x))).epsilon(1e-14));
  CHECK(summary.gradient_norm == doctest::Approx(plain_norm(f.gradient(to_plain(x)))).epsilon(1e-5));
  CHECK(summary.reason == StopReason::iterations);
}

TEST_CASE("a constant step costs one evaluation an iteration and one at the start, and no polynomial") {
  for (const std::string rule : {"constant", "decreasing"}) {
    PlainObjective f = quadratic(5);
    Vector x = to_vector(kStart);
    const Summary summary = run(f, "heavy-ball", rule, {{"step", 0.01}}, {.iterations = 12}, x);
    CHECK(summary.counts.iterations == 12);
    CHECK(summary.counts.evaluations == 13);
    CHECK(summary.counts.lines == 0);
    CHECK(f.evaluations == 13);
    CHECK(f.lines == 0);
    CHECK(summary.counts.restarts == 0);
    CHECK(summary.counts.floor_steps == 0);
  }
}

TEST_CASE("polynomial searches cost one polynomial and one evaluation an iteration, whatever their trials") {
  for (const std::string rule : {"armijo", "weak-wolfe", "strong-wolfe", "exact"}) {
    CAPTURE(rule);
    PlainObjective f = quadratic(5, 100);
    Vector x = to_vector(kStart);
    const Summary summary = run(f, "gd", rule, {}, {.iterations = 8}, x);
    CHECK(summary.counts.iterations == 8);
    CHECK(summary.counts.evaluations == 9);
    CHECK(summary.counts.lines == 8);
    CHECK(f.evaluations == 9);
    CHECK(f.lines == 8);
    if (rule != "exact") CHECK(summary.counts.trials > 8);
  }
}

TEST_CASE("the accepted trial of lipschitz and of sampled searches is the next iteration's evaluation") {
  for (const std::string rule : {"lipschitz", "armijo", "weak-wolfe", "strong-wolfe"}) {
    CAPTURE(rule);
    PlainObjective f = rule == "lipschitz" ? quadratic(5, 100) : quadratic(5, 100).sampled();
    Vector x = to_vector(kStart);
    const Summary summary = run(f, "gd", rule, {}, {.iterations = 8}, x);
    CHECK(summary.counts.iterations == 8);
    CHECK(summary.counts.floor_steps == 0);
    CHECK(summary.counts.trials >= 8);
    CHECK(summary.counts.evaluations == 1 + summary.counts.trials);
    CHECK(f.evaluations == summary.counts.evaluations);
    CHECK(f.lines == 0);
  }
}

TEST_CASE("the observer sees the start and every iteration, with what is true of them") {
  PlainObjective f = small_factorization();
  Vector x = to_vector({1, 1, 1, 1, 1});
  int calls = 0;
  double last = 0;
  const Summary summary = run(f, "gd", "armijo", {}, {.iterations = 6}, x, [&](const Progress& progress) {
    CHECK(progress.counts.iterations == calls++);
    const Plain here = to_plain(progress.current.x);
    CHECK(progress.current.value == doctest::Approx(f.value(here)).epsilon(1e-12));
    CHECK(relative_error(to_plain(progress.current.gradient), f.gradient(here)) <= tolerance(1e-12, 1e-5));
    CHECK(progress.gradient_norm == doctest::Approx(plain_norm(f.gradient(here))).epsilon(1e-5));
    CHECK(progress.seconds >= 0);
    if (calls == 1) {
      CHECK(here == Plain{1, 1, 1, 1, 1});
      CHECK(progress.counts.evaluations == 1);
    } else {
      CHECK(progress.current.value < last);
      CHECK(progress.step.step > 0);
      CHECK(progress.step.status == StepStatus::accepted);
      CHECK(progress.step.trials >= 1);
    }
    last = progress.current.value;
    return true;
  });
  CHECK(calls == 7);
  CHECK(summary.value == last);
}

TEST_CASE("stops at the iteration limit, also at none") {
  PlainObjective f = quadratic(5);
  Vector x = to_vector(kStart);
  const Summary summary = run(f, "gd", "exact", {}, {.iterations = 0}, x);
  CHECK(summary.reason == StopReason::iterations);
  CHECK(summary.counts.iterations == 0);
  CHECK(to_plain(x) == kStart);
  CHECK(summary.value == doctest::Approx(f.value(kStart)));
}

TEST_CASE("stops when the relative decrease falls below the tolerance, and not before") {
  PlainObjective f = quadratic(5);
  Vector x = to_vector(kStart);
  Plain values;
  const double wanted = 1e-3;
  const Summary summary = run(f, "gd", "constant", {{"step", 0.05}}, {.iterations = 1000, .tolerance = wanted}, x,
                              [&](const Progress& progress) {
                                values.push_back(progress.current.value);
                                return true;
                              });
  CHECK(summary.reason == StopReason::tolerance);
  REQUIRE(values.size() > 5);
  for (std::size_t t = 1; t < values.size(); ++t) {
    const bool small = std::abs(values[t - 1] - values[t]) <= wanted * std::abs(values[t - 1]);
    CHECK(small == (t + 1 == values.size()));
  }
}

TEST_CASE("stops when the gradient falls below its tolerance, and at a zero gradient in any case") {
  PlainObjective f = quadratic(5);
  Vector x = to_vector(kStart);
  Plain norms;
  const Summary summary = run(f, "gd", "constant", {{"step", 0.05}}, {.iterations = 1000, .gradient_tolerance = 0.01},
                              x, [&](const Progress& progress) {
                                norms.push_back(progress.gradient_norm);
                                return true;
                              });
  CHECK(summary.reason == StopReason::gradient);
  REQUIRE(norms.size() > 5);
  for (std::size_t t = 0; t < norms.size(); ++t) CHECK((norms[t] <= 0.01 * norms[0]) == (t + 1 == norms.size()));

  for (const std::string rule : {"constant", "exact", "armijo", "lipschitz"}) {
    PlainObjective bowl = scalar_quartic({{0, 1, 0, 0}});
    Vector bottom = {0};
    const Summary at_once = run(bowl, "lbfgs", rule, {}, {.iterations = 10}, bottom);
    CHECK(at_once.reason == StopReason::gradient);
    CHECK(at_once.counts.iterations == 0);
    CHECK(at_once.counts.evaluations == 1);
    CHECK(bottom[0] == 0);
  }
}

TEST_CASE("stops at the time limit") {
  PlainObjective f = quadratic(5);
  Vector x = to_vector(kStart);
  const Summary summary = run(f, "gd", "constant", {{"step", 1e-9}}, {.iterations = 1'000'000'000, .seconds = 1e-6}, x);
  CHECK(summary.reason == StopReason::time);
  CHECK(summary.counts.iterations < 1'000'000'000);
  CHECK(summary.seconds >= 1e-6);
}

TEST_CASE("stops where no step along the negative gradient lowers f") {
  for (const std::string rule : {"armijo", "strong-wolfe", "weak-wolfe", "exact"}) {
    CAPTURE(rule);
    // The gradient points the wrong way.
    PlainObjective f = scalar([](double x) { return x * x; }, [](double x) { return -2 * x; });
    Vector x = {1};
    const Summary summary = run(f, "gd", rule, {}, {.iterations = 100}, x);
    CHECK(summary.reason == StopReason::line_search);
    CHECK(summary.counts.iterations < 100);
    CHECK(summary.value == doctest::Approx(1).epsilon(1e-6));
    CHECK(static_cast<double>(x[0]) == doctest::Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("a diverging run leaves the last good iterate") {
  const auto check = [](PlainObjective f, const Plain& start, double step) {
    const double before = f.value(start);
    Vector x = to_vector(start);
    const Summary summary = run(f, "gd", "constant", {{"step", step}}, {.iterations = 1000}, x);
    CHECK(summary.reason == StopReason::diverged);
    CHECK(summary.counts.iterations < 1000);
    REQUIRE(all_finite(x));
    CHECK(std::isfinite(summary.value));
    CHECK(std::isfinite(summary.gradient_norm));
    CHECK(summary.value == doctest::Approx(f.value(to_plain(x))).epsilon(1e-6));
    CHECK(summary.value <= 1000 * std::max(1.0, before));
  };
  check(quadratic(5), kStart, 1);                     // grows geometrically
  check(small_factorization(), {1, 1, 1, 1, 1}, 10);  // overflows within a few iterations
  check(scalar([](double x) { return x < 1 ? -x : NAN; }, [](double) { return -1.0; }), {0}, 0.3);  // NaN
  check(scalar([](double x) { return x < 1 ? -x : INFINITY; }, [](double) { return -1.0; }), {0}, 0.3);
  check(scalar([](double x) { return -x; }, [](double x) { return x < 1 ? -1.0 : NAN; }), {0}, 0.3);  // NaN gradient
}

TEST_CASE("an observer interrupts after the current iteration") {
  for (const int at : {0, 3}) {
    PlainObjective f = quadratic(5);
    Vector x = to_vector(kStart);
    Plain seen;
    const Summary summary = run(f, "gd", "armijo", {}, {.iterations = 100}, x, [&](const Progress& progress) {
      seen = to_plain(progress.current.x);
      return progress.counts.iterations < at;
    });
    CHECK(summary.reason == StopReason::interrupted);
    CHECK(summary.counts.iterations == at);
    CHECK(to_plain(x) == seen);
  }
}

TEST_CASE("every stop reason has a name of its own") {
  std::vector<std::string_view> names;
  for (StopReason reason : {StopReason::iterations, StopReason::tolerance, StopReason::gradient, StopReason::time,
                            StopReason::line_search, StopReason::diverged, StopReason::interrupted}) {
    for (std::string_view other : names) CHECK(other != to_string(reason));
    names.push_back(to_string(reason));
  }
  CHECK(names.front() == "iterations");
  CHECK(names[1] == "tolerance");
}

// A direction that misleads: `factor` times the gradient (positive: uphill; 0: nowhere; NaN; or far too long), and
// `fresh_factor` times where it starts afresh.
class Misleading : public Direction {
 public:
  explicit Misleading(double factor) : Misleading(factor, factor) {}
  Misleading(double factor, double fresh_factor) : factor_(factor), fresh_factor_(fresh_factor) {}
  void reset(std::size_t n) override {
    ++resets;
    CHECK(n == 5);
    fresh_ = true;
  }
  void next(const Iterate* previous, const Iterate& current, Span d) override {
    CHECK((previous == nullptr) == fresh_);
    CHECK(previous != &current);
    scale(fresh_ ? fresh_factor_ : factor_, current.gradient, d);
    fresh_ = false;
  }
  void visit(StateVisitor&) override {}
  int resets = 0;

 private:
  double factor_;
  double fresh_factor_;
  bool fresh_ = false;
};

TEST_CASE("a direction that does not descend is replaced by the negative gradient, and counted") {
  for (const double factor : {1.0, 0.0, static_cast<double>(NAN)}) {
    for (const std::string name : {"armijo", "weak-wolfe", "strong-wolfe", "exact"}) {
      CAPTURE(factor);
      CAPTURE(name);
      PlainObjective f = quadratic(5);
      Misleading direction(factor);
      const auto rule = make_step_rule(name);
      Vector x = to_vector(kStart);
      const Summary summary = minimize(f, direction, *rule, {.iterations = 5}, x);
      CHECK(summary.counts.restarts == 5);
      CHECK(direction.resets == 5);  // at the start and at every later iteration; the first has nothing to forget
      Vector expected = to_vector(kStart);
      const Summary descent = run(f, "gd", name, {}, {.iterations = 5}, expected);
      CHECK(to_plain(x) == to_plain(expected));
      CHECK(summary.value == descent.value);
    }
  }
}

TEST_CASE("a direction that leads nowhere is forgotten, and the fresh one goes on") {
  PlainObjective f = quadratic(5);
  const ParameterValues few_trials = {{"initial-step", 1}, {"max-trials", 8}};
  Misleading direction(-1e9, -1);  // far too long for eight halvings, except afresh
  const auto rule = make_step_rule("armijo", few_trials);
  Vector x = to_vector(kStart);
  const Summary summary = minimize(f, direction, *rule, {.iterations = 5}, x);
  CHECK(summary.counts.iterations == 5);
  CHECK(summary.counts.restarts == 4);
  CHECK(direction.resets == 5);
  CHECK(summary.counts.floor_steps == 0);
  Vector expected = to_vector(kStart);
  const Summary descent = run(f, "gd", "armijo", few_trials, {.iterations = 5}, expected);
  CHECK(to_plain(x) == to_plain(expected));
  CHECK(summary.counts.trials == descent.counts.trials + 4 * 8);
}

TEST_CASE("a step at the floor that lowers f all the same is taken and counted") {
  // From 1, steps 1 and 1/2 along −f' lead to −3 and −1; 1/4 is below the floor and leads to the minimum.
  PlainObjective f = scalar_quartic({{0, 2, 0, 0}});
  Vector x = {1};
  const Summary summary = run(f, "gd", "armijo", {{"initial-step", 1}, {"min-step", 0.3}}, {.iterations = 5}, x);
  CHECK(summary.reason == StopReason::gradient);
  CHECK(summary.counts.iterations == 1);
  CHECK(summary.counts.floor_steps == 1);
  CHECK(x[0] == 0);
}

TEST_CASE("a rule for any direction follows one uphill until it diverges") {
  PlainObjective f = quadratic(5);
  Misleading direction(1);
  const auto rule = make_step_rule("constant", {{"step", 1}});
  Vector x = to_vector(kStart);
  const Summary summary = minimize(f, direction, *rule, {.iterations = 100}, x);
  CHECK(summary.counts.restarts == 0);
  CHECK(summary.reason == StopReason::diverged);
  CHECK(all_finite(x));
}

TEST_CASE("a rule and a direction can be used again: minimize starts both afresh") {
  for (const Algorithm& method : optimizers()) {
    CAPTURE(method.name);
    const auto direction = make_direction(method.name);
    const auto rule = make_step_rule("armijo", {{"initial-step", 0}});
    Plain first;
    for (int repeat = 0; repeat < 2; ++repeat) {
      PlainObjective f = small_factorization();
      Vector x = to_vector({1, 1.5, 1, 1.25, 2});
      minimize(f, *direction, *rule, {.iterations = 7}, x);
      if (repeat == 0) first = to_plain(x);
      CHECK(to_plain(x) == first);
    }
  }
}

TEST_CASE("a polynomial of rounding errors leads nowhere") {
  const PlainObjective honest = quadratic(5);
  PlainObjective f(
      5, [&](const Plain& x, Plain& gradient) { return gradient = honest.gradient(x), honest.value(x); },
      [](const Plain&, const Plain&) {
        return LinePolynomial{{-1e-32, 1e-64, 0, 0}};
      });  // least at 5e31
  Vector x = to_vector(kStart);
  const Summary summary = run(f, "lbfgs", "exact", {}, {.iterations = 10}, x);
  CHECK(summary.reason == StopReason::line_search);
  CHECK(to_plain(x) == to_plain(to_vector(kStart)));
}

}  // namespace
}  // namespace odot
