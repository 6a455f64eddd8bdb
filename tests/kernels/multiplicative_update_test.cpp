// The multiplicative update against a rating-by-rating evaluation in long double.
#include "kernels/multiplicative_update.hpp"

#include <doctest/doctest.h>

#include "kernels/ranks.hpp"
#include "odot/core/parallel.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

FactorizationProblem non_negative(FactorizationProblem problem) {
  for (Real& value : problem.ratings.value) value = std::abs(value);
  return problem;
}

Vector non_negative_theta(const FactorLayout& layout, std::uint64_t seed) {
  Vector theta = random_theta(layout, 1, seed);
  for (Real& value : theta) value = std::abs(value);
  return theta;
}

// Both orientations' updates of one θ.
struct Updates {
  PassSums users;
  PassSums items;
  Vector next;
};

Updates update(const FactorizationProblem& problem, const Vector& theta) {
  const RatingMatrix matrix = problem.matrix();
  const FactorLayout& layout = problem.layout;
  const std::size_t v = layout.item_row(0);
  MultiplicativeUpdate by_user(matrix.by_user(), layout.stride());
  MultiplicativeUpdate by_item(matrix.by_item(), layout.stride());
  const Penalty penalty{problem.lambda, problem.per_rating};
  Updates out{{}, {}, Vector(layout.size(), Real{123})};
  out.users = by_user(theta.data(), theta.data() + v, penalty, out.next.data());
  out.items = by_item(theta.data() + v, theta.data(), penalty, out.next.data() + v);
  return out;
}

// θ ∘ (W∘X)Vᵀ / ((W∘UV)Vᵀ + λθ), 0 where that is 0/0, for both factors from the same θ.
std::vector<Long> naive_update(const FactorizationProblem& problem, const std::vector<Long>& theta) {
  const FactorLayout& layout = problem.layout;
  std::vector<Long> numerator(layout.size());
  std::vector<Long> denominator(layout.size());
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    const std::size_t u = layout.user_row(problem.ratings.user[t]);
    const std::size_t v = layout.item_row(problem.ratings.item[t]);
    Long prediction = 0;
    for (std::size_t k = 0; k < layout.width(); ++k) prediction += theta[u + k] * theta[v + k];
    for (std::size_t k = 0; k < layout.width(); ++k) {
      numerator[u + k] += static_cast<Long>(problem.ratings.value[t]) * theta[v + k];
      numerator[v + k] += static_cast<Long>(problem.ratings.value[t]) * theta[u + k];
      denominator[u + k] += prediction * theta[v + k];
      denominator[v + k] += prediction * theta[u + k];
    }
  }
  const std::vector<Long> lambdas = row_lambdas(problem);
  std::vector<Long> next(layout.size());
  for (std::size_t k = 0; k < next.size(); ++k) {
    const Long below = denominator[k] + lambdas[k / layout.stride()] * theta[k];
    next[k] = below > 0 ? theta[k] * numerator[k] / below : 0;
  }
  return next;
}

