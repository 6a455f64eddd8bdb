// Distributions of rows against dense normal equations in long double, and one row in closed form.
#include "train/posterior/posterior_rows.hpp"

#include <doctest/doctest.h>

#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kPin = 1.75;

// What a row becomes.
struct DenseRow {
  LongVector mean;      // of the free elements
  LongVector variance;  // likewise
  Long expected = 0;    // Σ E e² over its ratings
  Long squared = 0;     // Σ e²
};

// One side of a problem with all that its rows are inferred from.
struct PosteriorProblem {
  PosteriorProblem(const FactorizationProblem& factors, bool by_user, bool moved, double alpha)
      : layout(factors.layout), matrix(factors.matrix()), users(by_user), noise(alpha) {
    Uniform uniform(7 + static_cast<std::uint64_t>(layout.rank));
    const std::size_t stride = layout.stride();
    const Vector theta = random_theta(layout, kPin, 8);
    const Vector second = random_theta(layout, kPin, 9);
    const auto begin = [&](bool of_users) { return of_users ? 0 : layout.item_row(0); };
    const auto rows_of = [&](const Vector& all, bool of_users) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin(of_users));
      return Vector(first, first + static_cast<std::ptrdiff_t>((of_users ? layout.users : layout.items) * stride));
    };
    rows = rows_of(theta, by_user);
    other_rows = rows_of(second, by_user);
    columns = rows_of(theta, !by_user);
    pinned = by_user ? layout.user_pin() : layout.item_pin();
    const int other_pin = by_user ? layout.item_pin() : layout.user_pin();
    column_variances.resize(columns.size());
    for (std::size_t at = 0; at < columns.size(); ++at) {
      const std::size_t k = at % stride;
      if (k < layout.width() && static_cast<int>(k) != other_pin) {
        column_variances[at] = static_cast<Real>(uniform(0.01, 0.8));
      }
    }
    for (std::size_t k = 0; k < layout.width(); ++k) {
      if (static_cast<int>(k) != pinned) free.push_back(k);
    }
    precision.resize(stride * stride);
    mean.resize(stride);
    std::vector<double> root(stride * stride);
    for (double& element : root) element = uniform(-1, 1);
    for (const std::size_t i : free) {
      mean[i] = static_cast<Real>(uniform(-1, 1));
      for (const std::size_t k : free) {
        double sum = i == k ? 1 : 0;
        for (std::size_t l = 0; l < stride; ++l)
          sum += root[std::min(i, k) * stride + l] * root[std::max(i, k) * stride + l];
        precision[i * stride + k] = static_cast<Real>(sum);
      }
    }
    if (!moved) return;
    offsets.resize(rows.size());
    for (Real& element : offsets) element = static_cast<Real>(uniform(-1, 1));
  }

  RatingSide side() const { return users ? matrix.by_user() : matrix.by_item(); }

  Long lambda(std::size_t i, std::size_t k) const {
    return static_cast<Long>(precision[free[i] * layout.stride() + free[k]]);
  }

  // P, (Λ(μ + g) + α Σ (x − pinned part) c) over the free elements, and what they give.
  DenseRow dense(Index row) const {
    const RatingSide ratings = side();
    const std::size_t stride = layout.stride();
    const std::size_t n = free.size();
    LongMatrix p(n, LongVector(n));
    LongVector b(n);
    LongVector u(layout.width());
    const auto pin = static_cast<std::size_t>(std::max(pinned, 0));
    if (pinned >= 0) u[pin] = static_cast<Long>(rows[row * stride + pin]);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) {
        p[i][k] = lambda(i, k);
        const Long moved = offsets.empty() ? 0 : static_cast<Long>(offsets[row * stride + free[k]]);
        b[i] += p[i][k] * (static_cast<Long>(mean[free[k]]) + moved);
      }
    }
    const auto of = [&](const Vector& all, Offset t, std::size_t k) {
      return static_cast<Long>(all[ratings.indices[t] * stride + k]);
    };
    const Offset begin = ratings.offsets[row];
    const Offset end = ratings.offsets[row + 1];
    for (Offset t = begin; t < end; ++t) {
      const Long x = static_cast<Long>(ratings.values[t]) - (pinned >= 0 ? u[pin] * of(columns, t, pin) : 0);
      for (std::size_t i = 0; i < n; ++i) {
        b[i] += noise * x * of(columns, t, free[i]);
        p[i][i] += noise * of(column_variances, t, free[i]);
        for (std::size_t k = 0; k < n; ++k) p[i][k] += noise * of(columns, t, free[i]) * of(columns, t, free[k]);
      }
    }
    DenseRow out;
    out.mean = dense_solve(p, b);
    LongVector v(layout.width());
    for (std::size_t i = 0; i < n; ++i) {
      out.variance.push_back(1 / p[i][i]);
      u[free[i]] = out.mean[i];
      v[free[i]] = out.variance[i];
    }
    for (Offset t = begin; t < end; ++t) {
      Long error = static_cast<Long>(ratings.values[t]);
      Long spread = 0;
      for (std::size_t k = 0; k < layout.width(); ++k) {
        const Long c = of(columns, t, k);
        const Long w = of(column_variances, t, k);
        error -= u[k] * c;
        spread += v[k] * c * c + u[k] * u[k] * w + v[k] * w;
      }
      out.squared += error * error;
      out.expected += error * error + spread;
    }
    return out;
  }

  struct Updated {
    Vector rows;
    Vector variances;
    SquaredErrors errors;
  };

  Updated update(const Vector& from) {
    Updated out{from, Vector(from.size()), {}};
    PosteriorRows posterior(side(), layout, pinned);
    CHECK(posterior.free() == free);
    const PosteriorTask task{columns.data(),
                             column_variances.data(),
                             {precision.data(), mean.data()},
                             offsets.empty() ? nullptr : offsets.data(),
                             noise};
    out.errors = posterior.update(task, out.rows.data(), out.variances.data());
    return out;
  }

  FactorLayout layout;
  RatingMatrix matrix;
  bool users;
  double noise;
  int pinned = -1;
  std::vector<std::size_t> free;
  Vector rows;
  Vector other_rows;  // to start from likewise
  Vector columns;
  Vector column_variances;
  Vector precision;
  Vector mean;
  Vector offsets;
};

