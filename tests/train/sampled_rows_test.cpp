// Rows and weights that are drawn, against the moments of their distributions by dense systems in long double.
#include "train/posterior/sampled_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/factorization_problem.hpp"
#include "support/posterior_problem.hpp"
#include "support/sample_means.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kPin = 1.25;
constexpr double kFreedom = 7;
constexpr double kNoise = 0.6;   // α
constexpr double kErrors = 5.5;  // standard errors

// A row's N(mean, covariance) over its free elements, and L with precision L Lᵀ.
struct DenseRow {
  LongVector mean;
  LongMatrix covariance;
  LongMatrix root;
  LongVector conditional;  // 1 / diag of the precision
};

// One side of a problem with all that its rows are drawn from.
struct SampleProblem {
  SampleProblem(const FactorizationProblem& factors, bool by_user, bool moved)
      : layout(factors.layout), matrix(factors.matrix()), users(by_user) {
    Uniform uniform(11 + static_cast<std::uint64_t>(layout.rank));
    const std::size_t stride = layout.stride();
    const Vector theta = random_theta(layout, kPin, 8);
    const auto rows_of = [&](bool of_users) {
      const auto first = theta.begin() + static_cast<std::ptrdiff_t>(of_users ? 0 : layout.item_row(0));
      return Vector(first, first + static_cast<std::ptrdiff_t>((of_users ? layout.users : layout.items) * stride));
    };
    rows = rows_of(by_user);
    columns = rows_of(!by_user);
    pinned = by_user ? layout.user_pin() : layout.item_pin();
    for (std::size_t k = 0; k < layout.width(); ++k) {
      if (static_cast<int>(k) != pinned) free.push_back(k);
    }
    for (std::size_t j = 0; j < columns.size() / stride; ++j)
      column_roots.push_back(static_cast<Real>(uniform(0.4, 1.8)));
    for (std::size_t i = 0; i < rows.size() / stride; ++i) weights.push_back(static_cast<Real>(uniform(0.3, 2.5)));
    set_random_prior(uniform, free, stride, 1, precision, mean);
    if (!moved) return;
    offsets.resize(rows.size());
    for (Real& element : offsets) element = static_cast<Real>(uniform(-1, 1));
  }

  RatingSide side() const { return users ? matrix.by_user() : matrix.by_item(); }
  SampledRows start() const { return {side(), layout, pinned}; }

  Long weight_of(Offset t) const {
    const auto root = static_cast<Long>(column_roots[side().indices[t]]);
    return root * root;
  }
  Long column(Offset t, std::size_t k) const {
    return static_cast<Long>(columns[side().indices[t] * layout.stride() + k]);
  }

  DenseRow dense(Index row) const {
    const RatingSide ratings = side();
    const std::size_t stride = layout.stride();
    const std::size_t n = free.size();
    LongMatrix p(n, LongVector(n));
    LongVector b(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) {
        p[i][k] = static_cast<Long>(precision[free[i] * stride + free[k]]);
        const Long moved = offsets.empty() ? 0 : static_cast<Long>(offsets[row * stride + free[k]]);
        b[i] += p[i][k] * (static_cast<Long>(mean[free[k]]) + moved);
      }
    }
    for (Offset t = ratings.offsets[row]; t < ratings.offsets[row + 1]; ++t) {
      const Long precise = static_cast<Long>(kNoise) * static_cast<Long>(weights[row]) * weight_of(t);
      Long x = static_cast<Long>(ratings.values[t]);
      if (pinned >= 0) x -= static_cast<Long>(static_cast<Real>(kPin)) * column(t, static_cast<std::size_t>(pinned));
      for (std::size_t i = 0; i < n; ++i) {
        b[i] += precise * x * column(t, free[i]);
        for (std::size_t k = 0; k < n; ++k) p[i][k] += precise * column(t, free[i]) * column(t, free[k]);
      }
    }
    DenseRow out{dense_solve(p, b), {}, cholesky(p), {}};
    for (std::size_t i = 0; i < n; ++i) {
      out.conditional.push_back(1 / p[i][i]);
      LongVector unit(n);
      unit[i] = 1;
      out.covariance.push_back(dense_solve(p, unit));
    }
    return out;
  }

  // Σ γ e² of a row, rating by rating.
  Long squares(Index row, const Vector& drawn) const {
    const RatingSide ratings = side();
    Long sum = 0;
    for (Offset t = ratings.offsets[row]; t < ratings.offsets[row + 1]; ++t) {
      Long error = static_cast<Long>(ratings.values[t]);
      for (std::size_t k = 0; k < layout.width(); ++k) {
        error -= static_cast<Long>(drawn[row * layout.stride() + k]) * column(t, k);
      }
      sum += weight_of(t) * error * error;
    }
    return sum;
  }

  struct Drawing {
    Vector rows;
    Vector means;
    Vector variances;
    Vector weights;
    double sum = 0;
  };

  Drawing update(SampledRows& by, int sweep, const Vector& from, std::uint64_t seed = 1) const {
    Drawing out{from, Vector(from.size()), Vector(from.size()), weights, 0};
    const SampleTask task{columns.data(),
                          column_roots.data(),
                          {precision.data(), mean.data()},
                          offsets.empty() ? nullptr : offsets.data(),
                          kNoise,
                          kFreedom,
                          seed,
                          users ? Drawn::user_rows : Drawn::item_rows,
                          sweep};
    out.sum = by.update(task, out.rows.data(), out.means.data(), out.variances.data(), out.weights.data());
    return out;
  }

  FactorLayout layout;
  RatingMatrix matrix;
  bool users;
  int pinned = -1;
  std::vector<std::size_t> free;
  Vector rows;
  Vector columns;
  Vector column_roots;
  Vector weights;  // that rows are drawn with
  Vector precision;
  Vector mean;
  Vector offsets;
};

