// The gradient pass against a rating-by-rating evaluation in long double.
#include "kernels/masked_gradient.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "kernels/ranks.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kPin = 1.75;

// Both orientations' passes over one problem.
struct Passes {
  PassSums users;
  PassSums items;
  Vector gradient;
};

Passes run(const FactorizationProblem& problem, const Vector& theta) {
  const RatingMatrix matrix = problem.matrix();
  const FactorLayout& layout = problem.layout;
  const std::size_t v = layout.item_row(0);
  MaskedGradient by_user(matrix.by_user(), layout.stride());
  MaskedGradient by_item(matrix.by_item(), layout.stride());
  // Whatever was in the gradient before must not matter.
  Passes out{{}, {}, Vector(layout.size(), Real{123})};
  const Penalty user_penalty{problem.lambda, problem.per_rating, layout.user_pin()};
  const Penalty item_penalty{problem.lambda, problem.per_rating, layout.item_pin()};
  out.users = by_user(theta.data(), theta.data() + v, user_penalty, out.gradient.data());
  out.items = by_item(theta.data() + v, theta.data(), item_penalty, out.gradient.data() + v);
  // A second pass with the same object gives the same.
  const auto again = by_user(theta.data(), theta.data() + v, user_penalty, out.gradient.data());
  CHECK(again.squared_error == out.users.squared_error);
  CHECK(again.penalty == out.users.penalty);
  return out;
}

void check_against_naive(const FactorizationProblem& problem) {
  CAPTURE(describe(problem));
  const Vector theta = random_theta(problem.layout, kPin, 7);
  const NaiveEvaluation naive = naive_evaluate(problem, widen(theta));
  const Passes passes = run(problem, theta);
  CHECK(relative(passes.users.squared_error, naive.squared_error) <= tolerance(1e-13, 1e-5));
  CHECK(relative(passes.items.squared_error, naive.squared_error) <= tolerance(1e-13, 1e-5));
  CHECK(relative(passes.users.penalty, naive.user_penalty) <= tolerance(1e-13, 1e-5));
  CHECK(relative(passes.items.penalty, naive.item_penalty) <= tolerance(1e-13, 1e-5));
  CHECK(gradient_error(passes.gradient, naive) <= tolerance(1e-13, 1e-5));
}

TEST_CASE("value and gradient are right at every width, with every instruction set") {
  with_each_instruction_set([](const char* name) {
    CAPTURE(name);
    for (const int rank : tested_ranks()) {
      for (const bool biases : {false, true}) check_against_naive(small_problem(rank, biases, 0.3, 0.1));
    }
    check_against_naive(long_row_problem(10, true, 2, 0.1));
  });
}

TEST_CASE("ratings of more than 256 different values and of fewer") {
  for (const bool few : {false, true}) {
    CAPTURE(few);
    FactorizationProblem problem = long_row_problem(10, true, 0.3, 0.1);
    if (few) {
      for (Real& value : problem.ratings.value) value = std::round(value * 2) / 2;
    }
    REQUIRE((problem.matrix().stored_by_user().codes != nullptr) == few);
    with_each_instruction_set([&](const char* name) {
      CAPTURE(name);
      check_against_naive(problem);
    });
  }
}

TEST_CASE("value and gradient are right without penalty, with a uniform one and with one by count") {
  for (const int rank : {1, 3, 10, 33, 200}) {
    for (const bool biases : {false, true}) {
      check_against_naive(small_problem(rank, biases, 0));
      check_against_naive(small_problem(rank, biases, 2.5, false));
      check_against_naive(small_problem(rank, biases, 0.07, true));
    }
  }
}

TEST_CASE("a row with half of all ratings is added up from its pieces") {
  for (const int rank : {1, 10, 33, 200}) {
    for (const bool biases : {false, true}) {
      check_against_naive(long_row_problem(rank, biases, 2, false));
      check_against_naive(long_column_problem(rank, biases, 0.05, true));
    }
  }
}

TEST_CASE("rows without ratings have the penalty's gradient alone, and by count none") {
  for (const double per_rating : {0.0, 0.3}) {
    const FactorizationProblem problem = small_problem(5, true, 0.5, per_rating);
    const FactorLayout& layout = problem.layout;
    const Vector theta = random_theta(layout, kPin, 8);
    const Vector gradient = run(problem, theta).gradient;
    for (const auto& [row, pin] : {std::pair{layout.user_row(0), 6}, std::pair{layout.item_row(0), 5}}) {
      for (std::size_t k = 0; k < layout.stride(); ++k) {
        const bool free = k < layout.width() && static_cast<int>(k) != pin;
        CHECK(gradient[row + k] == (free ? theta[row + k] : Real{0}));  // 2 · 0.5 · θ
      }
    }
  }
}

TEST_CASE("pinned and padding columns have a gradient of exactly zero") {
  const FactorizationProblem problem = long_row_problem(3, true, 1.5, false);
  const FactorLayout& layout = problem.layout;
  const Vector gradient = run(problem, random_theta(layout, kPin, 9)).gradient;
  std::size_t wrong = 0;
  for (std::size_t row = 0; row < std::size_t{layout.users} + layout.items; ++row) {
    const int pin = row < layout.users ? 4 : 3;
    for (std::size_t k = 0; k < layout.stride(); ++k) {
      if (k >= 5 || static_cast<int>(k) == pin) wrong += gradient[row * layout.stride() + k] != Real{0};
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("the same bits on any number of threads") {
  for (const int rank : {3, 10, 80}) {
    for (const bool column : {false, true}) {
      const FactorizationProblem problem =
          column ? long_column_problem(rank, true, 0.3, true) : long_row_problem(rank, true, 0.3, true);
      const Vector theta = random_theta(problem.layout, kPin, 10);
      set_threads(1);
      const Passes one = run(problem, theta);
      for (const int count : {2, 3, 8}) {
        CAPTURE(count);
        set_threads(count);
        const Passes many = run(problem, theta);
        CHECK(many.gradient == one.gradient);
        CHECK(many.users.squared_error == one.users.squared_error);
        CHECK(many.users.penalty == one.users.penalty);
        CHECK(many.items.squared_error == one.items.squared_error);
        CHECK(many.items.penalty == one.items.penalty);
      }
      set_threads(0);
    }
  }
}

}  // namespace
}  // namespace odot
