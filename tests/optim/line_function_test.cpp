// The line as step rules see it: polynomial and sampled lines against f itself, and what each question costs.
#include "odot/optim/line_function.hpp"

#include <doctest/doctest.h>

#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("samples are f and its slope along the line, from the polynomial and from evaluations alike") {
  Uniform uniform(1);
  for (int repeat = 0; repeat < 20; ++repeat) {
    PlainObjective exact = small_factorization();
    PlainObjective sampled = exact.sampled();
    // What Real can hold, so that both sides speak of the same line.
    const Plain x = to_plain(to_vector(uniform.vector(5, -2, 2)));
    const Plain d = to_plain(to_vector(uniform.vector(5, -2, 2)));
    LineFixture polynomial_line(exact, x, d);
    LineFixture sampled_line(sampled, x, d);
    const double slope = plain_dot(exact.gradient(x), d);
    const double scale = 1 + std::abs(slope) + exact.value(x);
    for (double step : {0.0, 1e-3, 0.1, 0.5, 1.0, 2.0}) {
      CAPTURE(step);
      const Plain point = plain_add(x, step, d);
      const double change = exact.value(point) - exact.value(x);
      const double slope_there = plain_dot(exact.gradient(point), d);
      const double size = scale + std::abs(change) + std::abs(slope_there);
      for (LineFixture* fixture : {&polynomial_line, &sampled_line}) {
        const double bound = size * (fixture == &polynomial_line ? 1e-12 : tolerance(1e-12, 1e-5));
        const Sample sample = fixture->line.at(step);
        CHECK(sample.step == step);
        CHECK(std::abs(sample.change - change) <= bound);
        CHECK(std::abs(sample.slope - slope_there) <= bound);
      }
    }
    CHECK(std::abs(polynomial_line.line.initial_slope() - slope) <= scale * tolerance(1e-12, 1e-5));
    CHECK(std::abs(sampled_line.line.initial_slope() - slope) <= scale * tolerance(1e-12, 1e-5));
  }
}

TEST_CASE("the change on a polynomial line does not suffer from cancellation") {
  PlainObjective objective = small_factorization();
  const Plain x = {0.5, -0.25, 1, 0.75, -0.5};
  const Plain d = {1, -0.5, 0.25, 1, -1};
  LineFixture fixture(objective, x, d);
  const double step = 1e-12;
  // The second-order term is 1e-12 of the first, so the first is f's own answer to nine digits.
  CHECK(fixture.line.at(step).change == doctest::Approx(step * plain_dot(objective.gradient(x), d)).epsilon(1e-9));
}

TEST_CASE("a polynomial line asks the objective once and only when a sample is wanted") {
  PlainObjective objective = small_factorization();
  LineFixture fixture(objective, {1, 1, 1, 1, 1}, {1, 0, -1, 0, 1});
  CHECK(objective.evaluations == 1);  // the origin
  fixture.line.initial_slope();
  for (double step : {0.1, 0.2, 0.3}) fixture.line.at(step);
  CHECK(fixture.line.polynomial().has_value());
  CHECK(objective.lines == 1);
  CHECK(fixture.line.lines() == 1);
  CHECK(objective.evaluations == 1);
  CHECK(fixture.line.evaluations() == 0);

  PlainObjective untouched = small_factorization();
  LineFixture idle(untouched, {1, 1, 1, 1, 1}, {1, 0, -1, 0, 1});
  CHECK(untouched.lines == 0);
  CHECK(idle.line.lines() == 0);
  idle.line.evaluate(0.5);
  CHECK(untouched.lines == 0);
  CHECK(idle.line.lines() == 0);
}

TEST_CASE("a sampled line evaluates each new step once and remembers the last") {
  PlainObjective objective = small_factorization().sampled();
  LineFixture fixture(objective, {1, 1, 1, 1, 1}, {1, 0, -1, 0, 1});
  fixture.line.initial_slope();
  CHECK(fixture.line.evaluations() == 0);
  CHECK_FALSE(fixture.line.polynomial().has_value());
  fixture.line.at(0.25);
  fixture.line.evaluate(0.25);
  fixture.line.at(0.25);
  CHECK(fixture.line.evaluations() == 1);
  fixture.line.at(0.5);
  CHECK(fixture.line.evaluations() == 2);
  CHECK(objective.evaluations == 3);
  CHECK(fixture.line.lines() == 0);
}

TEST_CASE("evaluate gives the point with its value and gradient, in the trial iterate") {
  PlainObjective objective = small_factorization();
  const Plain x = {1, 2, -1, 0.5, 1};
  const Plain d = {0.5, 0, -1, 0.25, 1};
  LineFixture fixture(objective, x, d);
  const Iterate& there = fixture.line.evaluate(0.5);
  CHECK(&there == &fixture.trial);
  const Plain point = plain_add(x, 0.5, d);  // exact in Real
  CHECK(to_plain(there.x) == point);
  CHECK(there.value == doctest::Approx(objective.value(point)).epsilon(1e-14));
  CHECK(relative_error(to_plain(there.gradient), objective.gradient(point)) <= tolerance(1e-15, 1e-6));
  CHECK(to_plain(fixture.line.origin().x) == x);
  CHECK(to_plain(fixture.line.direction()) == d);
}

}  // namespace
}  // namespace odot