// Of one row: z = Lᵀ(u − m), z zᵀ above the diagonal and on it, and with t = ω (ν + α Σ γ e²)/(ν + n), whose mean is 1
// and variance 2/(ν + n), t, (t − 1)², t z_1 and t z_1².
std::vector<double> quantities(const SampleProblem& problem, const DenseRow& dense, Index row,
                               const SampleProblem::Drawing& drawing) {
  const std::size_t n = problem.free.size();
  const std::size_t stride = problem.layout.stride();
  std::vector<double> z;
  for (std::size_t k = 0; k < n; ++k) {
    Long sum = 0;
    for (std::size_t i = k; i < n; ++i) {
      sum += dense.root[i][k] * (static_cast<Long>(drawing.rows[row * stride + problem.free[i]]) - dense.mean[i]);
    }
    z.push_back(static_cast<double>(sum));
  }
  std::vector<double> out = z;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k <= i; ++k) out.push_back(z[i] * z[k]);
  }
  const auto count = static_cast<double>(problem.side().count(row));
  const double t = static_cast<double>(drawing.weights[row]) *
                   (kFreedom + kNoise * static_cast<double>(problem.squares(row, drawing.rows))) / (kFreedom + count);
  out.insert(out.end(), {t, (t - 1) * (t - 1), t * z[0], t * z[0] * z[0]});
  return out;
}

std::vector<double> expected_quantities(const SampleProblem& problem, Index row) {
  const std::size_t n = problem.free.size();
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k <= i; ++k) out.push_back(i == k ? 1 : 0);
  }
  out.insert(out.end(), {1, 2 / (kFreedom + static_cast<double>(problem.side().count(row))), 0, 1});
  return out;
}

// Draws the chosen rows over many sweeps, each from where the last one left them.
void check_draws(const SampleProblem& problem, const std::vector<Index>& chosen, int sweeps) {
  const std::size_t stride = problem.layout.stride();
  const std::size_t n = problem.free.size();
  SampledRows rows = problem.start();
  CHECK(rows.free() == problem.free);
  std::vector<DenseRow> dense;
  std::vector<SampleMeans> means;
  for (const Index row : chosen) {
    dense.push_back(problem.dense(row));
    means.emplace_back(expected_quantities(problem, row).size(), 1);
  }
  Vector at = problem.rows;
  double worst_mean = 0;
  double worst_sum = 0;
  // With the weights that they were drawn with, which are the same in all sweeps.
  const Vector variances = problem.update(rows, 0, problem.rows).variances;
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto found = static_cast<Long>(variances[chosen[c] * stride + problem.free[i]]);
      CHECK(relative(found, dense[c].conditional[i]) <= tolerance(1e-12, 1e-4));
    }
  }
  for (int sweep = 1; sweep <= sweeps; ++sweep) {
    const SampleProblem::Drawing drawing = problem.update(rows, sweep, at);
    at = drawing.rows;
    for (std::size_t c = 0; c < chosen.size(); ++c) {
      means[c].add(quantities(problem, dense[c], chosen[c], drawing));
      for (std::size_t i = 0; i < n; ++i) {
        const auto found = static_cast<Long>(drawing.means[chosen[c] * stride + problem.free[i]]);
        worst_mean = std::max(worst_mean, static_cast<double>(std::abs(found - dense[c].mean[i])));
      }
    }
    if (sweep > 100) continue;
    Long sum = 0;
    for (Index row = 0; row < problem.side().rows(); ++row) {
      sum += static_cast<Long>(drawing.weights[row]) * problem.squares(row, drawing.rows);
    }
    worst_sum = std::max(worst_sum, relative(static_cast<Long>(drawing.sum), sum));
  }
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    CAPTURE(chosen[c]);
    check_means(means[c], expected_quantities(problem, chosen[c]), kErrors, tolerance(1e-9, 1e-3));
  }
  CHECK(worst_mean <= tolerance(1e-11, 2e-4));
  CHECK(worst_sum <= tolerance(1e-11, 1e-4));
  // Pins and padding stay.
  Vector elsewhere = at;
  for (Index row = 0; row < problem.side().rows(); ++row) {
    for (const std::size_t k : problem.free) elsewhere[row * stride + k] = problem.rows[row * stride + k];
  }
  CHECK((elsewhere == problem.rows));
}

