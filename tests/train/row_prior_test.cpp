// Rows under a dense prior, solved by newton, by an optimizer and among those that are not negative, against dense
// solutions in long double.
#include "train/rows/row_prior.hpp"

#include <doctest/doctest.h>

#include "support/row_problem.hpp"
#include "train/rows/half_sweep.hpp"

namespace odot {
namespace {

using namespace test;

// The rows of a RowProblem's side, of which one has its ratings and two have one each, with Λ and a b for each.
struct DenseProblem {
  DenseProblem(std::size_t width, std::size_t count, int pinned)
      : problem(width, count, 0, pinned, 11 * width + count), matrix(stride() * stride()) {
    Uniform uniform(width + count);
    std::vector<double> root(width * width);
    for (double& element : root) element = uniform(-1, 1);
    for (std::size_t i = 0; i < width; ++i) {
      for (std::size_t k = 0; k <= i; ++k) {
        double sum = i == k ? 1 : 0;
        for (std::size_t l = 0; l < width; ++l) sum += root[i * width + l] * root[k * width + l];
        matrix[i * stride() + k] = matrix[k * stride() + i] = static_cast<Real>(sum);
      }
    }
    linear.resize(kRows * stride());
    rows.resize(kRows * stride());
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t k = 0; k < width; ++k) {
        linear[row * stride() + k] = static_cast<Real>(uniform(-3, 3));
        rows[row * stride() + k] = static_cast<Real>(uniform(0, 1));
      }
    }
  }

  std::size_t stride() const { return problem.stride; }
  QuadraticPrior prior() const { return {matrix, linear, stride()}; }

  long double value(ConstSpan all) const {
    const RatingSide side = problem.side();
    long double sum = 0;
    for (Index row = 0; row < kRows; ++row) {
      const ConstSpan u = all.subspan(row * stride(), stride());
      for (Offset t = side.offsets[row]; t < side.offsets[row + 1]; ++t) {
        long double error = -static_cast<long double>(problem.values[t]);
        for (std::size_t k = 0; k < stride(); ++k) error += static_cast<long double>(u[k]) * column(t, k);
        sum += error * error;
      }
    }
    return sum + prior_value(all);
  }

  long double prior_value(ConstSpan all) const {
    long double sum = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
      const ConstSpan u = all.subspan(row * stride(), stride());
      for (std::size_t i = 0; i < stride(); ++i) {
        sum -= 2 * static_cast<long double>(linear[row * stride() + i]) * static_cast<long double>(u[i]);
        for (std::size_t k = 0; k < stride(); ++k) {
          sum += static_cast<long double>(u[i]) * static_cast<long double>(matrix[i * stride() + k]) *
                 static_cast<long double>(u[k]);
        }
      }
    }
    return sum;
  }

  long double column(Offset t, std::size_t k) const {
    return static_cast<long double>(problem.columns[problem.indices[t] * stride() + k]);
  }

  // The rows that minimise value(), by (Λ + Σ v vᵀ) u = b + Σ x v over the free elements.
  LongVector minimiser() const {
    const RatingSide side = problem.side();
    LongVector out(rows.begin(), rows.end());
    std::vector<std::size_t> free;
    for (std::size_t k = 0; k < problem.used; ++k) {
      if (problem.is_free(k)) free.push_back(k);
    }
    const std::size_t pin = problem.pinned >= 0 ? static_cast<std::size_t>(problem.pinned) : 0;
    for (std::size_t row = 0; row < kRows; ++row) {
      const long double pinned = problem.pinned >= 0 ? out[row * stride() + pin] : 0;
      LongMatrix a(free.size(), LongVector(free.size()));
      LongVector b(free.size());
      for (std::size_t i = 0; i < free.size(); ++i) {
        const Real* of_element = matrix.data() + free[i] * stride();
        b[i] = static_cast<long double>(linear[row * stride() + free[i]]) -
               pinned * static_cast<long double>(of_element[pin]);
        for (std::size_t k = 0; k < free.size(); ++k) a[i][k] = static_cast<long double>(of_element[free[k]]);
        for (Offset t = side.offsets[row]; t < side.offsets[row + 1]; ++t) {
          const long double target = static_cast<long double>(problem.values[t]) - pinned * column(t, pin);
          b[i] += target * column(t, free[i]);
          for (std::size_t k = 0; k < free.size(); ++k) a[i][k] += column(t, free[i]) * column(t, free[k]);
        }
      }
      const LongVector solution = dense_solve(a, b);
      for (std::size_t i = 0; i < free.size(); ++i) out[row * stride() + free[i]] = solution[i];
    }
    return out;
  }

  static constexpr Index kRows = 3;
  RowProblem problem;
  Vector matrix;
  Vector linear;
  Vector rows;
};

