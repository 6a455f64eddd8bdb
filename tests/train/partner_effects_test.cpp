// Effects of a row's partners against the dense solution of their equations in long double.
#include "train/posterior/partner_effects.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <tuple>

#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/factorization_problem.hpp"
#include "support/posterior_problem.hpp"

namespace odot {
namespace {

using namespace test;

constexpr Long kStrength = 2;  // τ

// Rows of one side, each of which a few partners are to explain.
struct EffectsProblem {
  EffectsProblem(const FactorizationProblem& factors, bool by_user)
      : layout(factors.layout), matrix(factors.matrix()), users(by_user) {
    Uniform uniform(3);
    rows.resize(side().rows() * layout.stride());
    mean.resize(layout.stride());
    for (std::size_t k = 0; k < layout.width(); ++k) mean[k] = static_cast<Real>(uniform(-1, 1));
    for (std::size_t i = 0; i < side().rows(); ++i) {
      for (std::size_t k = 0; k < layout.width(); ++k) {
        rows[i * layout.stride() + k] = static_cast<Real>(uniform(-1, 1) + 0.5);
      }
    }
    effects.resize(partners().rows() * layout.stride());
  }

  RatingSide side() const { return users ? matrix.by_user() : matrix.by_item(); }
  RatingSide partners() const { return users ? matrix.by_item() : matrix.by_user(); }
  PartnerEffects start() const { return {side(), partners(), layout.stride()}; }

  LongMatrix dense() const { return dense_partners(side()); }

  // Column k of F Y.
  LongVector product(const LongMatrix& f, const LongVector& y) const {
    LongVector out(f.size());
    for (std::size_t i = 0; i < f.size(); ++i) {
      for (std::size_t j = 0; j < y.size(); ++j) out[i] += f[i][j] * y[j];
    }
    return out;
  }

  Long target(std::size_t i, std::size_t k) const {
    return static_cast<Long>(rows[i * layout.stride() + k]) - static_cast<Long>(mean[k]);
  }

  LongVector solution(const LongMatrix& f, std::size_t k) const {
    const std::size_t n = partners().rows();
    LongMatrix a(n, LongVector(n));
    LongVector b(n);
    for (std::size_t i = 0; i < f.size(); ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (f[i][j] == 0) continue;
        b[j] += f[i][j] * target(i, k);
        for (std::size_t l = 0; l < n; ++l) a[j][l] += f[i][j] * f[i][l];
      }
    }
    for (std::size_t j = 0; j < n; ++j) a[j][j] += kStrength;
    return dense_solve(a, b);
  }

  LongVector column(const Vector& all, std::size_t k) const {
    LongVector out;
    for (std::size_t at = k; at < all.size(); at += layout.stride()) out.push_back(static_cast<Long>(all[at]));
    return out;
  }

  // ½‖θ − μ − F y‖² + τ/2 ‖y‖² of a column, over the rows that have ratings: the others' part is constant.
  Long value(const LongMatrix& f, std::size_t k, const LongVector& y) const {
    const LongVector sums = product(f, y);
    Long twice = 0;
    for (std::size_t i = 0; i < f.size(); ++i) twice += (target(i, k) - sums[i]) * (target(i, k) - sums[i]);
    for (const Long element : y) twice += kStrength * element * element;
    return twice / 2;
  }

  void improve(PartnerEffects& by, int steps) {
    by.improve(rows.data(), mean.data(), effects.data(), steps, workspace);
  }