void check_update(PosteriorProblem& problem) {
  const std::size_t stride = problem.layout.stride();
  const PosteriorProblem::Updated found = problem.update(problem.rows);
  double worst_mean = 0;
  double worst_variance = 0;
  Long expected = 0;
  Long squared = 0;
  const auto take = [](double error, double& worst) {
    if (!(error <= worst)) worst = error;
  };
  Vector elsewhere = found.rows;
  Vector variances = found.variances;
  for (Index row = 0; row < problem.side().rows(); ++row) {
    const DenseRow dense = problem.dense(row);
    expected += dense.expected;
    squared += dense.squared;
    for (std::size_t i = 0; i < problem.free.size(); ++i) {
      const std::size_t at = row * stride + problem.free[i];
      take(static_cast<double>(std::abs(static_cast<Long>(found.rows[at]) - dense.mean[i])), worst_mean);
      take(static_cast<double>(std::abs(static_cast<Long>(found.variances[at]) / dense.variance[i] - 1)),
           worst_variance);
      elsewhere[at] = problem.rows[at];
      variances[at] = 0;
    }
  }
  CHECK(worst_mean <= tolerance(1e-11, 2e-4));
  CHECK(worst_variance <= tolerance(1e-13, 1e-5));
  CHECK(found.errors.expected == doctest::Approx(static_cast<double>(expected)).epsilon(tolerance(1e-12, 1e-5)));
  CHECK(found.errors.squared == doctest::Approx(static_cast<double>(squared)).epsilon(tolerance(1e-12, 1e-5)));
  // Pins and padding stay.
  CHECK((elsewhere == problem.rows));
  CHECK((variances == Vector(variances.size())));
}

TEST_CASE("means, variances and errors of rows as dense normal equations have them") {
  for (const int rank : {1, 3, 10, 34}) {
    for (const bool biases : {false, true}) {
      for (const bool by_user : {true, false}) {
        for (const bool moved : {false, true}) {
          CAPTURE(rank);
          CAPTURE(biases);
          CAPTURE(by_user);
          CAPTURE(moved);
          PosteriorProblem problem(small_problem(rank, biases), by_user, moved, 0.7);
          check_update(problem);
        }
      }
    }
  }
}

TEST_CASE("a row of thousands of ratings, which is solved from its pieces") {
  for (const bool biases : {false, true}) {
    CAPTURE(biases);
    PosteriorProblem users(long_row_problem(9, biases, 0, 0), true, true, 3);
    check_update(users);
    PosteriorProblem items(long_column_problem(9, biases, 0, 0), false, false, 3);
    check_update(items);
  }
}

