// Effects of partners that are drawn, against the dense posterior that their Markov chain is to have.
#include "train/posterior/sampled_effects.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/factorization_problem.hpp"
#include "support/posterior_problem.hpp"
#include "support/sample_means.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kPin = 1.25;
constexpr double kStrength = 0.8;  // τ
constexpr double kErrors = 6;      // standard errors

// Rows of one side and a prior, which effects are drawn given.
struct EffectsProblem {
  EffectsProblem(const FactorizationProblem& factors, bool by_user)
      : layout(factors.layout), matrix(factors.matrix()), users(by_user) {
    Uniform uniform(3);
    const std::size_t stride = layout.stride();
    const int pinned = users ? layout.user_pin() : layout.item_pin();
    for (std::size_t k = 0; k < layout.width(); ++k) {
      if (static_cast<int>(k) != pinned) free.push_back(k);
    }
    set_random_prior(uniform, free, stride, 0.4, precision, mean);
    rows.resize(side().rows() * stride);
    for (std::size_t i = 0; i < side().rows(); ++i) {
      for (const std::size_t k : free) rows[i * stride + k] = static_cast<Real>(uniform(-2, 2) + 1);
      if (pinned >= 0) rows[i * stride + static_cast<std::size_t>(pinned)] = static_cast<Real>(kPin);
    }
    effects.resize(partners().rows() * stride);
  }

  RatingSide side() const { return users ? matrix.by_user() : matrix.by_item(); }
  RatingSide partners() const { return users ? matrix.by_item() : matrix.by_user(); }
  SampledEffects start() const { return {side(), partners(), layout.stride()}; }

  double update(SampledEffects& by, int sweep, std::uint64_t seed = 1) {
    return by.update(rows.data(), {precision.data(), mean.data()}, free, kStrength,
                     {seed, users ? Drawn::user_effects : Drawn::item_effects, sweep}, effects.data());
  }

  Long lambda(std::size_t i, std::size_t k) const {
    return static_cast<Long>(precision[free[i] * layout.stride() + free[k]]);
  }
  Long effect(std::size_t j, std::size_t i) const { return static_cast<Long>(effects[j * layout.stride() + free[i]]); }

  LongMatrix dense() const { return dense_partners(side()); }

  // Σ yᵀΛy.
  double squares() const {
    Long sum = 0;
    for (std::size_t j = 0; j < partners().rows(); ++j) {
      for (std::size_t i = 0; i < free.size(); ++i) {
        for (std::size_t k = 0; k < free.size(); ++k) sum += effect(j, i) * lambda(i, k) * effect(j, k);
      }
    }
    return static_cast<double>(sum);
  }

  FactorLayout layout;
  RatingMatrix matrix;
  bool users;
  std::vector<std::size_t> free;
  Vector precision;
  Vector mean;
  Vector rows;
  Vector effects;
};

// The columns of all y as one vector, as they are in the posterior: of column k the mean is A⁻¹ Fᵀ(θ − μ)_k with
// A = FᵀF + τI, and the covariance of y_jk and y_lm is A⁻¹_jl Λ⁻¹_km.
struct DensePosterior {
  explicit DensePosterior(const EffectsProblem& problem) {
    const LongMatrix f = problem.dense();
    const std::size_t count = problem.partners().rows();
    const std::size_t n = problem.free.size();
    LongMatrix a(count, LongVector(count));
    LongMatrix targets(n, LongVector(count));
    LongMatrix lambda(n, LongVector(n));
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t l = 0; l < count; ++l) {
        a[j][l] = j == l ? kStrength : 0;
        for (const LongVector& line : f) a[j][l] += line[j] * line[l];
      }
    }
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t element = problem.free[k];
      for (std::size_t i = 0; i < f.size(); ++i) {
        const Long target = static_cast<Long>(problem.rows[i * problem.layout.stride() + element]) -
                            static_cast<Long>(problem.mean[element]);
        for (std::size_t j = 0; j < count; ++j) targets[k][j] += f[i][j] * target;
      }
      for (std::size_t l = 0; l < n; ++l) lambda[k][l] = problem.lambda(k, l);
      mean.push_back(dense_solve(a, targets[k]));
    }
    of_partners = inverse_of(a);
    of_elements = inverse_of(lambda);
  }

  LongMatrix mean;         // of element k of partner j
  LongMatrix of_partners;  // the covariance is a product
  LongMatrix of_elements;
};

