// Rows solved by newton and by every optimizer, against a dense solution in long double.
#include "train/rows/row_solver.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "support/row_problem.hpp"

namespace odot {
namespace {

using namespace test;

// A row before and after solving it.
struct Solved {
  Vector row;
  double change = 0;
};

Solved solve(RowSolver& solver, const RowProblem& problem) {
  Solved solved{problem.row, 0};
  solved.change = solver.solve(problem.side(), problem.begin(), problem.end(), problem.columns.data(), {problem.lambda},
                               solved.row.data());
  return solved;
}

// The same by way of the quadratic, formed in pieces.
Solved solve_in_pieces(RowSolver& solver, const RowProblem& problem) {
  RowQuadratic total(problem.stride);
  RowQuadratic part(problem.stride);
  const Offset middle = problem.begin() + problem.count / 3;
  Solved solved{problem.row, 0};
  solver.form(problem.side(), problem.begin(), middle, solved.row.data(), problem.columns.data(), total);
  solver.form(problem.side(), middle, problem.end(), solved.row.data(), problem.columns.data(), part);
  total += part;
  solved.change = solver.solve(total, {problem.lambda}, solved.row.data());
  return solved;
}

double value(const RowProblem& problem, const Vector& row) { return static_cast<double>(problem.value(to_long(row))); }

// What solve() says of the change is true, and nothing but free elements changed.
void check_honest(const RowProblem& problem, const Solved& solved) {
  const double before = value(problem, problem.row);
  const double after = value(problem, solved.row);
  CHECK(std::abs(solved.change - (after - before)) <= tolerance(1e-12, 1e-5) * (before + after));
  for (std::size_t k = 0; k < problem.stride; ++k) {
    if (!problem.is_free(k)) CHECK(solved.row[k] == problem.row[k]);
  }
}

OptimizerChoice choice(std::string_view optimizer, std::string_view line_search, const ParameterValues& values = {}) {
  TrainSettings settings{.method = "full"};
  settings.optimizer = optimizer;
  settings.line_search = line_search;
  settings.parameters = values;
  return choose_optimizer(in_effect(settings));
}

TEST_CASE("newton finds the minimiser, from the ratings and from their quadratic") {
  bool direct = false;
  bool by_quadratic = false;
  for (const std::size_t width : {1, 2, 5, 12, 34, 100}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, width / 2, width / 2 + 1, width, 3 * width + 600}) {
      for (const double lambda : {0.5, 20.0}) {
        for (const int pinned : {-1, 0, static_cast<int>(width) - 1}) {
          if (pinned >= 0 && width < 3) continue;
          CAPTURE(width);
          CAPTURE(count);
          CAPTURE(lambda);
          CAPTURE(pinned);
          const RowProblem problem(width, count, lambda, pinned, width + count);
          const LongVector expected = problem.minimiser();
          RowSolver solver(NewtonRows{}, problem.stride, width, pinned);
          (solver.solves_directly(count, {problem.lambda}) ? direct : by_quadratic) = true;
          for (const Solved& solved : {solve(solver, problem), solve_in_pieces(solver, problem)}) {
            CHECK(largest_difference(solved.row, expected) <= tolerance(1e-11, 1e-4));
            CHECK(solved.change <= 0);
            check_honest(problem, solved);
          }
        }
      }
    }
  }
  CHECK(direct);
  CHECK(by_quadratic);
}

// The best of the minimisers with some elements 0 and the others free that has no negative one: of every choice.
LongVector best_non_negative(const RowProblem& problem) {
  LongVector best;
  for (std::size_t chosen = 0; chosen < std::size_t{1} << problem.used; ++chosen) {
    RowProblem part = problem;
    for (std::size_t k = 0; k < problem.used; ++k) {
      if (chosen >> k & 1) continue;
      for (std::size_t j = k; j < part.columns.size(); j += part.stride) part.columns[j] = 0;
    }
    LongVector row = part.minimiser();
    if (std::any_of(row.begin(), row.end(), [](long double factor) { return factor < 0; })) continue;
    if (best.empty() || problem.value(row) < problem.value(best)) best = row;
  }
  return best;
}

