// Priors that are drawn, against the moments of Wishart and normal distributions.
#include <doctest/doctest.h>

#include <boost/math/special_functions/digamma.hpp>
#include <cmath>
#include <limits>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"
#include "support/sample_means.hpp"
#include "train/posterior/gaussian_prior.hpp"

namespace odot {
namespace {

using namespace test;

using Long = long double;

constexpr double kErrors = 5.5;  // standard errors
constexpr double kScatter = 0.3;

struct Dense {
  LongMatrix precision;
  LongVector mean;
};

Long log_det(const LongMatrix& root) {
  Long sum = 0;
  for (std::size_t i = 0; i < root.size(); ++i) sum += 2 * std::log(root[i][i]);
  return sum;
}

// Rows with correlated elements; every fifth has no ratings, and has numbers that would be noticed.
struct PriorProblem {
  PriorProblem(std::size_t rows, std::size_t width, int pin, bool moved, std::size_t partners)
      : stride((width + kLanes - 1) / kLanes * kLanes), count(rows), partner_count(partners) {
    Uniform uniform(100 * rows + width);
    for (std::size_t k = 0; k < width; ++k) {
      if (static_cast<int>(k) != pin) free.push_back(k);
    }
    values.resize(rows * stride);
    effects.resize(partners * stride);
    if (moved) offsets.resize(rows * stride);
    ends.push_back(0);
    for (std::size_t i = 0; i < rows; ++i) {
      const bool rated = i % 5 != 2;
      ends.push_back(ends.back() + (rated ? 1 + i % 3 : 0));
      const double common = uniform(-1, 1);
      for (std::size_t k = 0; k < width; ++k) {
        values[i * stride + k] = static_cast<Real>((rated ? 0.3 + common : 1000) + uniform(-0.5, 0.5));
        if (moved && static_cast<int>(k) != pin) offsets[i * stride + k] = static_cast<Real>(uniform(-0.5, 0.5));
      }
    }
    for (std::size_t j = 0; j < partners; ++j) {
      for (const std::size_t k : free) effects[j * stride + k] = static_cast<Real>(uniform(-1, 1));
    }
    indices.resize(ends.back());
  }

  RatingSide side() const { return {ends, indices, {}, nullptr, 1}; }
  bool rated(std::size_t row) const { return ends[row + 1] > ends[row]; }
  Long rated_rows() const {
    Long sum = 0;
    for (std::size_t row = 0; row < count; ++row) sum += rated(row) ? 1 : 0;
    return sum;
  }
  Long rho(std::size_t row, std::size_t i) const {
    const std::size_t at = row * stride + free[i];
    return static_cast<Long>(values[at]) - (offsets.empty() ? 0 : static_cast<Long>(offsets[at]));
  }
  double freedom() const {
    return static_cast<double>(free.size()) + static_cast<double>(rated_rows()) + static_cast<double>(partner_count);
  }

  LongVector mean_of_rows() const {
    LongVector out(free.size());
    for (std::size_t i = 0; i < free.size(); ++i) {
      for (std::size_t row = 0; row < count; ++row) out[i] += rated(row) ? rho(row, i) : 0;
      if (rated_rows() > 0) out[i] /= rated_rows();
    }
    return out;
  }

  // scatter I + Σ (ρ − ρ̄)(ρ − ρ̄)ᵀ + 2n/(n + 2) ρ̄ρ̄ᵀ + τ Σ y yᵀ, inverted.
  LongMatrix scale() const {
    const std::size_t n = free.size();
    const LongVector mean = mean_of_rows();
    const Long rows = rated_rows();
    LongMatrix a(n, LongVector(n));
    for (std::size_t i = 0; i < n; ++i) {
      a[i][i] = kScatter;
      for (std::size_t k = 0; k < n; ++k) {
        a[i][k] += 2 * rows / (rows + 2) * mean[i] * mean[k];
        for (std::size_t row = 0; row < count; ++row) {
          if (rated(row)) a[i][k] += (rho(row, i) - mean[i]) * (rho(row, k) - mean[k]);
        }
        for (std::size_t j = 0; j < partner_count; ++j) {
          a[i][k] += strength * static_cast<Long>(effects[j * stride + free[i]]) *
                     static_cast<Long>(effects[j * stride + free[k]]);
        }
      }
    }
    return inverse_of(a);
  }

  Dense draw(int sweep) const {
    Vector precision(stride * stride);
    Vector mean(stride);
    // As if some were of partners, and others of features.
    const std::size_t first = partner_count / 2;
    std::vector<EffectsPrior> priors;
    if (first > 0) priors.push_back({effects.data(), first, strength});
    if (partner_count > 0) priors.push_back({effects.data() + first * stride, partner_count - first, strength});
    sample_prior(side(), {values.data(), nullptr, offsets.empty() ? nullptr : offsets.data()}, priors, free, stride,
                 kScatter, Draws(9, Drawn::user_prior, sweep), {precision.data(), mean.data()});
    Dense out;
    std::size_t used = 0;
    for (const Real element : precision) used += element != 0;
    for (const Real element : mean) used += element != 0;
    REQUIRE(used <= free.size() * (free.size() + 1));
    for (const std::size_t i : free) {
      out.mean.push_back(static_cast<Long>(mean[i]));
      LongVector line;
      for (const std::size_t k : free) {
        REQUIRE(precision[i * stride + k] == precision[k * stride + i]);
        line.push_back(static_cast<Long>(precision[i * stride + k]));
      }
      out.precision.push_back(line);
    }
    return out;
  }

