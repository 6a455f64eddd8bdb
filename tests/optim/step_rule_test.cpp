// Step rules against algorithms 1 to 4 of the document, and their conditions asked again of f itself.
#include "odot/optim/step_rule.hpp"

#include <doctest/doctest.h>

#include <string>

#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"
#include "support/reference_steps.hpp"

namespace odot {
namespace {

using namespace test;

struct Searched {
  std::string name;
  LineStep (*reference)(const PlainObjective&, const Plain&, const Plain&, const StepInputs&);
};

const std::vector<Searched>& searches() {
  static const std::vector<Searched> all = {{"lipschitz", lipschitz_step},
                                            {"armijo", armijo_step},
                                            {"weak-wolfe", weak_wolfe_step},
                                            {"strong-wolfe", strong_wolfe_step}};
  return all;
}

bool has(std::string_view method, std::string_view parameter) {
  for (const auto& [name, value] : find_line_search(method).parameters) {
    if (name == parameter) return true;
  }
  return false;
}

// The document's algorithm: every search starts at α = 1.
ParameterValues values_of(const std::string& name, const StepInputs& in) {
  ParameterValues values = {{"initial-step", in.alpha}, {"max-trials", in.t}, {"min-step", in.epsilon}};
  if (has(name, "backtrack")) values["backtrack"] = in.beta;
  if (has(name, "c1")) values["c1"] = in.c1;
  if (has(name, "c2")) values["c2"] = in.c2;
  std::erase_if(values, [&](const auto& value) { return !has(name, value.first); });
  return values;
}

// One search of a fresh rule along x + α p.
LineStep search(const std::string& name, const StepInputs& in, PlainObjective& f, const Plain& x, const Plain& p) {
  const auto rule = make_step_rule(name, values_of(name, in));
  rule->reset(false, 1);
  LineFixture fixture(f, x, p);
  return rule->next(fixture.line);
}

void check_same(const LineStep& step, const LineStep& expected) {
  CHECK(step.step == doctest::Approx(expected.step).epsilon(1e-12));
  CHECK(step.status == expected.status);
  CHECK(step.trials == expected.trials);
}

TEST_CASE("searches are the document's on random lines of a quartic, polynomial and sampled") {
  Uniform uniform(2);
  for (int repeat = 0; repeat < 60; ++repeat) {
    PlainObjective exact = small_factorization();
    PlainObjective sampled = exact.sampled();
    const Plain x = to_plain(to_vector(uniform.vector(5, -2, 2)));
    const double length = std::pow(10, uniform(-4, 1));
    // Any descent direction, −∇f among them.
    Plain p = plain_scale(-length, exact.gradient(x));
    const double turn = repeat % 3 == 0 ? 0 : uniform(0, 1);
    p = plain_add(p, turn * plain_norm(p), plain_scale(0.4, uniform.vector(5, -1, 1)));
    p = to_plain(to_vector(p));
    StepInputs in;
    if (repeat % 2 == 1) in = {uniform(0.2, 0.8), uniform(1e-4, 0.3), uniform(0.4, 0.9), 200, 1e-12, 1};
    for (const Searched& s : searches()) {
      CAPTURE(repeat);
      CAPTURE(s.name);
      const LineStep expected = s.reference(exact, x, p, in);
      check_same(search(s.name, in, exact, x, p), expected);
      check_same(search(s.name, in, sampled, x, p), expected);
    }
  }
}

TEST_CASE("a step that is called accepted keeps the rule's inequalities") {
  Uniform uniform(3);
  int accepted = 0;
  for (int repeat = 0; repeat < 60; ++repeat) {
    PlainObjective f = repeat % 2 == 0 ? small_factorization() : quadratic(5, std::pow(10, uniform(-3, 3)));
    PlainObjective sampled = f.sampled();
    const Plain x = uniform.vector(5, -2, 2);
    const Plain p = plain_scale(-std::pow(10, uniform(-3, 0)), f.gradient(x));
    for (const Searched& s : searches()) {
      CAPTURE(s.name);
      const auto rule = make_step_rule(s.name);  // all defaults
      rule->reset(false, 1);
      LineFixture fixture(repeat % 4 < 2 ? f : sampled, x, p);
      const LineStep step = rule->next(fixture.line);
      if (step.status != StepStatus::accepted) continue;
      ++accepted;
      if (s.name == "lipschitz") {
        CHECK(lipschitz_holds(f, x, p, step.step * 0.9999));
      } else {
        CHECK(armijo_holds(f, x, p, step.step, 0.9999e-4));
      }
      if (s.name == "weak-wolfe") CHECK(weak_curvature_holds(f, x, p, step.step, 0.9001));
      if (s.name == "strong-wolfe") CHECK(strong_curvature_holds(f, x, p, step.step, 0.9001));
    }
  }
  CHECK(accepted > 150);
}

// φ' = −1 at 0 and φ' = 1 everywhere else; φ only rises. No step meets any rule's condition.
PlainObjective rises_everywhere() {
  return scalar([](double x) { return std::abs(x); }, [](double x) { return x == 0 ? -1.0 : 1.0; });
}

TEST_CASE("searches without an acceptable step end at the floor, or out of trials where that comes first") {
  for (const std::string name : {"lipschitz", "armijo", "strong-wolfe"}) {
    CAPTURE(name);
    PlainObjective f = rises_everywhere();
    StepInputs in;
    in.epsilon = 1e-6;
    const LineStep floor = search(name, in, f, {0}, {1});
    CHECK(floor.status == StepStatus::floor);
    CHECK(floor.step < 1e-6);
    CHECK(floor.step >= 0.5e-6);
    CHECK(floor.trials == 20);
    in.t = 5;
    const LineStep out = search(name, in, f, {0}, {1});
    CHECK(out.status == StepStatus::out_of_trials);
    CHECK(out.trials == 5);
    CHECK(out.step == 0x1p-5);
  }
}

TEST_CASE("weak Wolfe runs out of trials where the slope stays steep, having doubled each time") {
  PlainObjective f = scalar_quartic({{-1, 0, 0, 0}});
  StepInputs in;
  in.t = 10;
  check_same(search("weak-wolfe", in, f, {0}, {1}), {1024, StepStatus::out_of_trials, 10});
  PlainObjective rises = rises_everywhere();
  check_same(search("weak-wolfe", in, rises, {0}, {1}), {0x1p-10, StepStatus::out_of_trials, 10});
}

TEST_CASE("strong Wolfe as printed only shrinks, so it misses the curvature condition beyond 1 and says so") {
  PlainObjective f = scalar_quartic({{-1, 0.001, 0, 0}});  // minimum at 500
  StepInputs in;
  in.c2 = 0.1;
  const LineStep step = search("strong-wolfe", in, f, {0}, {1});
  CHECK(step.status == StepStatus::floor);
  CHECK(step.step < 1e-15);
}

TEST_CASE("searches survive values that are infinite or NaN far out") {
  for (const bool nan : {false, true}) {
    PlainObjective f = scalar([nan](double x) { return x < 0.1 ? -std::log(0.1 - x) - 20 * x
                                                       : nan   ? NAN
                                                               : INFINITY; },
                              [nan](double x) { return x < 0.1 ? 1 / (0.1 - x) - 20
                                                       : nan   ? NAN
                                                               : INFINITY; });
    for (const Algorithm& method : line_searches()) {
      const auto rule = make_step_rule(method.name);
      if (rule->fixed_steps()) continue;
      CAPTURE(method.name);
      CAPTURE(nan);
      rule->reset(false, 1);
      LineFixture fixture(f, {0}, {1});
      const LineStep step = rule->next(fixture.line);
      CHECK(step.step > 0);
      CHECK(step.step < 0.1);
      CHECK(f.value({step.step}) < f.value({0}));
    }
  }
}

TEST_CASE("constant and decreasing steps are γ and γ over the root of k, and cost nothing") {
  PlainObjective f = small_factorization();
  const Plain x = {1, 1, 1, 1, 1};
  for (const bool unit : {false, true}) {
    const auto constant = make_step_rule("constant", {{"step", 0.25}});
    const auto decreasing = make_step_rule("decreasing", {{"step", 0.25}});
    for (int repeat = 0; repeat < 2; ++repeat) {  // reset() starts again at k = 1
      constant->reset(unit, 3);
      decreasing->reset(unit, 3);
      for (int k = 1; k <= 5; ++k) {
        LineFixture fixture(f, x, {1, 0, 0, 0, 0});
        CHECK(constant->next(fixture.line).step == 0.25);
        CHECK(decreasing->next(fixture.line).step == doctest::Approx(0.25 / std::sqrt(k)).epsilon(1e-14));
        CHECK(fixture.line.evaluations() == 0);
        CHECK(fixture.line.lines() == 0);
      }
    }
    CHECK_FALSE(constant->needs_descent());
    CHECK_FALSE(decreasing->needs_descent());
  }
  for (const std::string name : {"armijo", "weak-wolfe", "strong-wolfe", "exact"}) {
    CHECK(make_step_rule(name)->needs_descent());
  }
}

TEST_CASE("the automatic constant step follows the scale of f, the first line's minimum and the gain") {
  const auto first_step = [](PlainObjective f, bool unit, double gain, const std::string& name) {
    const auto rule = make_step_rule(name, {{"step", 0}});
    rule->reset(unit, gain);
    const Plain x = {3, -1, 2, 0.5, -2};
    const Plain p = plain_scale(-1, f.gradient(x));
    LineFixture fixture(f, x, p);
    const double step = rule->next(fixture.line).step;
    // Later steps do not look at their lines any more.
    LineFixture later(f, {1, 1, 1, 1, 1}, {1, 0, 0, 0, 0});
    const double expected = name == "decreasing" ? step / std::sqrt(2) : step;
    CHECK(rule->next(later.line).step == doctest::Approx(expected).epsilon(1e-14));
    CHECK(later.line.evaluations() + later.line.lines() == 0);
    return step;
  };
  for (const std::string name : {"constant", "decreasing"}) {
    CAPTURE(name);
    const PlainObjective f = quadratic(5);
    const Plain x = {3, -1, 2, 0.5, -2};
    const Plain p = plain_scale(-1, f.gradient(x));
    const Plain a_times_p = plain_add(f.gradient(plain_add(x, 1, p)), -1, f.gradient(x));
    const double minimiser = plain_dot(p, p) / plain_dot(p, a_times_p);
    const double step = first_step(f, false, 1, name);
    CHECK(step > 0.01 * minimiser);
    CHECK(step <= minimiser * (1 + 1e-6));
    CHECK(first_step(f.sampled(), false, 1, name) == doctest::Approx(step).epsilon(0.1));
    CHECK(first_step(quadratic(5, 1000), false, 1, name) == doctest::Approx(step / 1000).epsilon(1e-5));
    CHECK(first_step(f, false, 10, name) == doctest::Approx(step / 10).epsilon(1e-12));
    CHECK(first_step(f, true, 1, name) == 1);
  }
}

// Steps of consecutive searches on f(x) = −x, where every first trial of armijo and lipschitz is accepted.
Plain first_trials(const std::string& name, const ParameterValues& values, bool unit_step) {
  const auto rule = make_step_rule(name, values);
  rule->reset(unit_step, 1);
  Plain steps;
  for (int k = 0; k < 4; ++k) {
    PlainObjective f = scalar_quartic({{-1, 0, 0, 0}});
    LineFixture fixture(f, {0}, {1});
    steps.push_back(rule->next(fixture.line).step);
  }
  return steps;
}

TEST_CASE("searches start at the initial step; warm ones go on from the last accepted step, enlarged") {
  for (const std::string name : {"lipschitz", "armijo"}) {
    CAPTURE(name);
    CHECK(first_trials(name, {{"initial-step", 1}}, false) == Plain{1, 1, 1, 1});
    CHECK(first_trials(name, {{"initial-step", 0.25}}, false) == Plain{0.25, 0.25, 0.25, 0.25});
    CHECK(first_trials(name, {{"initial-step", 0}, {"growth", 4}}, false) == Plain{1, 4, 16, 64});
    CHECK(first_trials(name, {{"initial-step", 0}, {"growth", 4}}, true) == Plain{1, 1, 1, 1});
    const auto rule = make_step_rule(name, {{"initial-step", 0}, {"growth", 4}});
    for (int repeat = 0; repeat < 2; ++repeat) {  // reset() forgets the last step
      rule->reset(false, 1);
      PlainObjective f = scalar_quartic({{-1, 0, 0, 0}});
      for (double expected : {1.0, 4.0}) {
        LineFixture fixture(f, {0}, {1});
        CHECK(rule->next(fixture.line).step == expected);
      }
    }
  }
  // The Wolfe rules want a curve; this one accepts a step of 1/64 and little else.
  for (const std::string name : {"weak-wolfe", "strong-wolfe"}) {
    CAPTURE(name);
    const auto rule = make_step_rule(name, {{"initial-step", 0}, {"growth", 2}, {"c2", 0.4}});
    rule->reset(false, 1);
    PlainObjective f = scalar_quartic({{-1, 32, 0, 0}});
    LineFixture first(f, {0}, {1});
    const LineStep cold = rule->next(first.line);
    LineFixture second(f, {0}, {1});
    const LineStep warm = rule->next(second.line);
    CHECK(cold.status == StepStatus::accepted);
    CHECK(cold.trials >= 6);
    CHECK(warm.status == StepStatus::accepted);
    CHECK(warm.trials <= 3);
  }
}

TEST_CASE("a sampled search evaluates each trial once and leaves the accepted point evaluated") {
  for (const Searched& s : searches()) {
    CAPTURE(s.name);
    PlainObjective f = quadratic(5).sampled();
    const Plain x = {3, -1, 2, 0.5, -2};
    const auto rule = make_step_rule(s.name, values_of(s.name, {}));
    rule->reset(false, 1);
    LineFixture fixture(f, x, plain_scale(-1, f.gradient(x)));
    const LineStep step = rule->next(fixture.line);
    CHECK(step.trials > 1);
    fixture.line.evaluate(step.step);
    CHECK(fixture.line.evaluations() == step.trials);
  }
}

}  // namespace
}  // namespace odot
