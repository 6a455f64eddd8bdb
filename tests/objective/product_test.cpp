// Every optimizer under every line search on the factorisation objective, straight from the registry.
#include <doctest/doctest.h>

#include <string>

#include "objective/factorization_objective.hpp"
#include "odot/core/error.hpp"
#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("every pair lowers f or says why not, and never leaves a NaN") {
  for (const FactorizationProblem& problem :
       {small_problem(3, false), small_problem(3, false, 2), small_problem(2, true, 0.1, true)}) {
    const RatingMatrix matrix = problem.matrix();
    const Vector start = random_theta(problem.layout, 1.2, 1);
    const double before = static_cast<double>(naive_evaluate(problem, widen(start)).value());
    for (const Algorithm& optimizer : optimizers()) {
      for (const Algorithm& search : line_searches()) {
        CAPTURE(describe(problem));
        CAPTURE(optimizer.name);
        CAPTURE(search.name);
        FactorizationObjective objective(matrix, problem.layout, problem.lambda, problem.per_rating);
        const auto direction = make_direction(optimizer.name);
        const auto rule = make_step_rule(search.name);
        Vector x = start;
        bool finite = true;
        bool monotone = true;
        double last = before * (1 + 1e-6);
        const Summary summary =
            minimize(objective, *direction, *rule, {.iterations = 40}, x, [&](const Progress& progress) {
              finite = finite && std::isfinite(progress.current.value) && all_finite(progress.current.x) &&
                       all_finite(progress.current.gradient) && std::isfinite(progress.step.step);
              monotone = monotone && progress.current.value <= last + 1e-6 * std::abs(last);
              last = progress.current.value;
              return true;
            });
        CAPTURE(to_string(summary.reason));
        CHECK(finite);
        CHECK(all_finite(x));
        CHECK_FALSE(to_string(summary.reason).empty());
        // What is reported is f at what is left in x, and passes are what evaluations and lines cost.
        const double after = static_cast<double>(naive_evaluate(problem, widen(x)).value());
        CHECK(summary.value == doctest::Approx(after).epsilon(1e-5));
        CHECK(objective.passes() == 2 * summary.counts.evaluations + summary.counts.lines);
        if (problem.layout.biases) {
          CHECK(x[static_cast<std::size_t>(problem.layout.user_pin())] == start[3]);
          CHECK(x[problem.layout.item_row(5) + static_cast<std::size_t>(problem.layout.item_pin())] == start[3]);
        }
        if (rule->needs_descent()) CHECK(monotone);
        if (summary.reason == StopReason::diverged) {
          CHECK_FALSE(rule->needs_descent());
        } else if (search.name == "strong-wolfe" && summary.reason == StopReason::line_search) {
          CHECK(after <= before);
        } else if (search.name == "lipschitz" && direction->scales_elements()) {
          // 1/L is a step for −∇f; for directions of another length it need not lower f.
          CHECK(after <= 1000 * before);
        } else {
          CHECK(after < before);
        }
      }
    }
  }
}

TEST_CASE("bfgs refuses a problem that is too large for a dense matrix and names lbfgs") {
  const FactorizationProblem problem = long_row_problem(1, false, 0, false);
  const RatingMatrix matrix = problem.matrix();
  FactorizationObjective objective(matrix, problem.layout, 0, false);
  Vector x = random_theta(problem.layout, 1, 1);
  const auto bfgs = make_direction("bfgs");
  const auto rule = make_step_rule("exact");
  CHECK_THROWS_WITH_AS(minimize(objective, *bfgs, *rule, {}, x), doctest::Contains("lbfgs"), Error);
  const auto lbfgs = make_direction("lbfgs");
  const Summary summary = minimize(objective, *lbfgs, *rule, {.iterations = 3}, x);
  CHECK(summary.counts.iterations == 3);
}

}  // namespace
}  // namespace odot
