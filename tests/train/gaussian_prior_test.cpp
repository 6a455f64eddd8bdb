// The prior of a side's rows against its formulas in long double, and against other priors.
#include "train/posterior/gaussian_prior.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

using Long = long double;

// log det of a positive definite matrix, by elimination.
Long log_det(LongMatrix a) {
  Long sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i][i] > 0);
    sum += std::log(a[i][i]);
    for (std::size_t k = i + 1; k < a.size(); ++k) {
      const Long factor = a[k][i] / a[i][i];
      for (std::size_t c = i; c < a.size(); ++c) a[k][c] -= factor * a[i][c];
    }
  }
  return sum;
}

// A prior over the free elements.
struct Dense {
  LongMatrix precision;
  LongVector mean;
};

// Rows with correlated elements; every fifth has no ratings, and has numbers that would be noticed.
struct PriorProblem {
  PriorProblem(std::size_t rows, std::size_t width, int pinned, bool moved)
      : stride((width + kLanes - 1) / kLanes * kLanes), count(rows) {
    Uniform uniform(100 * rows + width);
    for (std::size_t k = 0; k < width; ++k) {
      if (static_cast<int>(k) != pinned) free.push_back(k);
    }
    means.resize(rows * stride);
    variances.resize(rows * stride);
    if (moved) offsets.resize(rows * stride);
    ends.push_back(0);
    for (std::size_t i = 0; i < rows; ++i) {
      const bool rated = i % 5 != 2;
      ends.push_back(ends.back() + (rated ? 1 + i % 3 : 0));
      const double common = uniform(-1, 1);
      for (std::size_t k = 0; k < width; ++k) {
        const std::size_t at = i * stride + k;
        means[at] = static_cast<Real>((rated ? 0.3 + common : 1000) + uniform(-0.5, 0.5));
        if (static_cast<int>(k) == pinned) continue;
        variances[at] = static_cast<Real>(rated ? uniform(0.01, 0.5) : 500);
        if (moved) offsets[at] = static_cast<Real>(uniform(-0.5, 0.5));
      }
    }
    indices.resize(ends.back());
  }

  RatingSide side() const { return {ends, indices, {}, nullptr, 1}; }
  bool rated(std::size_t row) const { return ends[row + 1] > ends[row]; }
  KnownRows known() const { return {means.data(), variances.data(), offsets.empty() ? nullptr : offsets.data()}; }
  Long rho(std::size_t row, std::size_t i) const {
    const std::size_t at = row * stride + free[i];
    return static_cast<Long>(means[at]) - (offsets.empty() ? 0 : static_cast<Long>(offsets[at]));
  }
  Long rated_rows() const {
    Long sum = 0;
    for (std::size_t row = 0; row < count; ++row) sum += rated(row) ? 1 : 0;
    return sum;
  }

  // scatter I + Σ ((ρ − μ)(ρ − μ)ᵀ + diag v) + 2μμᵀ.
  LongMatrix spread(const LongVector& mean) const {
    const std::size_t n = free.size();
    LongMatrix out(n, LongVector(n));
    for (std::size_t i = 0; i < n; ++i) {
      out[i][i] = scatter;
      for (std::size_t k = 0; k < n; ++k) {
        out[i][k] += 2 * mean[i] * mean[k];
        for (std::size_t row = 0; row < count; ++row) {
          if (rated(row)) out[i][k] += (rho(row, i) - mean[i]) * (rho(row, k) - mean[k]);
        }
      }
      for (std::size_t row = 0; row < count; ++row) {
        if (rated(row)) out[i][i] += static_cast<Long>(variances[row * stride + free[i]]);
      }
    }
    return out;
  }

  Long strength() const { return 1 + rated_rows(); }

  // ½ tr(Λ spread) − (n + 1)/2 log det Λ.
  Long value(const Dense& prior) const {
    const LongMatrix about = spread(prior.mean);
    Long trace = 0;
    for (std::size_t i = 0; i < free.size(); ++i) {
      for (std::size_t k = 0; k < free.size(); ++k) trace += prior.precision[i][k] * about[k][i];
    }
    return trace / 2 - strength() / 2 * log_det(prior.precision);
  }

  // As the formulas of the header have it.
  Dense best() const {
    Dense out{{}, LongVector(free.size())};
    for (std::size_t i = 0; i < free.size(); ++i) {
      for (std::size_t row = 0; row < count; ++row) {
        if (rated(row)) out.mean[i] += rho(row, i);
      }
      out.mean[i] /= rated_rows() + 2;
    }
    out.precision = inverse_of(spread(out.mean));
    for (LongVector& line : out.precision) {
      for (Long& element : line) element *= strength();
    }
    return out;
  }

  struct Fitted {
    Vector precision;
    Vector mean;
    double log_det;
  };

  Fitted fit() const {
    Fitted out{Vector(stride * stride), Vector(stride), 0};
    out.log_det = fit_prior(side(), known(), free, stride, scatter, {out.precision.data(), out.mean.data()});
    return out;
  }

  Dense dense(const Fitted& fitted) const {
    Dense out;
    for (const std::size_t i : free) {
      out.mean.push_back(static_cast<Long>(fitted.mean[i]));
      LongVector line;
      for (const std::size_t k : free) line.push_back(static_cast<Long>(fitted.precision[i * stride + k]));
      out.precision.push_back(line);
    }
    return out;
  }

  static constexpr double scatter = 0.1;
  std::size_t stride;
  std::size_t count;
  std::vector<std::size_t> free;
  Vector means;
  Vector variances;
  Vector offsets;
  std::vector<Offset> ends;
  std::vector<Index> indices;
};