struct Solved {
  Vector rows;
  double change;
};

// All rows, in one half sweep.
Solved solve(const DenseProblem& dense, const RowMethod& method) {
  const RowProblem& problem = dense.problem;
  const QuadraticPrior prior = dense.prior();
  const FactorLayout layout{.users = DenseProblem::kRows, .rank = static_cast<int>(problem.used)};
  HalfSweep sweep(problem.side(), DenseProblem::kRows, prior, layout, problem.pinned, method);
  Solved solved{dense.rows, 0};
  solved.change = sweep.update(0, solved.rows.data(), problem.columns.data());
  return solved;
}

// Rows with few ratings, with many, and with enough to be solved in pieces; half of them with a pinned element.
std::vector<DenseProblem> problems() {
  std::vector<DenseProblem> all;
  for (const std::size_t width : {1, 5, 12, 34}) {
    for (const std::size_t count : {0, 2, 60, 3000}) {
      all.emplace_back(width, count, -1);
      if (width > 1) all.emplace_back(width, count, 1);
    }
  }
  return all;
}

void check_honest(const DenseProblem& dense, const Solved& solved) {
  const auto before = static_cast<double>(dense.value(dense.rows));
  const auto after = static_cast<double>(dense.value(solved.rows));
  const double size = before + std::abs(static_cast<double>(dense.prior_value(solved.rows))) + 1;
  CHECK(std::abs(solved.change - (after - before)) <= tolerance(1e-12, 1e-5) * size);
}

TEST_CASE("newton and an optimizer find the minimiser under a dense prior, and say what it changes") {
  const RowMethod bfgs = OptimizedRows{
      choose_optimizer(in_effect({.method = "full", .optimizer = "bfgs", .line_search = "strong-wolfe"})), 200};
  for (const DenseProblem& dense : problems()) {
    CAPTURE(dense.problem.used);
    CAPTURE(dense.problem.count);
    CAPTURE(dense.problem.pinned);
    const LongVector expected = dense.minimiser();
    const Solved newton = solve(dense, NewtonRows{});
    // Its step is damped by a share of the trace for the sake of rounding, where no λ is known to be in Λ.
    CHECK(largest_difference(newton.rows, expected) <= tolerance(1e-10, 2e-3));
    check_honest(dense, newton);
    const Solved optimized = solve(dense, bfgs);
    const long double least = dense.value(newton.rows);
    CHECK(dense.value(optimized.rows) - least <= 1e-5 * (dense.value(dense.rows) - least));
    check_honest(dense, optimized);
  }
}

TEST_CASE("among rows that are not negative the best has no slope where it is positive, and none downwards at zero") {
  std::size_t zeros = 0;
  for (const DenseProblem& dense : problems()) {
    if (dense.problem.pinned >= 0) continue;
    CAPTURE(dense.problem.used);
    CAPTURE(dense.problem.count);
    const Solved solved = solve(dense, NonNegativeRows{});
    check_honest(dense, solved);
    const auto value = static_cast<double>(dense.value(dense.rows));
    for (std::size_t row = 0; row < DenseProblem::kRows; ++row) {
      for (std::size_t k = 0; k < dense.problem.used; ++k) {
        const std::size_t at = row * dense.stride() + k;
        CHECK(solved.rows[at] >= 0);
        Vector above = solved.rows;
        Vector below = solved.rows;
        above[at] += 1;
        below[at] -= 1;
        const auto slope = static_cast<double>(dense.value(above) - dense.value(below)) / 4;
        const double slack = tolerance(1e-6, 1e-4) * (value + 1);
        CHECK(slope >= -slack);
        if (solved.rows[at] > 0) CHECK(slope <= slack);
        zeros += solved.rows[at] == 0;
      }
    }
  }
  CHECK(zeros > 10);
}

TEST_CASE("what a dense prior adds to f") {
  const DenseProblem dense(12, 5, 1);
  const double value = dense.prior().value(dense.rows.data());
  const auto expected = static_cast<double>(dense.prior_value(dense.rows));
  CHECK(std::abs(value - expected) <= 1e-12 * std::abs(expected) + 1e-12);
}

TEST_CASE("a row is solved from its gathered columns only under a prior that is a number") {
  const DenseProblem dense(34, 2, -1);
  const RowSolver solver(NewtonRows{}, dense.stride(), 34, -1);
  const Vector linear(dense.stride());
  CHECK(solver.solves_directly(2, {1}));
  CHECK_FALSE(solver.solves_directly(2, {1, dense.matrix.data()}));
  CHECK_FALSE(solver.solves_directly(2, {1, nullptr, linear.data()}));
}

}  // namespace
}  // namespace odot
