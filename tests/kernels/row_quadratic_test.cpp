// The quadratic of a row against sums in long double.
#include "kernels/row_quadratic.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "kernels/ranks.hpp"
#include "support/row_problem.hpp"

namespace odot {
namespace {

using namespace test;

constexpr Real kGarbage = 12345;

// Errors are about 1 more than the ratings, and each says a quarter.
struct OneMore final : ErrorTargets {
  double retarget(const RatingSide& /*side*/, Offset begin, Offset end, Real* errors) const override {
    for (Offset k = begin; k < end; ++k) errors[k - begin] -= 1;
    return static_cast<double>(end - begin) / 4;
  }
};

RowQuadratic form_piece(const RowProblem& problem, Offset begin, Offset end, const Real* roots = nullptr,
                        const ErrorTargets* targets = nullptr) {
  RowQuadratic quadratic(problem.stride);
  // Whatever was there before must not matter.
  quadratic.squared_error = 77;
  quadratic.information = 77;
  std::fill(quadratic.gradient.begin(), quadratic.gradient.end(), kGarbage);
  std::fill(quadratic.gram.begin(), quadratic.gram.end(), kGarbage);
  GatheredColumns tile(0, problem.used);
  form(problem.side(), begin, end, problem.row.data(), problem.columns.data(), tile, quadratic, roots, targets);
  return quadratic;
}

// √w of every column; some are 0, and none of those that are left is 1.
Vector random_roots(const RowProblem& problem, std::uint64_t seed) {
  Uniform uniform(seed);
  Vector roots(problem.columns.size() / problem.stride);
  for (std::size_t j = 0; j < roots.size(); ++j) roots[j] = j % 9 == 5 ? 0 : static_cast<Real>(uniform(1.5, 3));
  return roots;
}

// The largest error of all elements, each relative to the sum of its terms' absolute values. Columns have weights,
// whose roots are given, or all the weight 1.
double worst_error(const RowProblem& problem, const RowQuadratic& quadratic, const Vector& roots = {}) {
  const std::size_t n = problem.stride;
  const LongVector row = to_long(problem.row);
  double worst = 0;
  const auto compare = [&](Real found, long double expected, long double size) {
    const auto error = static_cast<double>(std::abs(found - expected) / (size > 0 ? size : 1));
    if (!(error <= worst)) worst = error;
  };
  long double squares = 0;
  LongVector sums(n);
  LongVector sizes(n);
  LongVector gram(n * n);
  LongVector gram_sizes(n * n);
  for (std::size_t t = 0; t < problem.count; ++t) {
    const long double error = problem.error(row, t);
    const long double root = roots.empty() ? 1 : static_cast<long double>(roots[problem.indices[problem.begin() + t]]);
    const long double weight = root * root;
    squares += weight * error * error;
    for (std::size_t i = 0; i < problem.used; ++i) {
      sums[i] += weight * error * problem.column(t, i);
      sizes[i] += weight * (std::abs(error) + 5) * std::abs(problem.column(t, i));
      for (std::size_t k = 0; k < problem.used; ++k) {
        const long double product = weight * problem.column(t, i) * problem.column(t, k);
        gram[i * n + k] += product;
        gram_sizes[i * n + k] += std::abs(product);
      }
    }
  }
  compare(static_cast<Real>(quadratic.squared_error), squares, squares);
  for (std::size_t i = 0; i < n; ++i) compare(quadratic.gradient[i], sums[i], sizes[i]);
  for (std::size_t i = 0; i < n * n; ++i) compare(quadratic.gram[i], gram[i], gram_sizes[i]);
  return worst;
}

TEST_CASE("right at every width and around every number of ratings that is gathered at a time") {
  std::set<std::size_t> strides;
  for (const int rank : tested_ranks()) {
    const std::size_t width = static_cast<std::size_t>(rank);
    const std::size_t tile = gather_tile(width);
    REQUIRE(tile >= 8);
    strides.insert(width);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, tile - 1, tile, tile + 1, 2 * tile + 3}) {
      if (width > 200 && count > tile + 1) continue;
      CAPTURE(width);
      CAPTURE(count);
      const RowProblem problem(width, count, 0, -1, width + count);
      RowQuadratic quadratic = form_piece(problem, problem.begin(), problem.end());
      mirror(quadratic);
      CHECK(worst_error(problem, quadratic) <= tolerance(1e-13, 2e-5));
    }
  }
  CHECK(strides.size() > 10);
}

