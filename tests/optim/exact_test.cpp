// The exact rule against minima known in closed form and against a fine grid refined by golden section.
#include <doctest/doctest.h>

#include <algorithm>

#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

LineStep exact_step(PlainObjective& f) {
  const auto rule = make_step_rule("exact");
  rule->reset(false, 1);
  LineFixture fixture(f, Plain(f.size(), 0.0), Plain(f.size(), 1.0));
  return rule->next(fixture.line);
}

LineStep exact_step(const LinePolynomial& p) {
  PlainObjective f = scalar_quartic(p);
  return exact_step(f);
}

double golden_section(const LinePolynomial& p, double low, double high) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  for (int k = 0; k < 200; ++k) {
    const double left = high - ratio * (high - low);
    const double right = low + ratio * (high - low);
    (p.change(left) < p.change(right) ? high : low) = p.change(left) < p.change(right) ? right : left;
  }
  return (low + high) / 2;
}

// The least change over α > 0 for a quartic with c[3] > 0: all minima are below Cauchy's bound on the roots of p'.
double least_change(const LinePolynomial& p) {
  const double lead = 4 * p.c[3];
  const double bound = 1 + std::max({std::abs(p.c[0]), std::abs(2 * p.c[1]), std::abs(3 * p.c[2])}) / lead;
  constexpr int kCells = 4000;
  int best = 1;
  // Finer towards 0, where small minima hide.
  const auto grid = [&](int k) { return bound * std::pow(static_cast<double>(k) / kCells, 3); };
  for (int k = 1; k <= kCells; ++k) {
    if (p.change(grid(k)) < p.change(grid(best))) best = k;
  }
  return p.change(golden_section(p, grid(best - 1), grid(std::min(best + 1, kCells))));
}

// The quartic whose derivative is lead · (α − a)(α − b)(α − c).
LinePolynomial from_stationary_points(double lead, double a, double b, double c) {
  return {{-lead * a * b * c, lead * (a * b + b * c + c * a) / 2, -lead * (a + b + c) / 3, lead / 4}};
}

TEST_CASE("of two local minima the deeper is taken, near or far") {
  Uniform uniform(4);
  int near = 0;
  int far = 0;
  for (int repeat = 0; repeat < 400; ++repeat) {
    const double a = uniform(0.01, 2);
    const double b = a + uniform(0.1, 3);
    const double c = b + uniform(0.1, 3);
    const LinePolynomial p = from_stationary_points(std::pow(10, uniform(-6, 6)), a, b, c);
    if (std::abs(p.change(a) - p.change(c)) < 1e-9 * std::abs(p.change(a))) continue;
    const double expected = p.change(a) < p.change(c) ? a : c;
    ++(expected == a ? near : far);
    CAPTURE(repeat);
    const LineStep step = exact_step(p);
    CHECK(step.step == doctest::Approx(expected).epsilon(1e-8));
    CHECK(step.status == StepStatus::accepted);
  }
  CHECK(near > 50);
  CHECK(far > 50);
}

TEST_CASE("random quartics: nothing on a fine grid is lower") {
  Uniform uniform(5);
  for (int repeat = 0; repeat < 400; ++repeat) {
    LinePolynomial p{{uniform(-1, 0), uniform(-2, 2), uniform(-2, 2), std::pow(10, uniform(-2, 0))}};
    if (repeat % 4 == 0) p.c[0] *= 1e-6;  // nearly stationary at the start
    CAPTURE(repeat);
    const LineStep step = exact_step(p);
    const double least = least_change(p);
    CHECK(step.step > 0);
    CHECK(p.change(step.step) <= least + 1e-9 * std::abs(least));
  }
}

TEST_CASE("the answer scales with the step's unit and with f's") {
  const LinePolynomial p = from_stationary_points(1, 1, 2, 4);  // deeper at 4
  for (double unit : {1e-9, 1e-4, 1.0, 1e4, 1e9}) {
    for (double height : {1e-12, 1.0, 1e12}) {
      CAPTURE(unit);
      CAPTURE(height);
      LinePolynomial scaled;
      for (std::size_t k = 0; k < 4; ++k) scaled.c[k] = height * p.c[k] / std::pow(unit, static_cast<double>(k + 1));
      CHECK(exact_step(scaled).step == doctest::Approx(4 * unit).epsilon(1e-8));
    }
  }
}