double worst_relative(const Vector& found, const std::vector<Long>& expected) {
  double worst = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double error = relative(found[k], expected[k]);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

void check_against_naive(const FactorizationProblem& problem) {
  CAPTURE(describe(problem));
  Vector theta = non_negative_theta(problem.layout, 7);
  const NaiveEvaluation naive = naive_evaluate(problem, widen(theta));
  const Updates updates = update(problem, theta);
  CHECK(relative(updates.users.squared_error, naive.squared_error) <= tolerance(1e-13, 1e-5));
  CHECK(relative(updates.items.squared_error, naive.squared_error) <= tolerance(1e-13, 1e-5));
  CHECK(relative(updates.users.penalty, naive.user_penalty) <= tolerance(1e-13, 1e-5));
  CHECK(relative(updates.items.penalty, naive.item_penalty) <= tolerance(1e-13, 1e-5));
  CHECK(worst_relative(updates.next, naive_update(problem, widen(theta))) <= tolerance(1e-13, 1e-4));
}

TEST_CASE("right at every width, with every instruction set") {
  with_each_instruction_set([](const char* name) {
    CAPTURE(name);
    for (const int rank : tested_ranks()) check_against_naive(non_negative(small_problem(rank, false, 0.3, 0.1)));
  });
}

TEST_CASE("right without penalty, with a uniform one and with one by count") {
  for (const int rank : {1, 3, 10, 33}) {
    check_against_naive(non_negative(small_problem(rank, false, 0)));
    check_against_naive(non_negative(small_problem(rank, false, 2.5, false)));
    check_against_naive(non_negative(small_problem(rank, false, 0.07, true)));
  }
}

TEST_CASE("a row with half of all ratings is added up from its pieces") {
  for (const int rank : {1, 10, 33}) {
    check_against_naive(non_negative(long_row_problem(rank, false, 2, false)));
    check_against_naive(non_negative(long_column_problem(rank, false, 0.05, true)));
  }
}

TEST_CASE("zeros stay zero, rows without ratings become zero, nothing becomes negative, NaN or denormal") {
  for (const double lambda : {0.0, 0.4}) {
    FactorizationProblem problem = non_negative(small_problem(6, false, lambda));
    const FactorLayout& layout = problem.layout;
    for (std::size_t t = 0; t < problem.ratings.size(); t += 3) problem.ratings.value[t] = 0;
    Vector theta = non_negative_theta(layout, 8);
    for (std::size_t row = 0; row < std::size_t{layout.users} + layout.items; ++row) {
      theta[row * layout.stride() + row % 6] = 0;
      theta[row * layout.stride() + (row + 1) % 6] = static_cast<Real>(1e-29);
    }
    // A row of nothing but zeros.
    std::fill_n(theta.begin() + static_cast<std::ptrdiff_t>(layout.user_row(5)), layout.stride(), Real{0});
    const Vector next = update(problem, theta).next;
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < next.size(); ++k) {
      wrong += !(next[k] == 0 || (next[k] > Real(1e-30) && std::isfinite(next[k])));
      wrong += theta[k] == 0 && next[k] != 0;
    }
    CHECK(wrong == 0);
    for (std::size_t k = 0; k < layout.stride(); ++k) {
      CHECK(next[layout.user_row(0) + k] == 0);
      CHECK(next[layout.item_row(0) + k] == 0);
    }
  }
}

TEST_CASE("ratings that the factors give exactly leave them as they are") {
  FactorizationProblem problem = non_negative(small_problem(4, false, 0));
  const FactorLayout& layout = problem.layout;
  const Vector theta = non_negative_theta(layout, 9);
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    double prediction = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      prediction += static_cast<double>(theta[layout.user_row(problem.ratings.user[t]) + k]) *
                    static_cast<double>(theta[layout.item_row(problem.ratings.item[t]) + k]);
    }
    problem.ratings.value[t] = static_cast<Real>(prediction);
  }
  const Updates updates = update(problem, theta);
  CHECK(updates.users.squared_error <= tolerance(1e-25, 1e-9));
  for (std::size_t k = layout.user_row(1); k < layout.item_row(0); ++k) {
    CHECK(updates.next[k] == doctest::Approx(theta[k]).epsilon(1e-5));
  }
}

TEST_CASE("the same bits on any number of threads") {
  for (const int rank : {3, 10, 80}) {
    const FactorizationProblem problem = non_negative(long_row_problem(rank, false, 0.3, true));
    const Vector theta = non_negative_theta(problem.layout, 10);
    set_threads(1);
    const Updates one = update(problem, theta);
    for (const int count : {2, 5}) {
      CAPTURE(count);
      set_threads(count);
      const Updates many = update(problem, theta);
      CHECK(many.next == one.next);
      CHECK(many.users.squared_error == one.users.squared_error);
      CHECK(many.users.penalty == one.users.penalty);
      CHECK(many.items.squared_error == one.items.squared_error);
    }
    set_threads(0);
  }
}

}  // namespace
}  // namespace odot