TEST_CASE("columns have weights, at every width and with every instruction set") {
  with_each_instruction_set([](const char* name) {
    CAPTURE(name);
    for (const int rank : tested_ranks()) {
      const std::size_t width = static_cast<std::size_t>(rank);
      const std::size_t tile = gather_tile(width);
      for (const std::size_t count : {std::size_t{0}, std::size_t{1}, tile, tile + 1, 2 * tile + 3}) {
        if (width > 200 && count > 1 && count != tile + 1) continue;
        CAPTURE(width);
        CAPTURE(count);
        const RowProblem problem(width, count, 0, -1, width + count);
        const Vector roots = random_roots(problem, width);
        RowQuadratic quadratic = form_piece(problem, problem.begin(), problem.end(), roots.data());
        mirror(quadratic);
        CHECK(worst_error(problem, quadratic, roots) <= tolerance(1e-13, 2e-5));
      }
    }
  });
}

TEST_CASE("pieces with weights add up to the whole") {
  for (const std::size_t width : {3, 34}) {
    CAPTURE(width);
    const RowProblem problem(width, 1000, 0, -1, width);
    const Vector roots = random_roots(problem, 7);
    const Offset begin = problem.begin();
    RowQuadratic total = form_piece(problem, begin, begin + 77, roots.data());
    total += form_piece(problem, begin + 77, begin + 640, roots.data());
    total += form_piece(problem, begin + 640, problem.end(), roots.data());
    mirror(total);
    CHECK(worst_error(problem, total, roots) <= tolerance(1e-13, 2e-5));
    CHECK(worst_error(problem, total) > 0.1);
  }
}

TEST_CASE("targets take the place of ratings") {
  const RowProblem problem(10, 1000, 0, -1, 10);
  const Vector roots = random_roots(problem, 7);
  const OneMore targets;
  const Offset begin = problem.begin();
  const Offset end = problem.end();
  for (const Real* weights : {static_cast<const Real*>(nullptr), roots.data()}) {
    RowQuadratic total = form_piece(problem, begin, begin + 640, weights, &targets);
    total += form_piece(problem, begin + 640, end, weights, &targets);
    CHECK(total.information == 250);
    const RowQuadratic without = form_piece(problem, begin, end, weights);
    CHECK(without.information == 0);
    // Errors e − 1 instead of e: Σ w (e − 1)² and Σ w (e − 1) c.
    double squares = without.squared_error;
    std::vector<double> gradient(without.gradient.begin(), without.gradient.end());
    const LongVector row = to_long(problem.row);
    for (std::size_t t = 0; t < problem.count; ++t) {
      const auto root = weights ? static_cast<double>(weights[problem.indices[begin + t]]) : 1;
      squares += root * root * (1 - 2 * static_cast<double>(problem.error(row, t)));
      for (std::size_t k = 0; k < problem.used; ++k) {
        gradient[k] -= root * root * static_cast<double>(problem.column(t, k));
      }
    }
    CHECK(total.squared_error == doctest::Approx(squares).epsilon(tolerance(1e-11, 1e-5)));
    for (std::size_t k = 0; k < problem.used; ++k) {
      CHECK(std::abs(static_cast<double>(total.gradient[k]) - gradient[k]) <= tolerance(1e-9, 1e-2));
    }
  }
}

TEST_CASE("pieces add up to the whole") {
  for (const std::size_t width : {3, 10, 34, 100}) {
    CAPTURE(width);
    const RowProblem problem(width, 1000, 0, -1, width);
    const Offset begin = problem.begin();
    RowQuadratic total = form_piece(problem, begin, begin + 1);
    total += form_piece(problem, begin + 1, begin + 1);
    total += form_piece(problem, begin + 1, begin + 640);
    total += form_piece(problem, begin + 640, problem.end());
    mirror(total);
    CHECK(worst_error(problem, total) <= tolerance(1e-13, 2e-5));
  }
}

TEST_CASE("a mirrored matrix is symmetric to the last bit") {
  for (const std::size_t width : {8, 9, 40, 129}) {
    const RowProblem problem(width, 50, 0, -1, width);
    RowQuadratic quadratic = form_piece(problem, problem.begin(), problem.end());
    mirror(quadratic);
    const std::size_t n = problem.stride;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) wrong += quadratic.gram[i * n + k] != quadratic.gram[k * n + i];
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("gathered columns are those of the ratings, with their errors") {
  const RowProblem problem(11, 20, 0, -1, 5);
  GatheredColumns gathered(20, problem.used);
  // A larger piece first: nothing of it must be left.
  gathered.gather(problem.side(), problem.begin(), problem.end(), problem.row.data(), problem.columns.data());
  gathered.gather(problem.side(), problem.begin() + 4, problem.begin() + 9, problem.row.data(), problem.columns.data());
  REQUIRE(gathered.size() == 5);
  const LongVector row = to_long(problem.row);
  for (std::size_t t = 0; t < 5; ++t) {
    for (std::size_t k = 0; k < problem.stride; ++k) {
      CHECK(static_cast<long double>(gathered.column(t)[k]) == problem.column(t + 4, k));
    }
    CHECK(static_cast<double>(std::abs(gathered.error(t) - problem.error(row, t + 4))) <= tolerance(1e-14, 1e-5));
  }
}

}  // namespace
}  // namespace odot