  FactorLayout layout;
  RatingMatrix matrix;
  bool users;
  Vector rows;
  Vector mean;
  Vector effects;
  EffectsWorkspace workspace;
};

double largest_error(const LongVector& found, const LongVector& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto error = static_cast<double>(std::abs(found[i] - expected[i]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

// g as it is to be: F Y, and for rows without ratings the mean of the others'.
void check_sums(const EffectsProblem& problem, const LongMatrix& f, PartnerEffects& effects) {
  const RatingSide side = problem.side();
  for (std::size_t k = 0; k < problem.layout.width(); ++k) {
    LongVector expected = problem.product(f, problem.column(problem.effects, k));
    Long sum = 0;
    Long rated = 0;
    for (Index i = 0; i < side.rows(); ++i) {
      if (side.count(i) == 0) continue;
      sum += expected[i];
      ++rated;
    }
    REQUIRE(rated < side.rows());
    for (Index i = 0; i < side.rows(); ++i) {
      if (side.count(i) == 0) expected[i] = sum / rated;
    }
    CHECK(largest_error(problem.column(effects.sums(), k), expected) <= tolerance(1e-13, 1e-5));
  }
}

TEST_CASE("many steps come to the dense solution, at once and a few at a time") {
  // Of 21 factors there are 24 columns, which are one stretch and a half.
  for (const auto& [by_user, warm, rank] : {std::tuple{true, false, 5},
                                            {true, true, 5},
                                            {false, false, 5},
                                            {false, true, 5},
                                            {true, true, 21},
                                            {false, false, 21}}) {
    CAPTURE(by_user);
    CAPTURE(warm);
    CAPTURE(rank);
    EffectsProblem problem(small_problem(rank, true), by_user);
    const LongMatrix f = problem.dense();
    PartnerEffects effects = problem.start();
    for (int call = 0; call < (warm ? 30 : 1); ++call) problem.improve(effects, warm ? 5 : 60);
    for (std::size_t k = 0; k < problem.layout.width(); ++k) {
      const LongVector expected = problem.solution(f, k);
      CHECK(largest_error(problem.column(problem.effects, k), expected) <= tolerance(1e-12, 2e-5));
      CHECK(largest_error(expected, LongVector(expected.size())) > 0.1);
    }
    check_sums(problem, f, effects);
    // Padding stays.
    for (std::size_t at = 0; at < problem.effects.size(); ++at) {
      if (at % problem.layout.stride() >= problem.layout.width()) CHECK(problem.effects[at] == 0);
    }
  }
}

TEST_CASE("every step lowers what is minimised, in every column") {
  for (const bool by_user : {true, false}) {
    CAPTURE(by_user);
    EffectsProblem problem(small_problem(5, false), by_user);
    const LongMatrix f = problem.dense();
    PartnerEffects effects = problem.start();
    const auto values = [&] {
      LongVector out;
      for (std::size_t k = 0; k < problem.layout.width(); ++k) {
        out.push_back(problem.value(f, k, problem.column(problem.effects, k)));
      }
      return out;
    };
    LongVector least;
    for (std::size_t k = 0; k < problem.layout.width(); ++k) {
      least.push_back(problem.value(f, k, problem.solution(f, k)));
    }
    for (int step = 0; step < 4; ++step) {
      CAPTURE(step);
      const LongVector before = values();
      problem.improve(effects, 1);
      const LongVector after = values();
      for (std::size_t k = 0; k < before.size(); ++k) {
        CHECK(after[k] < before[k]);
        // A step of steepest descent with this preconditioner takes more than a fifth of what there is to gain.
        CHECK(after[k] - least[k] <= 0.8 * (before[k] - least[k]) + 1e-6 * least[k]);
      }
      check_sums(problem, f, effects);
    }
  }
}

TEST_CASE("two steps at once go further than two that know nothing of each other") {
  EffectsProblem together(small_problem(5, false), true);
  EffectsProblem apart(small_problem(5, false), true);
  const LongMatrix f = together.dense();
  PartnerEffects one = together.start();
  PartnerEffects other = apart.start();
  together.improve(one, 2);
  apart.improve(other, 1);
  apart.improve(other, 1);
  for (std::size_t k = 0; k < together.layout.width(); ++k) {
    CHECK(together.value(f, k, together.column(together.effects, k)) <
          apart.value(f, k, apart.column(apart.effects, k)));
  }
}

TEST_CASE("rows that are as their mean says have no effects") {
  EffectsProblem problem(small_problem(5, false), true);
  for (std::size_t at = 0; at < problem.rows.size(); ++at)
    problem.rows[at] = problem.mean[at % problem.layout.stride()];
  PartnerEffects effects = problem.start();
  problem.improve(effects, 3);
  CHECK((problem.effects == Vector(problem.effects.size())));
  CHECK((effects.sums() == Vector(effects.sums().size())));
}

TEST_CASE("effects have the same bits on any number of threads") {
  for (const bool by_user : {true, false}) {
    Vector expected;
    Vector expected_sums;
    for (const int count : {1, 2, 3, 8}) {
      CAPTURE(count);
      set_threads(count);
      EffectsProblem problem(long_row_problem(5, true, 0, 0), by_user);
      PartnerEffects effects = problem.start();
      problem.improve(effects, 2);
      problem.improve(effects, 2);
      if (count == 1) {
        expected = problem.effects;
        expected_sums = effects.sums();
      }
      CHECK((problem.effects == expected));
      CHECK((effects.sums() == expected_sums));
    }
    set_threads(0);
  }
}

}  // namespace
}  // namespace odot