TEST_CASE("a row that may not be negative is the best of all choices of zeros") {
  std::size_t zeros = 0;
  std::size_t others = 0;
  for (const std::size_t width : {1, 3, 6, 9}) {
    for (const std::size_t count : {std::size_t{1}, width, 4 * width, 3 * width + 600}) {
      for (const double lambda : {0.05, 5.0}) {
        CAPTURE(width);
        CAPTURE(count);
        CAPTURE(lambda);
        RowProblem problem(width, count, lambda, -1, 7 * width + count);
        for (Real& factor : problem.row) factor = std::abs(factor);
        const LongVector expected = best_non_negative(problem);
        RowSolver solver(NonNegativeRows{}, problem.stride, width, -1);
        CHECK_FALSE(solver.solves_directly(0, {problem.lambda}));
        for (const Solved& solved : {solve(solver, problem), solve_in_pieces(solver, problem)}) {
          CHECK(largest_difference(solved.row, expected) <= tolerance(1e-7, 1e-4));
          CHECK(solved.change <= 0);
          check_honest(problem, solved);
        }
        for (std::size_t k = 0; k < width; ++k) ++(expected[k] == 0 ? zeros : others);
      }
    }
  }
  CHECK(zeros > 10);
  CHECK(others > 10);
}

TEST_CASE("newton without penalty and with fewer ratings than factors meets the ratings exactly") {
  for (const std::size_t width : {4, 17, 60}) {
    for (const std::size_t count : {std::size_t{1}, width / 4, width / 2, width / 2 + 1, width - 2}) {
      for (const int pinned : {-1, 1}) {
        CAPTURE(width);
        CAPTURE(count);
        const RowProblem problem(width, count, 0, pinned, 3 * width + count);
        RowSolver solver(NewtonRows{}, problem.stride, width, pinned);
        for (const Solved& solved : {solve(solver, problem), solve_in_pieces(solver, problem)}) {
          // As exactly as a step can that is damped for the sake of rounding.
          CHECK(value(problem, solved.row) <= tolerance(1e-18, 1e-4) * value(problem, problem.row));
          // Among the many solutions it is not one far out.
          CHECK(norm(solved.row) <= 1e3);
          check_honest(problem, solved);
        }
      }
    }
  }
}

TEST_CASE("a rating that occurs in several columns, all the same, is no obstacle without penalty") {
  RowProblem problem(6, 40, 0, -1, 4);
  for (std::size_t j = 1; j < 2 * problem.count + 1; ++j) {
    std::copy_n(problem.columns.begin(), problem.stride,
                problem.columns.begin() + static_cast<std::ptrdiff_t>(j * problem.stride));
  }
  RowSolver solver(NewtonRows{}, problem.stride, 6, -1);
  const Solved solved = solve(solver, problem);
  CHECK(all_finite(solved.row));
  check_honest(problem, solved);
  const LongVector gradient = problem.gradient(to_long(solved.row));
  for (const long double element : gradient) CHECK(std::abs(static_cast<double>(element)) <= tolerance(1e-9, 1e-2));
}

TEST_CASE("columns of nothing but zeros leave a row as it is without penalty, and make it zero with one") {
  for (const std::size_t count : {2, 40}) {
    for (const double lambda : {0.0, 2.0}) {
      RowProblem problem(6, count, lambda, -1, 4);
      std::fill(problem.columns.begin(), problem.columns.end(), Real{0});
      RowSolver solver(NewtonRows{}, problem.stride, 6, -1);
      const Solved solved = solve(solver, problem);
      if (lambda == 0) CHECK((solved.row == problem.row));
      if (lambda > 0) CHECK(norm(solved.row) <= 1e-6);
      check_honest(problem, solved);
    }
  }
}

TEST_CASE("rows without ratings become zero, and without penalty stay as they are") {
  for (const int pinned : {-1, 2}) {
    RowSolver newton(NewtonRows{}, 8, 6, pinned);
    RowSolver bfgs(OptimizedRows{choice("bfgs", "weak-wolfe"), 30}, 8, 6, pinned);
    const RowProblem penalised(6, 0, 3, pinned, 9);
    const RowProblem free(6, 0, 0, pinned, 9);
    for (RowSolver* solver : {&newton, &bfgs}) {
      const Solved zeroed = solve(*solver, penalised);
      for (std::size_t k = 0; k < 6; ++k) {
        if (penalised.is_free(k)) CHECK(std::abs(static_cast<double>(zeroed.row[k])) <= (solver == &newton ? 0 : 1e-4));
      }
      check_honest(penalised, zeroed);
      const Solved untouched = solve(*solver, free);
      CHECK((untouched.row == free.row));
      CHECK(untouched.change == 0);
    }
  }
}