  static constexpr double strength = 1.7;  // τ
  std::size_t stride;
  std::size_t count;
  std::size_t partner_count;
  std::vector<std::size_t> free;
  Vector values;
  Vector offsets;
  Vector effects;
  std::vector<Offset> ends;
  std::vector<Index> indices;
};

// Of Q = Bᵀ Λ B with B Bᵀ = W⁻¹, which is Wishart(ν, I) where Λ is Wishart(ν, W): its elements and their squares, whose
// means are those of ν I and, as variances are 2ν on the diagonal and ν elsewhere, ν² + 2ν and ν; log det Q, which is
// that of independent χ² with ν, ν − 1, … degrees of freedom; and what the mean is, once Λ is taken out.
std::vector<double> quantities(const Dense& drawn, const LongMatrix& b, const LongVector& mean, Long rows) {
  const std::size_t n = mean.size();
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      Long q = 0;
      for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t s = 0; s < n; ++s) q += b[r][i] * drawn.precision[r][s] * b[s][k];
      }
      out.push_back(static_cast<double>(q));
      out.push_back(static_cast<double>(q * q));
    }
  }
  const LongMatrix root = cholesky(drawn.precision);
  out.push_back(static_cast<double>(log_det(root) + log_det(b)));
  // Lᵀ(μ − m) √(n + 2) is N(0, I), whatever Λ = L Lᵀ is.
  LongVector z(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k; i < n; ++i) {
      z[k] += root[i][k] * (drawn.mean[i] - rows / (rows + 2) * mean[i]) * std::sqrt(rows + 2);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back(static_cast<double>(z[i]));
    out.push_back(static_cast<double>(z[i] * drawn.precision[0][0]));
    for (std::size_t k = 0; k <= i; ++k) out.push_back(static_cast<double>(z[i] * z[k]));
  }
  return out;
}

std::vector<double> expected_quantities(std::size_t n, double freedom) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      out.push_back(i == k ? freedom : 0);
      out.push_back(i == k ? freedom * freedom + 2 * freedom : freedom);
    }
  }
  double log_det = 0;
  for (std::size_t k = 0; k < n; ++k) {
    log_det += boost::math::digamma((freedom - static_cast<double>(k)) / 2) + std::log(2.0);
  }
  out.push_back(log_det);
  for (std::size_t i = 0; i < n; ++i) {
    out.insert(out.end(), {0, 0});
    for (std::size_t k = 0; k <= i; ++k) out.push_back(i == k ? 1 : 0);
  }
  return out;
}

TEST_CASE("precisions and means that are drawn have the moments of their distributions") {
  for (const std::size_t rows : {1, 3, 40}) {
    for (const bool moved : {false, true}) {
      for (const std::size_t partners : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
        for (const auto& [width, pin] : {std::pair<std::size_t, int>{1, -1}, {4, 2}, {4, 0}}) {
          CAPTURE(rows);
          CAPTURE(moved);
          CAPTURE(partners);
          CAPTURE(width);
          CAPTURE(pin);
          const PriorProblem problem(rows, width, pin, moved, partners);
          const LongMatrix b = cholesky(inverse_of(problem.scale()));
          const LongVector mean = problem.mean_of_rows();
          const std::vector<double> expected = expected_quantities(problem.free.size(), problem.freedom());
          SampleMeans means(expected.size(), 1);
          for (int sweep = 0; sweep < 8000; ++sweep) {
            means.add(quantities(problem.draw(sweep), b, mean, problem.rated_rows()));
          }
          check_means(means, expected, kErrors, 1e-5 * problem.freedom());
        }
      }
    }
  }
}

TEST_CASE("without any ratings the prior's own prior is drawn from, and effects count all the same") {
  // Of more variables without effects single precision may make it singular.
  for (const auto& [width, partners] : {std::pair<std::size_t, std::size_t>{2, 0}, {4, 7}}) {
    CAPTURE(width);
    PriorProblem problem(5, width, 1, false, partners);
    std::fill(problem.ends.begin(), problem.ends.end(), 0);
    problem.indices.clear();
    const std::size_t n = problem.free.size();
    REQUIRE(problem.freedom() == static_cast<double>(n + partners));
    const LongMatrix b = cholesky(inverse_of(problem.scale()));
    const std::vector<double> expected = expected_quantities(n, problem.freedom());
    SampleMeans means(expected.size(), 1);
    for (int sweep = 0; sweep < 20000; ++sweep) means.add(quantities(problem.draw(sweep), b, LongVector(n), 0));
    check_means(means, expected, kErrors, 1e-4);
  }
}

TEST_CASE("a prior that is drawn has the same bits on any number of threads, and depends on what it is drawn with") {
  const PriorProblem problem(20000, 12, 11, true, 5000);
  Dense one;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    const Dense many = problem.draw(3);
    if (count == 1) one = many;
    CHECK(many.precision == one.precision);
    CHECK(many.mean == one.mean);
  }
  set_threads(0);
  const Dense other = problem.draw(4);
  for (std::size_t i = 0; i < problem.free.size(); ++i) {
    CHECK(other.mean[i] != one.mean[i]);
    for (std::size_t k = 0; k < problem.free.size(); ++k) CHECK(other.precision[i][k] != one.precision[i][k]);
  }
}

TEST_CASE("rows and effects that are not finite are refused") {
  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    PriorProblem rows(40, 5, 3, false, 3);
    rows.values[7 * rows.stride + 1] = bad;
    REQUIRE_FALSE(rows.rated(7));
    CHECK_NOTHROW(rows.draw(1));
    rows.values[8 * rows.stride + 1] = bad;
    CHECK_THROWS_AS(rows.draw(1), Error);
    PriorProblem effects(40, 5, 3, false, 3);
    effects.effects[1] = bad;
    CHECK_THROWS_AS(effects.draw(1), Error);
  }
}

}  // namespace
}  // namespace odot