TEST_CASE("rows do not depend on where they were before") {
  for (const bool by_user : {true, false}) {
    PosteriorProblem problem(small_problem(6, true), by_user, true, 2);
    REQUIRE((problem.rows != problem.other_rows));
    const PosteriorProblem::Updated one = problem.update(problem.rows);
    const PosteriorProblem::Updated other = problem.update(problem.other_rows);
    CHECK(one.errors.expected == doctest::Approx(other.errors.expected).epsilon(tolerance(1e-12, 1e-5)));
    CHECK((one.variances == other.variances));
    double worst = 0;
    for (std::size_t at = 0; at < one.rows.size(); ++at) {
      worst = std::max(worst, std::abs(static_cast<double>(one.rows[at] - other.rows[at])));
    }
    CHECK(worst <= tolerance(1e-11, 1e-4));
  }
}

TEST_CASE("a row without ratings becomes its prior") {
  for (const bool by_user : {true, false}) {
    for (const bool moved : {false, true}) {
      PosteriorProblem problem(small_problem(6, true), by_user, moved, 2);
      REQUIRE(problem.side().count(0) == 0);
      const PosteriorProblem::Updated found = problem.update(problem.rows);
      for (std::size_t i = 0; i < problem.free.size(); ++i) {
        const std::size_t k = problem.free[i];
        const double expected =
            static_cast<double>(problem.mean[k]) + (moved ? static_cast<double>(problem.offsets[k]) : 0);
        CHECK(static_cast<double>(found.rows[k]) == doctest::Approx(expected).epsilon(tolerance(1e-11, 1e-4)));
        const auto own = static_cast<double>(problem.lambda(i, i));
        CHECK(static_cast<double>(found.variances[k]) == doctest::Approx(1 / own).epsilon(tolerance(1e-14, 1e-6)));
      }
    }
  }
}

TEST_CASE("one user, one item, one factor: in closed form") {
  const FactorLayout layout{1, 1, 1, false};
  const RatingMatrix matrix(1, 1, {{0}, {0}, {Real{3}}});
  PosteriorRows posterior(matrix.by_user(), layout, -1);
  const auto row_of = [](double value) {
    Vector row(kLanes);
    row[0] = static_cast<Real>(value);
    return row;
  };
  const Vector column = row_of(2);
  const Vector column_variance = row_of(0.25);
  Vector precision(kLanes * kLanes);
  precision[0] = Real{1.5};
  Vector mean = row_of(-1);
  const Vector offset = row_of(0.5);
  for (const bool moved : {false, true}) {
    Vector row = row_of(7);
    Vector variance = row_of(0);
    const PosteriorTask task{
        column.data(), column_variance.data(), {precision.data(), mean.data()}, moved ? offset.data() : nullptr, 0.5};
    const SquaredErrors errors = posterior.update(task, row.data(), variance.data());
    // P = 1.5 + 0.5 (2² + 0.25) and P m = 1.5 (μ + g) + 0.5 · 3 · 2.
    const double p = 3.625;
    const double m = (1.5 * (moved ? -0.5 : -1) + 3) / p;
    const double left = 3 - 2 * m;
    const double spread = 4 / p + m * m * 0.25 + 0.25 / p;
    CHECK(static_cast<double>(row[0]) == doctest::Approx(m).epsilon(tolerance(1e-14, 1e-6)));
    CHECK(static_cast<double>(variance[0]) == doctest::Approx(1 / p).epsilon(tolerance(1e-14, 1e-6)));
    CHECK(errors.squared == doctest::Approx(left * left).epsilon(tolerance(1e-13, 1e-5)));
    CHECK(errors.expected == doctest::Approx(left * left + spread).epsilon(tolerance(1e-13, 1e-5)));
    for (std::size_t k = 1; k < kLanes; ++k) CHECK((row[k] == 0 && variance[k] == 0));
  }
}

TEST_CASE("rows have the same bits on any number of threads") {
  PosteriorProblem problem(long_row_problem(5, true, 0, 0), true, true, 1);
  set_threads(1);
  const PosteriorProblem::Updated one = problem.update(problem.rows);
  for (const int count : {2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    const PosteriorProblem::Updated many = problem.update(problem.rows);
    CHECK((many.rows == one.rows));
    CHECK((many.variances == one.variances));
    CHECK(many.errors.expected == one.errors.expected);
    CHECK(many.errors.squared == one.errors.squared);
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
