// Methods run on a FactorizationProblem, every iterate of theirs held against a rating-by-rating evaluation.
#pragma once

#include <doctest/doctest.h>

#include "support/factorization_problem.hpp"
#include "train/cases.hpp"
#include "train/methods/methods.hpp"

namespace odot::test {

/// What run_blocks() or run_nnmf() did from a start.
struct MethodRun {
  TrainOutcome outcome;
  Vector theta;
  std::vector<Vector> iterates;    ///< the start and after every sweep
  std::vector<double> objectives;  ///< f at these, evaluated naively
  std::vector<Counts> counts;
};

/// Runs a method and checks at every iterate that what it says of f, of Σ e² and of its passes is so.
inline MethodRun run_method(RunFactors method, const FactorizationProblem& problem, TrainSettings settings,
                            const Vector& start) {
  settings.rank = problem.layout.rank;
  settings.biases = problem.layout.biases;
  settings = in_effect(settings);
  const RatingMatrix matrix = problem.matrix();
  MethodRun run;
  run.theta = start;
  TrainTask task{matrix, problem.layout, settings, {problem.lambda, problem.per_rating}, {}};
  task.unobserved = unobserved_term(problem);
  task.observe = [&](const TrainState& state) {
    const NaiveEvaluation naive = naive_evaluate(problem, widen(state.theta));
    const auto value = static_cast<double>(naive.value());
    const auto scale = run.objectives.empty() ? value : run.objectives.front();
    CHECK(std::abs(state.objective - value) <= tolerance(1e-11, 2e-5) * scale);
    CHECK(std::abs(state.squared_error - static_cast<double>(naive.squared_error)) <= tolerance(1e-11, 2e-5) * scale);
    CHECK(state.counts.iterations == static_cast<int>(run.iterates.size()));
    CHECK(state.passes == 1 + 2 * state.counts.iterations);
    CHECK(std::isnan(state.gradient_norm));
    CHECK(std::isnan(state.step.step));
    run.iterates.emplace_back(state.theta.begin(), state.theta.end());
    run.objectives.push_back(value);
    run.counts.push_back(state.counts);
    return true;
  };
  run.outcome = method(task, run.theta);
  return run;
}

/// No objective is above the one before it, but for rounding.
inline void check_never_rises(const MethodRun& run) {
  for (std::size_t t = 1; t < run.objectives.size(); ++t) {
    CAPTURE(t);
    CHECK(run.objectives[t] <= run.objectives[t - 1] * (1 + tolerance(1e-13, 1e-6)));
  }
}

}  // namespace odot::test
