// Regressions of rows on inputs, and what features do to rows, against dense ones in long double.
#include "train/posterior/input_regression.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/parallel.hpp"
#include "support/dense_ridge.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"
#include "train/posterior/feature_effects.hpp"

namespace odot {
namespace {

using namespace test;

constexpr std::size_t kStride = 8;
const std::vector<std::size_t> kFree{0, 1, 2, 4};  // of a row of five, the fourth pinned

// Rows of five elements with some ratings, and inputs of which many are 0.
struct Problem {
  Problem(Index rows, std::size_t width, std::uint64_t seed) {
    Uniform uniform(seed);
    Triples ratings;
    for (Index i = 0; i < rows; ++i) {
      const Index count = i % 7 == 3 ? 0 : 1 + i % 40;
      for (Index j = 0; j < count; ++j) {
        ratings.user.push_back(i);
        ratings.item.push_back(j);
        ratings.value.push_back(3);
      }
    }
    matrix = RatingMatrix(rows, 40, std::move(ratings));
    for (Index i = 3; i < rows; i += 7) inputs.unrated.push_back(i);
    inputs.width = width;
    inputs.means.resize(width);
    for (Real& mean : inputs.means) mean = static_cast<Real>(uniform(0, 1));
    for (std::size_t k = 0; k < rows * width; ++k) {
      const double value = uniform(-1, 1);
      inputs.rows.push_back(value < 0 ? Real{0} : static_cast<Real>(value));
    }
    means.resize(rows * kStride);
    variances.resize(rows * kStride);
    sums.resize(rows * kStride);
    prior_mean.resize(kStride);
    for (std::size_t i = 0; i < rows; ++i) {
      for (const std::size_t k : kFree) {
        means[i * kStride + k] = static_cast<Real>(uniform(-1, 1) + inputs.rows[i * width]);
        variances[i * kStride + k] = static_cast<Real>(uniform(0.1, 0.2));
        sums[i * kStride + k] = static_cast<Real>(uniform(-1, 1));
      }
      means[i * kStride + 3] = variances[i * kStride + 3] = 7;
    }
    for (const std::size_t k : kFree) prior_mean[k] = static_cast<Real>(uniform(-1, 1));
  }

  RatingSide side() const { return matrix.by_user(); }

  LongMatrix dense_inputs() const {
    LongMatrix out(side().rows(), LongVector(inputs.width));
    for (std::size_t i = 0; i < out.size(); ++i) {
      for (std::size_t f = 0; f < inputs.width; ++f) out[i][f] = inputs.rows[i * inputs.width + f];
    }
    return out;
  }
  LongVector weights(long double half) const {
    LongVector out;
    long double sum = 0;
    long double rated = 0;
    for (Index i = 0; i < side().rows(); ++i) {
      const auto count = static_cast<long double>(side().count(i));
      out.push_back(count > 0 ? count / (count + half) : 0);
      sum += out.back();
      rated += count > 0 ? 1 : 0;
    }
    for (long double& weight : out) weight *= rated / sum;
    return out;
  }
  FeatureBlock block(Vector& all) const {
    all.resize(feature_block_size(inputs.width, kStride));
    return feature_block_at(all, 0, inputs.width, kStride);
  }

  RatingMatrix matrix;
  RowInputs inputs;
  Vector means;
  Vector variances;
  Vector sums;
  Vector prior_mean;
};

double tolerance_here() { return sizeof(Real) == 8 ? 1e-11 : 3e-5; }

TEST_CASE("effects of features are the dense solution, and rows are moved by them") {
  for (const std::size_t width : {1, 4, 9}) {
    for (const bool with_partners : {false, true}) {
      CAPTURE(width);
      CAPTURE(with_partners);
      Problem problem(60, width, 4);
      Vector all;
      const FeatureBlock block = problem.block(all);
      FeatureEffects effects(problem.side(), problem.inputs, kFree, kStride, 30);
      effects.update(problem.means.data(), problem.prior_mean.data(), with_partners ? problem.sums.data() : nullptr,
                     block.effects);
      LongMatrix centred = problem.dense_inputs();
      LongMatrix left(centred.size(), LongVector(kFree.size()));
      for (std::size_t i = 0; i < left.size(); ++i) {
        for (std::size_t f = 0; f < width; ++f) centred[i][f] -= problem.inputs.means[f];
        for (std::size_t k = 0; k < kFree.size(); ++k) {
          const std::size_t at = i * kStride + kFree[k];
          left[i][k] = static_cast<long double>(problem.means[at]) - problem.prior_mean[kFree[k]] -
                       (with_partners ? problem.sums[at] : Real{0});
        }
      }
      const LongMatrix expected = dense_ridge(centred, problem.weights(0), left, 2);
      for (std::size_t f = 0; f < width; ++f) {
        for (std::size_t k = 0; k < kFree.size(); ++k) {
          CHECK(std::abs(block.effects[f * kStride + kFree[k]] - expected[f][k]) < tolerance_here());
        }
        CHECK(block.effects[f * kStride + 3] == 0);
      }
      for (std::size_t i = 0; i < left.size(); ++i) {
        for (std::size_t k = 0; k < kFree.size(); ++k) {
          long double move = 0;
          for (std::size_t f = 0; f < width; ++f) move += centred[i][f] * expected[f][k];
          CHECK(std::abs(effects.moves()[i * kStride + kFree[k]] - move) < 10 * tolerance_here());
        }
        CHECK(effects.moves()[i * kStride + 3] == 0);
      }
    }
  }
}

TEST_CASE("rows without ratings are where the regression expects them, as surely as it predicts what it leaves out") {
  for (const std::size_t width : {1, 4, 9}) {
    CAPTURE(width);
    Problem problem(60, width, 5);
    const Vector before = problem.means;
    const Vector variances = problem.variances;
    Vector all;
    const FeatureBlock block = problem.block(all);
    const FeatureEffects effects(problem.side(), problem.inputs, kFree, kStride, 30);
    effects.expect_unrated(problem.means.data(), problem.variances.data(), block);
    LongMatrix rows(60, LongVector(kFree.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t k = 0; k < kFree.size(); ++k) rows[i][k] = before[i * kStride + kFree[k]];
    }
    const LongVector weights = problem.weights(30);
    const RidgePrediction expected = ridge_predictions(problem.dense_inputs(), weights, rows, 3);
    for (std::size_t k = 0; k < kFree.size(); ++k) {
      long double of_rows = 0;
      long double total = 0;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        total += weights[i];
        of_rows += weights[i] * variances[i * kStride + kFree[k]];
      }
      const long double variance = expected.squares[k] + of_rows / total;
      CHECK(std::abs(block.unrated_variances[kFree[k]] / variance - 1) < 10 * tolerance_here());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t at = i * kStride + kFree[k];
        if (weights[i] > 0) {
          CHECK(problem.means[at] == before[at]);
          CHECK(problem.variances[at] == variances[at]);
          continue;
        }
        CHECK(std::abs(problem.means[at] - expected.rows[i][k]) < 10 * tolerance_here());
        CHECK(problem.variances[at] == block.unrated_variances[kFree[k]]);
      }
    }
    // The mean at ā and C say the same of a row with inputs.
    long double again = block.unrated_mean[0];
    for (std::size_t f = 0; f < width; ++f) {
      again += static_cast<long double>(block.unrated_effects[f * kStride]) *
               (problem.inputs.rows[3 * width + f] - problem.inputs.means[f]);
    }
    CHECK(std::abs(problem.means[3 * kStride] - again) < 10 * tolerance_here());
    CHECK(problem.means[3 * kStride + 3] == 7);
  }
}