TEST_CASE("rows and their weights have the moments of their distributions") {
  set_threads(1);
  for (const int rank : {1, 3}) {
    for (const bool biases : {false, true}) {
      for (const bool by_user : {true, false}) {
        for (const bool moved : {false, true}) {
          CAPTURE(rank);
          CAPTURE(biases);
          CAPTURE(by_user);
          CAPTURE(moved);
          const FactorizationProblem factors{{8, 11, rank, biases}, shaped_ratings(8, 11, 3, 5)};
          const SampleProblem problem(factors, by_user, moved);
          // One without ratings, one with a single one, one with many.
          REQUIRE(problem.side().count(0) == 0);
          REQUIRE(problem.side().count(1) == 1);
          check_draws(problem, {0, 1, 2, 5}, 4000);
        }
      }
    }
  }
  set_threads(0);
}

TEST_CASE("a row of thousands of ratings, which is drawn from its pieces") {
  set_threads(1);
  for (const bool by_user : {true, false}) {
    CAPTURE(by_user);
    Triples ratings = shaped_ratings(5, 9003, 30, 2);
    FactorizationProblem factors{{5, 9003, 2, true}, ratings};
    if (!by_user) factors = {{9003, 5, 2, true}, transposed(ratings)};
    const SampleProblem problem(factors, by_user, by_user);
    REQUIRE(problem.side().count(2) > 9000);
    check_draws(problem, {0, 2, 4}, 400);
  }
  set_threads(0);
}

TEST_CASE("what is drawn depends on the seed and the sweep, and not on where rows were") {
  const SampleProblem problem(small_problem(4, true), true, true);
  SampledRows rows = problem.start();
  const SampleProblem::Drawing one = problem.update(rows, 5, problem.rows);
  const SampleProblem::Drawing again = problem.update(rows, 5, problem.rows);
  CHECK((again.rows == one.rows));
  CHECK((again.weights == one.weights));
  const SampleProblem::Drawing elsewhere = problem.update(rows, 5, problem.update(rows, 6, problem.rows).rows);
  double worst = 0;
  for (std::size_t k = 0; k < one.rows.size(); ++k) {
    worst = std::max(worst, std::abs(static_cast<double>(elsewhere.rows[k] - one.rows[k])));
  }
  CHECK(worst <= tolerance(1e-11, 1e-3));
  const std::size_t stride = problem.layout.stride();
  for (const SampleProblem::Drawing& other :
       {problem.update(rows, 6, problem.rows), problem.update(rows, 5, problem.rows, 2)}) {
    for (Index row = 0; row < problem.side().rows(); ++row) {
      for (const std::size_t k : problem.free) CHECK(other.rows[row * stride + k] != one.rows[row * stride + k]);
      CHECK(other.weights[row] != one.weights[row]);
    }
    CHECK(other.sum != one.sum);
  }
}

TEST_CASE("rows that are drawn have the same bits on any number of threads") {
  const SampleProblem problem(long_row_problem(5, true, 0, 0), true, true);
  SampleProblem::Drawing one;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    SampledRows rows = problem.start();
    const SampleProblem::Drawing many = problem.update(rows, 3, problem.rows);
    if (count == 1) one = many;
    CHECK((many.rows == one.rows));
    CHECK((many.means == one.means));
    CHECK((many.variances == one.variances));
    CHECK((many.weights == one.weights));
    CHECK(many.sum == one.sum);
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