TEST_CASE("polynomials of lower degree") {
  CHECK(exact_step(LinePolynomial{{-3, 2, 0, 0}}).step == doctest::Approx(0.75).epsilon(1e-12));
  CHECK(exact_step(LinePolynomial{{-1, 0, 1, 0}}).step == doctest::Approx(std::sqrt(1.0 / 3)).epsilon(1e-12));
  CHECK(exact_step(LinePolynomial{{-4, 0, 0, 1}}).step == doctest::Approx(1).epsilon(1e-9));
  CHECK(exact_step(LinePolynomial{{-1e-3, 500, 0, 0}}).step == doctest::Approx(1e-6).epsilon(1e-12));
  // Higher coefficients that are only rounding noise change nothing.
  CHECK(exact_step(LinePolynomial{{-3, 2, 1e-25, 1e-26}}).step == doctest::Approx(0.75).epsilon(1e-9));
  CHECK(exact_step(LinePolynomial{{-3, 2, -1e-25, 1e-26}}).step == doctest::Approx(0.75).epsilon(1e-9));
  CHECK(exact_step(LinePolynomial{{-3, 2, 1e-18, 0}}).step == doctest::Approx(0.75).epsilon(1e-9));
  // A triple root of the derivative, and a double one that is no minimum.
  CHECK(exact_step(from_stationary_points(1, 2, 2, 2)).step == doctest::Approx(2).epsilon(1e-4));
  CHECK(exact_step(from_stationary_points(1, 1, 1, 3)).step == doctest::Approx(3).epsilon(1e-6));
}

TEST_CASE("lines without a minimum end in a local one downhill, or in no step and a status that says so") {
  for (const LinePolynomial& p : {LinePolynomial{{-1, 3, -1, 0}}, LinePolynomial{{-3, 2, -1e-25, 0}}}) {
    const LineStep step = exact_step(p);
    CHECK(step.status == StepStatus::accepted);
    CHECK(std::abs(p.slope(step.step)) <= 1e-9);
    CHECK(p.change(step.step) < 0);
  }
  for (const LinePolynomial& p :
       {LinePolynomial{{-1, 0, 0, 0}}, LinePolynomial{{-1, -1, 0, 0}}, LinePolynomial{{-1, 0, 0, -1}}}) {
    const LineStep step = exact_step(p);
    CHECK(std::isfinite(step.step));
    CHECK(p.change(step.step) <= 0);
    CHECK(step.status == StepStatus::out_of_trials);
  }
}

TEST_CASE("a sampled line is minimised numerically") {
  const auto check = [](PlainObjective f, double expected) {
    const LineStep step = exact_step(f);
    CAPTURE(expected);
    CHECK(step.status == StepStatus::accepted);
    CHECK(step.step == doctest::Approx(expected).epsilon(0.05));
    const Plain ones(f.size(), 1.0);
    const double slope = plain_dot(f.gradient(plain_add(Plain(f.size(), 0.0), step.step, ones)), ones);
    const double start = plain_dot(f.gradient(Plain(f.size(), 0.0)), ones);
    CHECK(std::abs(slope) <= 0.01 * std::abs(start));
  };
  check(scalar_quartic({{-3, 2, 0, 0}}).sampled(), 0.75);
  check(scalar_quartic({{-3, 0.002, 0, 0}}).sampled(), 750);
  check(scalar_quartic({{-3, 2e6, 0, 0}}).sampled(), 0.75e-6);
  check(scalar_quartic({{-1, 0, 0, 0.25}}).sampled(), 1);
  check(scalar([](double x) { return std::exp(x) - 5 * x; }, [](double x) { return std::exp(x) - 5; }), std::log(5.0));
  check(scalar([](double x) { return std::sqrt(1 + (x - 3) * (x - 3)); },
               [](double x) { return (x - 3) / std::sqrt(1 + (x - 3) * (x - 3)); }),
        3);
  Uniform uniform(6);
  for (int repeat = 0; repeat < 50; ++repeat) {  // wherever it lands among two minima, it is flat and lower there
    const double a = uniform(0.1, 2);
    const double b = a + uniform(0.1, 3);
    PlainObjective f = scalar_quartic(from_stationary_points(1, a, b, b + uniform(0.1, 3))).sampled();
    const LineStep step = exact_step(f);
    CHECK(std::abs(f.gradient({step.step})[0]) <= 0.01 * std::abs(f.gradient({0})[0]));
    CHECK(f.value({step.step}) < 0);
  }
}

}  // namespace
}  // namespace odot
