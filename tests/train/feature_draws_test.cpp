// Features' effects that are drawn, against the moments of their distribution in long double.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/parallel.hpp"
#include "support/dense_ridge.hpp"
#include "support/optim_problems.hpp"
#include "support/sample_means.hpp"
#include "train/posterior/feature_effects.hpp"

namespace odot {
namespace {

using namespace test;

constexpr std::size_t kStride = 8;
const std::vector<std::size_t> kFree{0, 1, 3};  // of a row of four, the third pinned
constexpr double kErrors = 5;

// Rows of four elements, of which some have ratings, with inputs, and a prior.
struct Problem {
  Problem(Index rows, std::size_t width) {
    Uniform uniform(7);
    Triples ratings;
    for (Index i = 0; i < rows; ++i) {
      if (i % 5 == 2) {
        inputs.unrated.push_back(i);
        continue;
      }
      ratings.user.push_back(i);
      ratings.item.push_back(0);
      ratings.value.push_back(3);
    }
    matrix = RatingMatrix(rows, 1, std::move(ratings));
    inputs.width = width;
    for (std::size_t f = 0; f < width; ++f) inputs.means.push_back(static_cast<Real>(uniform(0, 0.5)));
    for (std::size_t k = 0; k < rows * width; ++k) {
      const double value = uniform(-1, 1);
      inputs.rows.push_back(value < 0 ? Real{0} : static_cast<Real>(value));
    }
    for (Vector* all : {&values, &sums}) {
      all->resize(rows * kStride);
      for (Real& value : *all) value = static_cast<Real>(uniform(-1, 1));
    }
    mean.resize(kStride);
    precision.resize(kStride * kStride);
    for (const std::size_t i : kFree) {
      mean[i] = static_cast<Real>(uniform(-1, 1));
      for (const std::size_t k : kFree)
        precision[i * kStride + k] = static_cast<Real>(i == k ? 2 + 3 * static_cast<double>(i) : 0.75);
    }
  }

  ConstGaussianPrior prior() const { return {precision.data(), mean.data()}; }
  FeatureEffects effects() const { return {matrix.by_user(), inputs, kFree, kStride, 30}; }
  Vector draw(FeatureEffects& effects, bool moved, int sweep) const {
    Vector out(inputs.width * kStride);
    effects.draw(values.data(), prior(), moved ? sums.data() : nullptr, {4, Drawn::user_features, sweep}, out.data());
    return out;
  }

  RatingMatrix matrix;
  RowInputs inputs;
  Vector values;
  Vector sums;
  Vector mean;
  Vector precision;
};

TEST_CASE("effects that are drawn have the mean of the regression, and (AᵀA + τI)⁻¹ ⊗ Λ⁻¹ for a covariance") {
  for (const bool moved : {false, true}) {
    CAPTURE(moved);
    const std::size_t width = 3;
    const std::size_t n = kFree.size();
    const Problem problem(30, width);
    LongMatrix centred(30, LongVector(width));
    LongMatrix left(30, LongVector(n));
    LongVector weights(30);
    for (std::size_t i = 0; i < 30; ++i) {
      weights[i] = problem.matrix.by_user().count(static_cast<Index>(i)) > 0 ? 1 : 0;
      for (std::size_t f = 0; f < width; ++f) {
        centred[i][f] = static_cast<long double>(problem.inputs.rows[i * width + f]) - problem.inputs.means[f];
      }
      for (std::size_t k = 0; k < n; ++k) {
        const std::size_t at = i * kStride + kFree[k];
        left[i][k] = static_cast<long double>(problem.values[at]) - problem.mean[kFree[k]];
        if (moved) left[i][k] -= problem.sums[at];
      }
    }
    const LongMatrix expected = dense_ridge(centred, weights, left, 2);
    LongMatrix system(width, LongVector(width));
    LongMatrix precision(n, LongVector(n));
    for (std::size_t f = 0; f < width; ++f) {
      for (std::size_t g = 0; g < width; ++g) {
        system[f][g] = f == g ? 2 : 0;
        for (std::size_t i = 0; i < 30; ++i) system[f][g] += weights[i] * centred[i][f] * centred[i][g];
      }
    }
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t l = 0; l < n; ++l) precision[k][l] = problem.precision[kFree[k] * kStride + kFree[l]];
    }
    const LongMatrix of_inputs = inverse_of(system);
    const LongMatrix of_elements = inverse_of(precision);
    std::vector<double> moments;
    for (std::size_t x = 0; x < width * n; ++x) {
      moments.push_back(0);
      for (std::size_t y = 0; y <= x; ++y) {
        moments.push_back(static_cast<double>(of_inputs[x / n][y / n] * of_elements[x % n][y % n]));
      }
    }
    SampleMeans means(moments.size(), 1);
    FeatureEffects effects = problem.effects();
    for (int sweep = 0; sweep < 20000; ++sweep) {
      const Vector drawn = problem.draw(effects, moved, sweep);
      LongVector off(width * n);
      for (std::size_t x = 0; x < off.size(); ++x)
        off[x] = drawn[x / n * kStride + kFree[x % n]] - expected[x / n][x % n];
      std::vector<double> products;
      for (std::size_t x = 0; x < off.size(); ++x) {
        products.push_back(static_cast<double>(off[x]));
        for (std::size_t y = 0; y <= x; ++y) products.push_back(static_cast<double>(off[x] * off[y]));
      }
      means.add(products);
      REQUIRE(drawn[2] == 0);
      REQUIRE(drawn[4] == 0);
    }
    check_means(means, moments, kErrors, 1e-5);
    // Rows are moved by what was drawn last.
    const Vector last = problem.draw(effects, moved, 3);
    for (std::size_t i = 0; i < 30; ++i) {
      for (std::size_t k = 0; k < kStride; ++k) {
        long double move = 0;
        for (std::size_t f = 0; f < width; ++f) move += centred[i][f] * last[f * kStride + k];
        CHECK(std::abs(effects.moves()[i * kStride + k] - move) < 1e-5);
      }
    }
  }
}

TEST_CASE("what moves rows is added and taken") {
  const Problem problem(30, 3);
  FeatureEffects effects = problem.effects();
  problem.draw(effects, false, 1);
  const Real* added = effects.added_to(problem.sums);
  const Real* taken = effects.taken_from(problem.values.data());
  for (std::size_t k = 0; k < problem.sums.size(); ++k) {
    CHECK(added[k] == doctest::Approx(problem.sums[k] + effects.moves()[k]));
    CHECK(taken[k] == doctest::Approx(problem.values[k] - effects.moves()[k]));
  }
}

TEST_CASE("effects that are drawn have the same bits on any number of threads, and others in another sweep") {
  const Problem problem(6000, 20);
  Vector expected;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    FeatureEffects effects = problem.effects();
    const Vector drawn = problem.draw(effects, true, 5);
    if (count == 1) expected = drawn;
    CHECK((drawn == expected));
    const Vector other = problem.draw(effects, true, 6);
    for (std::size_t f = 0; f < 20; ++f) {
      for (const std::size_t k : kFree) CHECK(other[f * kStride + k] != expected[f * kStride + k]);
    }
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