// User 0 and item 0 without ratings.
FactorizationProblem tiny(int rank, bool biases) { return {{6, 7, rank, biases}, shaped_ratings(6, 7, 3, 5)}; }

TEST_CASE("the chain's means and covariances are those of the dense posterior, and the strength's is that given them") {
  set_threads(1);
  for (const bool biases : {false, true}) {
    for (const bool by_user : {true, false}) {
      CAPTURE(biases);
      CAPTURE(by_user);
      EffectsProblem problem(tiny(2, biases), by_user);
      const DensePosterior posterior(problem);
      const std::size_t n = problem.free.size();
      const std::size_t count = problem.partners().rows();
      std::vector<double> expected;
      for (std::size_t j = 0; j < count; ++j) {
        for (std::size_t k = 0; k < n; ++k) {
          expected.push_back(static_cast<double>(posterior.mean[k][j]));
          for (std::size_t l = 0; l < count; ++l) {
            for (std::size_t m = 0; m < n; ++m) {
              expected.push_back(static_cast<double>(posterior.of_partners[j][l] * posterior.of_elements[k][m]));
            }
          }
        }
      }
      const double shape = (1 + static_cast<double>(count * n)) / 2;
      expected.push_back(1);
      expected.push_back(1 / shape);
      SampledEffects effects = problem.start();
      SampleMeans means(expected.size(), 400);
      for (int sweep = 1; sweep <= 20000; ++sweep) {
        const double strength = problem.update(effects, sweep);
        std::vector<double> sample;
        const auto off = [&](std::size_t j, std::size_t k) { return problem.effect(j, k) - posterior.mean[k][j]; };
        for (std::size_t j = 0; j < count; ++j) {
          for (std::size_t k = 0; k < n; ++k) {
            sample.push_back(static_cast<double>(problem.effect(j, k)));
            for (std::size_t l = 0; l < count; ++l) {
              for (std::size_t m = 0; m < n; ++m) sample.push_back(static_cast<double>(off(j, k) * off(l, m)));
            }
          }
        }
        // What is drawn is Gamma((1 + JD)/2, (1 + Σ yᵀΛy)/2): times its rate over its shape, the mean is 1.
        const double scaled = strength * (1 + problem.squares()) / 2 / shape;
        sample.push_back(scaled);
        sample.push_back((scaled - 1) * (scaled - 1));
        if (sweep > 100) means.add(sample);
      }
      check_means(means, expected, kErrors, 1e-5);
    }
  }
  set_threads(0);
}

