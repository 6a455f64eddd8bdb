// Small positive systems against Gaussian elimination in long double, regular and singular.
#include "kernels/cholesky.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kDouble = std::numeric_limits<double>::epsilon();
constexpr double kFloat = std::numeric_limits<float>::epsilon();

// G Gᵀ + shift · I for a random G with `rank` columns.
LongMatrix gram(std::size_t n, std::size_t rank, double shift, std::uint64_t seed) {
  Uniform uniform(seed);
  LongMatrix g(n);
  for (LongVector& row : g) {
    for (std::size_t k = 0; k < rank; ++k) row.push_back(uniform(-1, 1));
  }
  LongMatrix a(n, LongVector(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      a[i][j] = i == j ? shift : 0;
      for (std::size_t k = 0; k < rank; ++k) a[i][j] += g[i][k] * g[j][k];
    }
  }
  return a;
}

LongVector product(const LongMatrix& a, const LongVector& x) {
  LongVector out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) out[i] += a[i][j] * x[j];
  }
  return out;
}

LongVector random_vector(std::size_t n, std::uint64_t seed) {
  Uniform uniform(seed);
  LongVector x(n);
  for (long double& value : x) value = uniform(-2, 2);
  return x;
}

// A system that is ready to be solved. A larger one came before, and was full of NaN: nobody may look at what it left.
PositiveSystem system_of(const LongMatrix& a, const LongVector& b, double precision) {
  const std::size_t n = b.size();
  PositiveSystem system(n + 9);
  system.start(n + 9);
  for (std::size_t i = 0; i < n + 9; ++i) {
    for (std::size_t k = i; k <= n + 9; ++k) system.row(i)[k] = std::numeric_limits<double>::quiet_NaN();
  }
  system.solve(precision);
  system.start(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = i; k < n; ++k) system.row(i)[k] = static_cast<double>(a[i][k]);
    system.row(i)[n] = static_cast<double>(b[i]);
  }
  return system;
}

LongVector solve(const LongMatrix& a, const LongVector& b, double precision) {
  PositiveSystem system = system_of(a, b, precision);
  const double* x = system.solve(precision);
  return {x, x + b.size()};
}

// Σ x xᵀ over the samples x of all unit vectors: the covariance of what is drawn.
LongMatrix covariance(const LongMatrix& a, double precision) {
  const std::size_t n = a.size();
  PositiveSystem system = system_of(a, random_vector(n, 5), precision);
  system.solve(precision);
  LongMatrix out(n, LongVector(n));
  for (std::size_t unit = 0; unit < n; ++unit) {
    std::vector<double> normals(n);
    normals[unit] = 1;
    const double* x = system.sample(normals.data());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) out[i][k] += static_cast<long double>(x[i]) * x[k];
    }
  }
  return out;
}

// ‖x − y‖ / ‖y‖.
double difference(const LongVector& x, const LongVector& y) {
  long double error = 0;
  long double size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += (x[i] - y[i]) * (x[i] - y[i]);
    size += y[i] * y[i];
  }
  return static_cast<double>(std::sqrt(error / size));
}

TEST_CASE("regular systems are solved to rounding") {
  for (const std::size_t n : {1, 2, 3, 7, 8, 9, 33, 130}) {
    CAPTURE(n);
    const LongMatrix a = gram(n, 2 * n, 0.1, n);
    const LongVector b = random_vector(n, 100 + n);
    CHECK(difference(solve(a, b, kFloat), dense_solve(a, b)) <= 1e-12);
  }
}

TEST_CASE("nothing to solve, and one unknown") {
  CHECK(solve({}, {}, kDouble).empty());
  CHECK(solve({{4}}, {3}, kDouble)[0] == 0.75L);
  CHECK(solve({{0}}, {0}, kDouble)[0] == 0);
}

TEST_CASE("singular systems that have solutions are solved") {
  for (const double precision : {kDouble, kFloat}) {
    for (const std::size_t n : {2, 5, 16, 40}) {
      for (const std::size_t rank : {std::size_t{1}, n / 2, n - 1}) {
        CAPTURE(precision);
        CAPTURE(n);
        CAPTURE(rank);
        const LongMatrix exact = gram(n, rank, 0, 10 * n + rank);
        const LongVector b = product(exact, random_vector(n, n));
        // The elements are only known to that precision.
        LongMatrix a = exact;
        if (precision == kFloat) {
          for (LongVector& row : a) {
            for (long double& value : row) value = static_cast<float>(value);
          }
        }
        // The rounding of the elimination comes to that of the elements.
        const LongVector x = solve(a, b, 100 * precision);
        CHECK(difference(product(exact, x), b) <= 1e4 * precision);
        std::size_t zeros = 0;
        for (const long double value : x) zeros += value == 0;
        // Where the elements are rounded, it may not be noticed that the last few depend on the others.
        CHECK(zeros <= n - rank);
        if (precision == kDouble) CHECK(zeros == n - rank);
      }
    }
  }
}