TEST_CASE("every optimizer reaches newton's row with every line search that looks at f, and descends on the way") {
  for (const std::size_t count : {3, 30, 500}) {
    for (const int pinned : {-1, 4}) {
      constexpr std::size_t kWidth = 11;
      const RowProblem problem(kWidth, count, 1, pinned, 40 + count);
      const double start = value(problem, problem.row);
      const auto least = static_cast<double>(problem.value(problem.minimiser()));
      for (const Algorithm& optimizer : optimizers()) {
        for (const Algorithm& search : line_searches()) {
          if (!make_step_rule(search.name)->needs_descent()) continue;
          CAPTURE(count);
          CAPTURE(pinned);
          CAPTURE(optimizer.name);
          CAPTURE(search.name);
          double before = start;
          for (const int iterations : {1, 2, 5, 600}) {
            RowSolver solver(OptimizedRows{choice(optimizer.name, search.name), iterations}, problem.stride, kWidth,
                             pinned);
            const Solved solved = solve(solver, problem);
            check_honest(problem, solved);
            const double after = value(problem, solved.row);
            CHECK(after <= before + tolerance(1e-12, 1e-6) * start);
            before = after;
            const Counts& counts = solver.work();
            CHECK(counts.evaluations >= 2);
            CHECK(counts.lines >= 1);
            CHECK(counts.trials >= counts.lines);
            if (iterations == 600) CHECK(after - least <= 1e-3 * (start - least));
          }
        }
      }
    }
  }
}

TEST_CASE("under any line search a row stays finite, and a change is told or is infinite") {
  for (const std::size_t count : {2, 30, 400}) {
    const RowProblem problem(6, count, 1, 4, 50 + count);
    for (const Algorithm& optimizer : optimizers()) {
      for (const Algorithm& search : line_searches()) {
        for (const double step : {0.0, 1e-3, 10.0}) {
          const bool has_step = make_step_rule(search.name)->fixed_steps();
          if (!has_step && step > 0) continue;
          CAPTURE(count);
          CAPTURE(optimizer.name);
          CAPTURE(search.name);
          CAPTURE(step);
          ParameterValues values;
          if (has_step) values["step"] = step;
          RowSolver solver(OptimizedRows{choice(optimizer.name, search.name, values), 60}, problem.stride, 6, 4);
          const Solved solved = solve(solver, problem);
          CHECK(all_finite(solved.row));
          if (std::isfinite(solved.change)) {
            check_honest(problem, solved);
          } else {
            CHECK(solved.change > 0);
            CHECK(has_step);
          }
        }
      }
    }
  }
}

TEST_CASE("a constant step that is far too long diverges and is told") {
  const RowProblem problem(6, 30, 1, -1, 8);
  RowSolver solver(OptimizedRows{choice("gd", "constant", {{"step", 10}}), 60}, problem.stride, 6, -1);
  CHECK(solve(solver, problem).change == std::numeric_limits<double>::infinity());
}

TEST_CASE("a solver forgets the rows before") {
  const RowProblem one(12, 4, 0.5, 3, 1);
  const RowProblem two(12, 90, 2, 3, 2);
  for (const bool newton : {true, false}) {
    const RowMethod method = newton ? RowMethod(NewtonRows{}) : OptimizedRows{choice("bfgs", "weak-wolfe"), 5};
    RowSolver fresh(method, 16, 12, 3);
    RowSolver used(method, 16, 12, 3);
    solve(used, one);
    solve(used, two);
    solve(used, one);
    const Solved expected = solve(fresh, two);
    const Solved found = solve(used, two);
    CHECK((found.row == expected.row));
    CHECK(found.change == expected.change);
  }
}

}  // namespace
}  // namespace odot
