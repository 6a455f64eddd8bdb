// Value, gradient and quartic of the factorisation objective against naive evaluation and differences.
#include "objective/factorization_objective.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <type_traits>

#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

// Every kind of objective on one small set of ratings.
std::vector<FactorizationProblem> problems() {
  std::vector<FactorizationProblem> all;
  for (const bool biases : {false, true}) {
    for (const int rank : {1, 3, 10}) {
      all.push_back(small_problem(rank, biases));
      all.push_back(small_problem(rank, biases, 2));
      all.push_back(small_problem(rank, biases, 0.1, true));
      for (const double target : {0.0, 0.7}) {
        all.push_back(with_unobserved(small_problem(rank, biases, 0.1, 0.2), 0.3, target));
      }
    }
  }
  return all;
}

// A problem's objective together with the matrix that it refers to.
struct Fixture {
  explicit Fixture(const FactorizationProblem& problem)
      : matrix(problem.matrix()),
        objective(matrix, problem.layout, problem.lambda, problem.per_rating, unobserved_term(problem)) {}

  RatingMatrix matrix;
  FactorizationObjective objective;
};

std::vector<Long> along(const std::vector<Long>& x, Long alpha, const std::vector<Long>& d) {
  std::vector<Long> result = x;
  for (std::size_t k = 0; k < x.size(); ++k) result[k] += alpha * d[k];
  return result;
}

TEST_CASE("value and gradient are those of the formulas") {
  for (const FactorizationProblem& problem : problems()) {
    CAPTURE(describe(problem));
    Fixture f(problem);
    REQUIRE(f.objective.size() == problem.layout.size());
    const Vector theta = random_theta(problem.layout, 1.3, 1);
    Vector gradient(theta.size(), Real{99});
    const NaiveEvaluation naive = naive_evaluate(problem, widen(theta));
    CHECK(relative(f.objective.value_gradient(theta, gradient), naive.value()) <= tolerance(1e-13, 1e-6));
    CHECK(relative(f.objective.squared_error(), naive.squared_error) <= tolerance(1e-13, 1e-6));
    CHECK(gradient_error(gradient, naive) <= tolerance(1e-14, 1e-6));
  }
}

TEST_CASE("the gradient is that of central differences of the value") {
  if constexpr (std::is_same_v<Real, double>) {
    for (const FactorizationProblem& problem : problems()) {
      CAPTURE(describe(problem));
      const FactorLayout& layout = problem.layout;
      Fixture f(problem);
      Vector theta = random_theta(layout, 1.3, 2);
      Vector gradient(theta.size());
      f.objective.value_gradient(theta, gradient);
      Plain differences(theta.size(), 0.0);
      Vector unused(theta.size());
      const double h = 1e-5;
      for (std::size_t k = 0; k < theta.size(); ++k) {
        const std::size_t column = k % layout.stride();
        const int pin = k < layout.item_row(0) ? layout.user_pin() : layout.item_pin();
        if (column >= layout.width() || static_cast<int>(column) == pin) continue;
        const Real kept = theta[k];
        theta[k] = static_cast<Real>(kept + h);
        const double above = f.objective.value_gradient(theta, unused);
        theta[k] = static_cast<Real>(kept - h);
        const double below = f.objective.value_gradient(theta, unused);
        theta[k] = kept;
        differences[k] = (above - below) / (2 * h);
      }
      CHECK(relative_error(to_plain(gradient), differences) <= 1e-6);
    }
  }
}

TEST_CASE("gradients of pins and padding are exactly zero") {
  const FactorizationProblem problem = small_problem(3, true, 2);
  const FactorLayout& layout = problem.layout;
  Fixture f(problem);
  Vector gradient(layout.size(), Real{99});
  f.objective.value_gradient(random_theta(layout, 1.3, 3), gradient);
  for (Index user = 0; user < layout.users; ++user) {
    for (const std::size_t k : {4, 5, 6, 7}) CHECK(gradient[layout.user_row(user) + k] == Real{0});
  }
  for (Index item = 0; item < layout.items; ++item) {
    for (const std::size_t k : {3, 5, 6, 7}) CHECK(gradient[layout.item_row(item) + k] == Real{0});
  }
}

TEST_CASE("the quartic gives the change and the slope at every step") {
  for (const FactorizationProblem& problem : problems()) {
    CAPTURE(describe(problem));
    Fixture f(problem);
    const Vector theta = random_theta(problem.layout, 1.3, 4);
    Vector gradient(theta.size());
    f.objective.value_gradient(theta, gradient);
    Vector downhill(theta.size());
    scale(-1, gradient, downhill);
    for (const bool random : {false, true}) {
      CAPTURE(random);
      const Vector d = random ? random_theta(problem.layout, 0, 5) : downhill;
      const std::optional<LinePolynomial> line = f.objective.line(theta, d);
      REQUIRE(line);
      const std::vector<Long> x = widen(theta);
      const std::vector<Long> p = widen(d);
      const Long f0 = naive_evaluate(problem, x).value();
      for (const double step : {1e-7, 1e-5, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.7, 1.0, 2.0, 10.0, 1e3, 1e6}) {
        CAPTURE(step);
        const NaiveEvaluation there = naive_evaluate(problem, along(x, step, p));
        Long slope = 0;
        for (std::size_t k = 0; k < p.size(); ++k) slope += there.gradient[k] * p[k];
        const Long change = there.value() - f0;
        if constexpr (std::is_same_v<Real, double>) {
          CHECK(relative(line->change(step), change) <= 1e-9);
          CHECK(relative(line->slope(step), slope) <= 1e-9);
        } else {
          // In float, as good as the size of the terms allows.
          double change_size = 0;
          double slope_size = 0;
          for (int k = 0; k < 4; ++k) {
            const double c = std::abs(line->c[static_cast<std::size_t>(k)]);
            change_size += c * std::pow(step, k + 1);
            slope_size += c * (k + 1) * std::pow(step, k);
          }
          CHECK(std::abs(line->change(step) - static_cast<double>(change)) <= 1e-5 * change_size);
          CHECK(std::abs(line->slope(step) - static_cast<double>(slope)) <= 1e-5 * slope_size);
        }
      }
    }
  }
}

TEST_CASE("the quartic's slope at 0 is the gradient along the direction") {
  const FactorizationProblem problem = long_row_problem(10, true, 0.2, true);
  Fixture f(problem);
  const Vector theta = random_theta(problem.layout, 1.3, 6);
  Vector gradient(theta.size());
  f.objective.value_gradient(theta, gradient);
  const Vector d = random_theta(problem.layout, 0, 7);
  const std::optional<LinePolynomial> line = f.objective.line(theta, d);
  REQUIRE(line);
  CHECK(std::abs(line->slope(0) - dot(gradient, d)) <= tolerance(1e-13, 1e-5) * norm(gradient) * norm(d));
}

TEST_CASE("an evaluation is two passes over the ratings, a line one") {
  const FactorizationProblem problem = small_problem(2, false, 1);
  Fixture f(problem);
  const Vector theta = random_theta(problem.layout, 1, 8);
  Vector gradient(theta.size());
  CHECK(f.objective.passes() == 0);
  f.objective.value_gradient(theta, gradient);
  CHECK(f.objective.passes() == 2);
  f.objective.line(theta, gradient);
  CHECK(f.objective.passes() == 3);
  f.objective.value_gradient(theta, gradient);
  CHECK(f.objective.passes() == 5);
}

}  // namespace
}  // namespace odot
