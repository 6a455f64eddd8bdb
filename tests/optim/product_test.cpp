// Every optimizer under every line search on every kind of problem, straight from the registry.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

struct Problem {
  std::string name;
  PlainObjective objective;
  Plain start;
};

std::vector<Problem> problems() {
  const Plain start = {3, -1, 2, 0.5, -2};
  return {{"quadratic", quadratic(5), start},
          {"quadratic, sampled", quadratic(5).sampled(), start},
          {"steep quadratic", quadratic(5, 1e4), start},
          {"flat quadratic", quadratic(5, 1e-4), start},
          {"factorization", small_factorization(), {1, 1.5, 1, 1.25, 2}},
          {"factorization, sampled", small_factorization().sampled(), {1, 1.5, 1, 1.25, 2}},
          {"Rosenbrock", rosenbrock(), {-1.2, 1}}};
}

TEST_CASE("every pair lowers f or says why not, and never leaves a NaN") {
  for (Problem& problem : problems()) {
    for (const Algorithm& optimizer : optimizers()) {
      for (const Algorithm& search : line_searches()) {
        CAPTURE(problem.name);
        CAPTURE(optimizer.name);
        CAPTURE(search.name);
        const auto direction = make_direction(optimizer.name);
        const auto rule = make_step_rule(search.name);
        Vector x = to_vector(problem.start);
        const double before = problem.objective.value(to_plain(x));
        bool finite = true;
        bool monotone = true;
        double last = before;
        const Summary summary =
            minimize(problem.objective, *direction, *rule, {.iterations = 60}, x, [&](const Progress& progress) {
              finite = finite && std::isfinite(progress.current.value) && all_finite(progress.current.x) &&
                       all_finite(progress.current.gradient) && std::isfinite(progress.step.step);
              monotone = monotone && progress.current.value <= last + 1e-6 * std::abs(last);
              last = progress.current.value;
              return true;
            });
        CAPTURE(to_string(summary.reason));
        CHECK(finite);
        CHECK(all_finite(x));
        CHECK(std::isfinite(summary.value));
        CHECK(std::isfinite(summary.gradient_norm));
        CHECK(summary.value == doctest::Approx(problem.objective.value(to_plain(x))).epsilon(1e-5));
        // Rules that need descent give it, at every iteration.
        if (rule->needs_descent()) CHECK(monotone);
        if (summary.reason == StopReason::diverged) {
          CHECK_FALSE(rule->needs_descent());
        } else if (search.name == "strong-wolfe" && summary.reason == StopReason::line_search) {
          // The algorithm as printed cannot lengthen its first trial and may end where it began.
          CHECK(summary.value <= before);
        } else if (search.name == "lipschitz" && direction->scales_elements()) {
          // 1/L is a step for −∇f; for directions of another length it need not lower f.
          CHECK(summary.value <= 1000 * before);
        } else if (problem.name == "Rosenbrock" && !rule->needs_descent()) {
          // Steps that are not measured against f may leave its curved valley; where they then end rounding decides.
          CHECK(summary.value <= 1000 * before);
        } else {
          CHECK(summary.value < before);
        }
      }
    }
  }
}

// The optimizers and line searches of which theory says that they find the minimum of a quadratic at once or
// linearly, within a number of iterations that leaves room.
TEST_CASE("pairs that are known to converge reach the minimum of a quadratic") {
  const std::set<std::pair<std::string, std::string>> others = {
      {"adgd", "constant"}, {"gd", "lipschitz"}, {"lbfgs", "lipschitz"}, {"gd", "constant"}};
  int pairs = 0;
  for (const bool sampled : {false, true}) {
    for (const Algorithm& optimizer : optimizers()) {
      for (const Algorithm& search : line_searches()) {
        const bool newton = optimizer.name == "bfgs" || optimizer.name == "lbfgs" || optimizer.name == "gd";
        const bool wolfe = search.name == "weak-wolfe" || search.name == "exact" || search.name == "armijo";
        if (!(newton && wolfe) && !others.contains({std::string(optimizer.name), std::string(search.name)})) continue;
        ++pairs;
        CAPTURE(sampled);
        CAPTURE(optimizer.name);
        CAPTURE(search.name);
        PlainObjective f = sampled ? quadratic(5).sampled() : quadratic(5);
        const auto direction = make_direction(optimizer.name);
        const auto rule = make_step_rule(search.name);
        Vector x = to_vector({3, -1, 2, 0.5, -2});
        const double before = f.value(to_plain(x)) - 1;
        const Summary summary = minimize(f, *direction, *rule, {.iterations = 400}, x);
        CHECK(summary.value - 1 <= before * tolerance(1e-9, 1e-7));
        CHECK(relative_error(to_plain(x), {0.2, 0.4, 0.6, 0.8, 1}) <= tolerance(1e-4, 1e-3));
      }
    }
  }
  CHECK(pairs == 2 * 13);
}

TEST_CASE("quasi-Newton methods end where theory says: n steps on a quadratic, the bottom of Rosenbrock's valley") {
  for (const std::string name : {"bfgs", "lbfgs"}) {
    CAPTURE(name);
    const auto direction = make_direction(name);
    const auto exact = make_step_rule("exact");
    PlainObjective bowl = quadratic(5);
    Vector x = to_vector({3, -1, 2, 0.5, -2});
    const Summary quadratic_run = minimize(bowl, *direction, *exact, {.iterations = 5}, x);
    CHECK(quadratic_run.value - 1 <= tolerance(1e-16, 1e-8));

    for (const std::string search : {"weak-wolfe", "armijo", "exact"}) {
      CAPTURE(search);
      const auto rule = make_step_rule(search);
      PlainObjective valley = rosenbrock();
      Vector y = to_vector({-1.2, 1});
      const Summary summary = minimize(valley, *direction, *rule, {.iterations = 150}, y);
      CHECK(summary.value <= tolerance(1e-12, 1e-6));
      CHECK(relative_error(to_plain(y), {1, 1}) <= tolerance(1e-5, 2e-3));
    }
  }
}

TEST_CASE("each optimizer with its default line search works out of the box") {
  for (const Algorithm& optimizer : optimizers()) {
    for (const double scale : {1e-4, 1.0, 1e4}) {
      CAPTURE(optimizer.name);
      CAPTURE(scale);
      PlainObjective f = quadratic(5, scale);
      const auto direction = make_direction(optimizer.name);
      const auto rule = make_step_rule(optimizer.default_partner);
      Vector x = to_vector({3, -1, 2, 0.5, -2});
      const double before = f.value(to_plain(x)) - 1;
      const Summary summary = minimize(f, *direction, *rule, {.iterations = 300}, x);
      CHECK(summary.reason != StopReason::diverged);
      CHECK(summary.value - 1 <= 0.01 * before);
    }
  }
}

}  // namespace
}  // namespace odot