TEST_CASE("a variable that is in no equation is 0, and the others are as if it were not there") {
  LongMatrix a = gram(5, 10, 0.5, 3);
  LongVector b = random_vector(5, 4);
  LongMatrix less;
  LongVector less_b;
  for (std::size_t i = 0; i < 5; ++i) {
    if (i == 2) continue;
    less_b.push_back(b[i]);
    less.emplace_back();
    for (std::size_t j = 0; j < 5; ++j) {
      if (j != 2) less.back().push_back(a[i][j]);
    }
  }
  for (std::size_t i = 0; i < 5; ++i) a[i][2] = a[2][i] = 0;
  b[2] = 0;
  LongVector x = solve(a, b, kDouble);
  CHECK(x[2] == 0);
  x.erase(x.begin() + 2);
  CHECK(difference(x, dense_solve(less, less_b)) <= 1e-13);
}

// The largest |(A C − I)_ij| over the chosen variables; C must be 0 elsewhere.
double distance_from_inverse(const LongMatrix& a, const LongMatrix& c, const std::vector<bool>& chosen) {
  long double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < a.size(); ++k) {
      long double sum = chosen[i] && i == k ? -1 : 0;
      for (std::size_t l = 0; l < a.size(); ++l) sum += chosen[i] && chosen[k] ? a[i][l] * c[l][k] : 0;
      if (!chosen[i] || !chosen[k]) sum = c[i][k];
      if (!(std::abs(sum) <= worst)) worst = std::abs(sum);
    }
  }
  return static_cast<double>(worst);
}

TEST_CASE("the covariance of samples is the inverse of the matrix") {
  for (const std::size_t n : {1, 2, 3, 7, 8, 9, 16, 17, 33, 130}) {
    CAPTURE(n);
    const LongMatrix a = gram(n, 2 * n, 0.1, n);
    CHECK(distance_from_inverse(a, covariance(a, kFloat), std::vector<bool>(n, true)) <= 1e-10);
  }
}

TEST_CASE("samples are a linear function of the normals, and do not depend on b or on samples before") {
  const std::size_t n = 11;
  const LongMatrix a = gram(n, 2 * n, 0.1, 4);
  const LongVector normals = random_vector(n, 6);
  const std::vector<double> z(normals.begin(), normals.end());
  std::vector<double> twice = z;
  for (double& element : twice) element *= 2;
  PositiveSystem system = system_of(a, random_vector(n, 1), kDouble);
  system.solve(kDouble);
  const double* x = system.sample(z.data());
  const LongVector one(x, x + n);
  x = system.sample(twice.data());
  for (std::size_t i = 0; i < n; ++i) CHECK(static_cast<long double>(x[i]) == 2 * one[i]);
  PositiveSystem other = system_of(a, random_vector(n, 2), kDouble);
  other.solve(kDouble);
  x = other.sample(z.data());
  for (std::size_t i = 0; i < n; ++i) CHECK(static_cast<long double>(x[i]) == one[i]);
}

TEST_CASE("dependent variables are 0 in samples, and the others have the covariance of a system without them") {
  for (const std::size_t n : {2, 5, 9, 20}) {
    for (const std::size_t rank : {std::size_t{1}, n / 2, n - 1}) {
      CAPTURE(n);
      CAPTURE(rank);
      // The variables behind the first `rank` depend on these.
      std::vector<bool> chosen(n);
      std::fill_n(chosen.begin(), rank, true);
      const LongMatrix a = gram(n, rank, 0, 10 * n + rank);
      CHECK(distance_from_inverse(a, covariance(a, 100 * kDouble), chosen) <= 1e-6);
    }
  }
  // One in the midst that is in no equation.
  LongMatrix a = gram(9, 18, 0.5, 3);
  std::vector<bool> chosen(9, true);
  chosen[2] = false;
  for (std::size_t i = 0; i < 9; ++i) a[i][2] = a[2][i] = 0;
  CHECK(distance_from_inverse(a, covariance(a, kDouble), chosen) <= 1e-12);
}

TEST_CASE("a matrix that is regular in double is so only where its elements are known that well") {
  // Rows 0 and 1 differ by 1e-9.
  const LongMatrix a = {{1, 1}, {1, 1 + 1e-9L}};
  const LongVector b = {1, 2};
  CHECK(solve(a, b, kDouble)[1] == doctest::Approx(1e9).epsilon(1e-5));
  CHECK(solve(a, b, kFloat)[1] == 0);
  CHECK(solve(a, b, kFloat)[0] == 1);
}

}  // namespace
}  // namespace odot
