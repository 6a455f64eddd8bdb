// The objective of one row in both of its forms, against sums in long double and finite differences of them.
#include "objective/row_objective.hpp"

#include <doctest/doctest.h>

#include <array>

#include "support/row_problem.hpp"

namespace odot {
namespace {

using namespace test;

// Both forms of a problem's objective.
struct Forms {
  explicit Forms(const RowProblem& problem)
      : quadratic(problem.stride),
        gathered(problem.count, problem.used),
        objectives{RowObjective(problem.stride, problem.pinned), RowObjective(problem.stride, problem.pinned)} {
    form(problem.side(), problem.begin(), problem.end(), problem.row.data(), problem.columns.data(), gathered,
         quadratic);
    mirror(quadratic);
    gathered.gather(problem.side(), problem.begin(), problem.end(), problem.row.data(), problem.columns.data());
    objectives[0].set(quadratic, problem.row, problem.lambda);
    objectives[1].set(gathered, problem.row, problem.lambda);
  }

  RowQuadratic quadratic;
  GatheredColumns gathered;
  std::array<RowObjective, 2> objectives;  // from the quadratic, and from the ratings
};

// A point, or a direction, that leaves the pinned element and the padding alone.
Vector moved(const RowProblem& problem, const Vector& from, double by, std::uint64_t seed) {
  Uniform uniform(seed);
  Vector x = from;
  for (std::size_t k = 0; k < problem.stride; ++k) {
    const double change = uniform(-by, by);
    if (problem.is_free(k)) x[k] += static_cast<Real>(change);
  }
  return x;
}

std::vector<RowProblem> problems() {
  std::vector<RowProblem> all;
  for (const std::size_t width : {1, 3, 10, 34, 100}) {
    for (const std::size_t count : {0, 1, 5, 60}) {
      for (const double lambda : {0.0, 0.7}) {
        all.emplace_back(width, count, lambda, -1, width + count);
        if (width > 1) all.emplace_back(width, count, lambda, static_cast<int>(width) - 2, width + count);
      }
    }
  }
  return all;
}

TEST_CASE("value and gradient, at the origin and elsewhere") {
  for (const RowProblem& problem : problems()) {
    CAPTURE(problem.used);
    CAPTURE(problem.count);
    CAPTURE(problem.lambda);
    CAPTURE(problem.pinned);
    Forms forms(problem);
    for (const double by : {0.0, 0.01, 2.0}) {
      const Vector x = moved(problem, problem.row, by, 3);
      const auto value = static_cast<double>(problem.value(to_long(x)));
      const LongVector gradient = problem.gradient(to_long(x));
      long double size = 1;
      for (const long double element : gradient) size = std::max(size, std::abs(element));
      for (RowObjective& objective : forms.objectives) {
        REQUIRE(objective.size() == problem.stride);
        Vector found(problem.stride, Real{55});
        CHECK(objective.value_gradient(x, found) == doctest::Approx(value).epsilon(tolerance(1e-12, 1e-5)));
        CHECK(largest_difference(found, gradient) <= tolerance(1e-12, 2e-5) * static_cast<double>(size));
        if (problem.pinned >= 0) CHECK(found[static_cast<std::size_t>(problem.pinned)] == 0);
        for (std::size_t k = problem.used; k < problem.stride; ++k) CHECK(found[k] == 0);
        if (by == 0) CHECK(objective.value_at_origin() == doctest::Approx(value).epsilon(tolerance(1e-12, 1e-5)));
      }
    }
  }
}

TEST_CASE("the polynomial along a line") {
  for (const RowProblem& problem : problems()) {
    CAPTURE(problem.used);
    CAPTURE(problem.count);
    CAPTURE(problem.lambda);
    CAPTURE(problem.pinned);
    Forms forms(problem);
    const Vector x = moved(problem, problem.row, 0.5, 4);
    const Vector d = moved(problem, Vector(problem.stride), 1, 5);
    for (RowObjective& objective : forms.objectives) {
      const LinePolynomial line = objective.line(x, d).value();
      CHECK(line.c[2] == 0);
      CHECK(line.c[3] == 0);
      for (const double step : {-1.0, 0.25, 3.0}) {
        LongVector at = to_long(x);
        LongVector above = at;
        LongVector below = at;
        for (std::size_t k = 0; k < at.size(); ++k) {
          at[k] += step * static_cast<long double>(d[k]);
          above[k] += (step + 1) * static_cast<long double>(d[k]);
          below[k] += (step - 1) * static_cast<long double>(d[k]);
        }
        const long double start = problem.value(to_long(x));
        const auto scale = static_cast<double>(start + problem.value(at) + problem.value(above) + 1e-3L);
        const auto change = static_cast<double>(problem.value(at) - start);
        const auto slope = static_cast<double>((problem.value(above) - problem.value(below)) / 2);
        CHECK(std::abs(line.change(step) - change) <= tolerance(1e-12, 1e-5) * scale);
        CHECK(std::abs(line.slope(step) - slope) <= tolerance(1e-12, 1e-5) * scale);
      }
    }
  }
}

TEST_CASE("one object serves one row after another, in either form") {
  const RowProblem first(10, 40, 0.5, -1, 1);
  const RowProblem second(10, 3, 2, -1, 2);
  Forms of_first(first);
  Forms of_second(second);
  RowObjective objective(first.stride, -1);
  const auto value = [&](const Vector& x) {
    Vector gradient(first.stride);
    return objective.value_gradient(x, gradient);
  };
  const auto expect = [&](const RowProblem& problem) {
    const auto expected = static_cast<double>(problem.value(to_long(problem.row)));
    CHECK(value(problem.row) == doctest::Approx(expected).epsilon(1e-5));
    CHECK(objective.value_at_origin() == doctest::Approx(expected).epsilon(1e-5));
  };
  objective.set(of_first.quadratic, first.row, first.lambda);
  expect(first);
  objective.set(of_second.gathered, second.row, second.lambda);
  expect(second);
  objective.set(of_first.gathered, first.row, first.lambda);
  expect(first);
  objective.set(of_second.quadratic, second.row, second.lambda);
  expect(second);
}

}  // namespace
}  // namespace odot