std::vector<PriorProblem> problems() {
  std::vector<PriorProblem> all;
  for (const std::size_t rows : {1, 3, 40, 1000}) {
    for (const bool moved : {false, true}) {
      all.emplace_back(rows, 1, -1, moved);
      all.emplace_back(rows, 5, 3, moved);
      all.emplace_back(rows, 12, 11, moved);
    }
  }
  return all;
}

TEST_CASE("mean, precision and log det of a prior as its formulas have them") {
  for (const PriorProblem& problem : problems()) {
    CAPTURE(problem.count);
    CAPTURE(problem.free.size());
    const Dense expected = problem.best();
    const PriorProblem::Fitted fitted = problem.fit();
    const Dense found = problem.dense(fitted);
    Long largest = 0;
    for (std::size_t i = 0; i < problem.free.size(); ++i) largest = std::max(largest, expected.precision[i][i]);
    for (std::size_t i = 0; i < problem.free.size(); ++i) {
      CHECK(std::abs(static_cast<double>(found.mean[i] - expected.mean[i])) <= tolerance(1e-13, 1e-6));
      for (std::size_t k = 0; k < problem.free.size(); ++k) {
        const Long error = found.precision[i][k] - expected.precision[i][k];
        CHECK(std::abs(static_cast<double>(error)) <= tolerance(1e-11, 1e-6) * static_cast<double>(largest));
      }
    }
    CHECK(fitted.log_det == doctest::Approx(static_cast<double>(log_det(expected.precision))).epsilon(1e-10));
    // Neither pin nor padding is touched.
    std::size_t used = 0;
    for (const Real element : fitted.precision) used += element != 0;
    CHECK(used <= problem.free.size() * problem.free.size());
    for (const std::size_t k : problem.free) CHECK(fitted.precision[k * problem.stride + k] > 0);
  }
}

TEST_CASE("no other mean and precision are more probable") {
  Uniform uniform(5);
  for (const PriorProblem& problem : problems()) {
    CAPTURE(problem.count);
    CAPTURE(problem.free.size());
    if (problem.count > 100) continue;
    const std::size_t n = problem.free.size();
    const Dense best = problem.dense(problem.fit());
    const Long least = problem.value(best);
    for (int trial = 0; trial < 20; ++trial) {
      const Long size = trial % 2 == 0 ? 0.3 : 0.01;
      // R Λ Rᵀ is positive definite whatever R, and R near I is a small change of Λ.
      LongMatrix root(n, LongVector(n));
      Dense other = best;
      for (std::size_t i = 0; i < n; ++i) {
        other.mean[i] += size * uniform(-1, 1);
        for (std::size_t k = 0; k < n; ++k) root[i][k] = (i == k ? 1 : 0) + size * uniform(-1, 1);
      }
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < n; ++k) {
          other.precision[i][k] = 0;
          for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; b < n; ++b) other.precision[i][k] += root[i][a] * best.precision[a][b] * root[k][b];
          }
        }
      }
      CHECK(problem.value(other) > least);
      CHECK(problem.value({best.precision, other.mean}) > least);
      CHECK(problem.value({other.precision, best.mean}) > least);
    }
  }
}

TEST_CASE("rows without ratings count for nothing") {
  PriorProblem problem(40, 5, 3, true);
  const PriorProblem::Fitted before = problem.fit();
  for (std::size_t row = 0; row < problem.count; ++row) {
    if (problem.rated(row)) continue;
    for (std::size_t k = 0; k < problem.stride; ++k) {
      problem.means[row * problem.stride + k] = -77;
      problem.variances[row * problem.stride + k] = 3;
      problem.offsets[row * problem.stride + k] = 12;
    }
  }
  const PriorProblem::Fitted after = problem.fit();
  CHECK((after.precision == before.precision));
  CHECK((after.mean == before.mean));
  CHECK(after.log_det == before.log_det);
  CHECK(log_variances(problem.side(), problem.variances.data(), problem.free, problem.stride) < 0);
}

TEST_CASE("log variances are those of rows with ratings") {
  for (const PriorProblem& problem : problems()) {
    Long expected = 0;
    for (std::size_t row = 0; row < problem.count; ++row) {
      if (!problem.rated(row)) continue;
      for (const std::size_t k : problem.free) {
        expected += std::log(static_cast<Long>(problem.variances[row * problem.stride + k]));
      }
    }
    CHECK(log_variances(problem.side(), problem.variances.data(), problem.free, problem.stride) ==
          doctest::Approx(static_cast<double>(expected)).epsilon(1e-12));
  }
}

TEST_CASE("a prior has the same bits on any number of threads") {
  const PriorProblem problem(20000, 12, 11, true);
  set_threads(1);
  const PriorProblem::Fitted one = problem.fit();
  for (const int count : {2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    const PriorProblem::Fitted many = problem.fit();
    CHECK((many.precision == one.precision));
    CHECK((many.mean == one.mean));
    CHECK(many.log_det == one.log_det);
  }
  set_threads(0);
}

TEST_CASE("rows that are not finite are refused") {
  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    PriorProblem problem(40, 5, 3, false);
    problem.means[7 * problem.stride + 1] = bad;
    REQUIRE_FALSE(problem.rated(7));
    problem.fit();
    problem.means[8 * problem.stride + 1] = bad;
    CHECK_THROWS_AS(problem.fit(), Error);
  }
}

}  // namespace
}  // namespace odot