TEST_CASE("sums are those of the effects after every update, and where no rating is those of any row that has some") {
  for (const bool biases : {false, true}) {
    for (const bool by_user : {true, false}) {
      CAPTURE(biases);
      CAPTURE(by_user);
      EffectsProblem problem(small_problem(4, biases), by_user);
      const std::size_t stride = problem.layout.stride();
      const RatingSide side = problem.side();
      const LongMatrix f = problem.dense();
      SampledEffects effects = problem.start();
      Uniform uniform(8);
      std::vector<Index> unrated;
      for (Index i = 0; i < side.rows(); ++i) {
        if (side.count(i) == 0) unrated.push_back(i);
      }
      REQUIRE(unrated.size() >= 1);
      double worst = 0;
      std::set<Index> seen;
      for (int sweep = 1; sweep <= 200; ++sweep) {
        // Rows and the prior move as they do in training.
        for (Index i = 0; i < side.rows(); ++i) {
          for (const std::size_t k : problem.free) problem.rows[i * stride + k] += static_cast<Real>(uniform(-1, 1));
        }
        for (const std::size_t k : problem.free) {
          problem.mean[k] = static_cast<Real>(uniform(-1, 1));
          problem.precision[k * stride + k] += static_cast<Real>(uniform(0, 0.1));
        }
        problem.update(effects, sweep);
        const Vector& sums = effects.sums();
        for (Index i = 0; i < side.rows(); ++i) {
          if (side.count(i) == 0) continue;
          std::vector<Long> expected(stride);
          for (std::size_t j = 0; j < problem.partners().rows(); ++j) {
            for (std::size_t k = 0; k < problem.free.size(); ++k) {
              expected[problem.free[k]] += f[i][j] * problem.effect(j, k);
            }
          }
          for (std::size_t k = 0; k < stride; ++k) {
            const Long error = static_cast<Long>(sums[i * stride + k]) - expected[k];
            worst = std::max(worst, static_cast<double>(std::abs(error)));
          }
        }
        for (const Index i : unrated) {
          bool found = false;
          for (Index other = 0; other < side.rows() && !found; ++other) {
            if (side.count(other) == 0) continue;
            if (!std::equal(sums.begin() + i * stride, sums.begin() + (i + 1) * stride, sums.begin() + other * stride))
              continue;
            found = true;
            seen.insert(other);
          }
          CHECK(found);
        }
      }
      CHECK(worst <= tolerance(1e-11, 1e-3));
      CHECK(seen.size() > 20);
      // Neither pins nor padding have effects.
      for (std::size_t j = 0; j < problem.partners().rows(); ++j) {
        for (const std::size_t k : problem.free) problem.effects[j * stride + k] = 0;
      }
      CHECK((problem.effects == Vector(problem.effects.size())));
    }
  }
}

TEST_CASE("a partner without ratings has an effect as the prior has it, of more elements than are drawn at a time") {
  set_threads(1);
  EffectsProblem problem(tiny(2 * static_cast<int>(kLanes) + 1, true), true);
  REQUIRE(problem.partners().count(0) == 0);
  SampledEffects effects = problem.start();
  const std::size_t n = problem.free.size();
  REQUIRE(n > 2 * kLanes);
  // y has the mean 0, and its covariance with τΛy is I.
  std::vector<double> expected(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t l = 0; l < n; ++l) expected.push_back(k == l ? 1 : 0);
  }
  SampleMeans means(expected.size(), 1);
  for (int sweep = 1; sweep <= 4000; ++sweep) {
    problem.update(effects, sweep);
    std::vector<double> sample;
    for (std::size_t k = 0; k < n; ++k) sample.push_back(static_cast<double>(problem.effect(0, k)));
    for (std::size_t k = 0; k < n; ++k) {
      Long image = 0;
      for (std::size_t l = 0; l < n; ++l) image += kStrength * problem.lambda(k, l) * problem.effect(0, l);
      for (std::size_t l = 0; l < n; ++l) sample.push_back(static_cast<double>(image) * sample[l]);
    }
    means.add(sample);
  }
  check_means(means, expected, 5.5);
  set_threads(0);
}

TEST_CASE("effects that are drawn have the same bits on any number of threads, others with another key") {
  for (const bool by_user : {true, false}) {
    Vector one;
    Vector sums;
    double strength = 0;
    for (const int count : {1, 2, 3, 8}) {
      CAPTURE(count);
      set_threads(count);
      EffectsProblem problem(long_row_problem(9, true, 0, 0), by_user);
      SampledEffects effects = problem.start();
      problem.update(effects, 1);
      const double drawn = problem.update(effects, 2);
      if (count == 1) {
        one = problem.effects;
        sums = effects.sums();
        strength = drawn;
      }
      CHECK((problem.effects == one));
      CHECK((effects.sums() == sums));
      CHECK(drawn == strength);
    }
    set_threads(0);
    EffectsProblem problem(long_row_problem(9, true, 0, 0), by_user);
    SampledEffects effects = problem.start();
    problem.update(effects, 1);
    CHECK(problem.update(effects, 3) != strength);
    CHECK((problem.effects != one));
  }
}

}  // namespace
}  // namespace odot