TEST_CASE("a shift moves all rows that are expected, and what is known of the others is about where they are then") {
  Problem plain(60, 4, 5);
  Problem moved = plain;
  Vector of_plain;
  Vector of_moved;
  const FeatureBlock before = plain.block(of_plain);
  const FeatureBlock after = moved.block(of_moved);
  const FeatureEffects effects(plain.side(), plain.inputs, kFree, kStride, 30);
  const std::vector<double> shift{0.5, -0.25, 0, 1};
  Vector seen;
  effects.expect_unrated(plain.means.data(), plain.variances.data(), before);
  effects.expect_unrated(moved.means.data(), moved.variances.data(), after, [&](const Vector& expected) {
    seen = expected;
    return shift;
  });
  const RidgePrediction dense = [&] {
    LongMatrix rows(60, LongVector(kFree.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t k = 0; k < kFree.size(); ++k) rows[i][k] = plain.means[i * kStride + kFree[k]];
    }
    return ridge_predictions(plain.dense_inputs(), plain.weights(30), rows, 3);
  }();
  for (std::size_t k = 0; k < kFree.size(); ++k) {
    const std::size_t at = kFree[k];
    CHECK(std::abs(after.unrated_mean[at] - before.unrated_mean[at] - shift[k]) < tolerance_here());
    for (std::size_t i = 0; i < 60; ++i) {
      CHECK(std::abs(seen[i * kStride + at] - dense.rows[i][k]) < 10 * tolerance_here());
    }
    for (const Index i : plain.inputs.unrated) {
      CHECK(std::abs(moved.means[i * kStride + at] - plain.means[i * kStride + at] - shift[k]) < tolerance_here());
    }
    // Squares about a point that is δ from the other: δ² more, and twice δ times the mean miss.
    const double more = after.unrated_variances[at] - before.unrated_variances[at];
    CHECK(std::abs(more - shift[k] * shift[k]) < 0.2 * std::abs(shift[k]) + tolerance_here());
  }
}

TEST_CASE("one rated row, or none, is enough for numbers that are finite") {
  for (const bool none : {false, true}) {
    Problem problem(5, 3, 6);
    problem.matrix = RatingMatrix(5, 2, none ? Triples{} : Triples{{1}, {0}, {3}});
    Vector all;
    const FeatureBlock block = problem.block(all);
    FeatureEffects effects(problem.side(), problem.inputs, kFree, kStride, 30);
    effects.update(problem.means.data(), problem.prior_mean.data(), nullptr, block.effects);
    effects.expect_unrated(problem.means.data(), problem.variances.data(), block);
    CHECK(all_finite(all));
    CHECK(all_finite(problem.means));
    CHECK(all_finite(problem.variances));
  }
}

TEST_CASE("features' effects have the same bits on any number of threads") {
  Vector expected;
  Vector expected_rows;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    Problem problem(5000, 6, 7);
    Vector all;
    const FeatureBlock block = problem.block(all);
    FeatureEffects effects(problem.side(), problem.inputs, kFree, kStride, 30);
    effects.update(problem.means.data(), problem.prior_mean.data(), problem.sums.data(), block.effects);
    effects.expect_unrated(problem.means.data(), problem.variances.data(), block);
    if (count == 1) {
      expected = all;
      expected_rows = problem.means;
    }
    CHECK((all == expected));
    CHECK((problem.means == expected_rows));
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
