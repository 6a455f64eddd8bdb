// Small objectives whose answers are known, and the plain vectors that the optim tests' own arithmetic uses.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "odot/optim/line_function.hpp"

namespace odot::test {

using Plain = std::vector<double>;

/// A tolerance that suits the precision of the build.
inline constexpr double tolerance(double in_double, double in_float) {
  return std::is_same_v<Real, double> ? in_double : in_float;
}

inline Vector to_vector(const Plain& x) {
  Vector result;
  for (double value : x) result.push_back(static_cast<Real>(value));
  return result;
}

inline Plain to_plain(ConstSpan x) { return Plain(x.begin(), x.end()); }

inline double plain_dot(const Plain& x, const Plain& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

inline double plain_norm(const Plain& x) { return std::sqrt(plain_dot(x, x)); }

/// x + a d.
inline Plain plain_add(const Plain& x, double a, const Plain& d) {
  Plain result = x;
  for (std::size_t i = 0; i < x.size(); ++i) result[i] += a * d[i];
  return result;
}

inline Plain plain_scale(double a, const Plain& x) { return plain_add(Plain(x.size(), 0.0), a, x); }

/// ‖x − y‖ / ‖y‖, or ‖x‖ where y = 0.
inline double relative_error(const Plain& x, const Plain& y) {
  const double scale = plain_norm(y);
  return plain_norm(plain_add(x, -1, y)) / (scale > 0 ? scale : 1);
}

/// Uniform numbers that are the same on every machine.
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : bits_(seed) {}
  double operator()(double low, double high) {
    return low + (high - low) * static_cast<double>(bits_() >> 11) * 0x1p-53;
  }
  Plain vector(std::size_t n, double low, double high) {
    Plain result(n);
    for (double& value : result) value = (*this)(low, high);
    return result;
  }

 private:
  std::mt19937_64 bits_;
};

/// An objective made of plain functions, which counts how often it is asked.
class PlainObjective : public Objective {
 public:
  using Function = std::function<double(const Plain& x, Plain& gradient)>;  // `gradient` comes with n zeros
  using Line = std::function<LinePolynomial(const Plain& x, const Plain& d)>;

  PlainObjective(std::size_t n, Function function, Line line = {})
      : n_(n), function_(std::move(function)), line_(std::move(line)) {}

  std::size_t size() const override { return n_; }

  double value_gradient(ConstSpan x, Span gradient) override {
    ++evaluations;
    Plain g(n_, 0.0);
    const double value = function_(to_plain(x), g);
    for (std::size_t i = 0; i < n_; ++i) gradient[i] = static_cast<Real>(g[i]);
    return value;
  }

  std::optional<LinePolynomial> line(ConstSpan x, ConstSpan d) override {
    if (!line_) return std::nullopt;
    ++lines;
    return line_(to_plain(x), to_plain(d));
  }

  /// The same function without its polynomials: every trial is an evaluation.
  PlainObjective sampled() const { return PlainObjective(n_, function_); }

  double value(const Plain& x) const {
    Plain g(n_, 0.0);
    return function_(x, g);
  }
  Plain gradient(const Plain& x) const {
    Plain g(n_, 0.0);
    function_(x, g);
    return g;
  }

  int evaluations = 0;
  int lines = 0;

 private:
  std::size_t n_;
  Function function_;
  Line line_;
};

/// ½ (x − x*)ᵀ A (x − x*) + 1 with x* = (1, 2, …, n)/n and A = scale · (diag(1, …, n) + ½ 1 1ᵀ).
inline PlainObjective quadratic(std::size_t n, double scale = 1) {
  const auto times_a = [n, scale](const Plain& v) {
    double sum = 0;
    for (double value : v) sum += value;
    Plain result(n);
    for (std::size_t i = 0; i < n; ++i) result[i] = scale * (static_cast<double>(i + 1) * v[i] + 0.5 * sum);
    return result;
  };
  const auto function = [n, times_a](const Plain& x, Plain& g) {
    Plain e(n);
    for (std::size_t i = 0; i < n; ++i) e[i] = x[i] - static_cast<double>(i + 1) / static_cast<double>(n);
    g = times_a(e);
    return 0.5 * plain_dot(e, g) + 1;
  };
  const auto line = [n, times_a, function](const Plain& x, const Plain& d) {
    Plain g(n);
    function(x, g);
    return LinePolynomial{{plain_dot(g, d), 0.5 * plain_dot(d, times_a(d)), 0, 0}};
  };
  return PlainObjective(n, function, line);
}

/// (1 − x)² + 100 (y − x²)², minimum 0 at (1, 1).
inline PlainObjective rosenbrock() {
  return PlainObjective(2, [](const Plain& x, Plain& g) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return a * a + 100 * b * b;
  });
}

/// ‖X − u vᵀ‖² + 0.1 (‖u‖² + ‖v‖²) for a 2 × 3 matrix X; x = [u | v]. A quartic along lines, not convex.
inline PlainObjective small_factorization() {
  static constexpr double kX[2][3] = {{1, 2, 3}, {3, 1, 2}};
  const auto function = [](const Plain& x, Plain& g) {
    double value = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      value += 0.1 * x[k] * x[k];
      g[k] = 0.2 * x[k];
    }
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const double e = x[i] * x[2 + j] - kX[i][j];
        value += e * e;
        g[i] += 2 * e * x[2 + j];
        g[2 + j] += 2 * e * x[i];
      }
    }
    return value;
  };
  const auto line = [](const Plain& x, const Plain& d) {
    LinePolynomial p;
    for (std::size_t k = 0; k < 5; ++k) {
      p.c[0] += 0.2 * x[k] * d[k];
      p.c[1] += 0.1 * d[k] * d[k];
    }
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {  // e(α) = e + α l + α² w
        const double e = x[i] * x[2 + j] - kX[i][j];
        const double l = x[i] * d[2 + j] + d[i] * x[2 + j];
        const double w = d[i] * d[2 + j];
        p.c[0] += 2 * e * l;
        p.c[1] += l * l + 2 * e * w;
        p.c[2] += 2 * l * w;
        p.c[3] += w * w;
      }
    }
    return p;
  };
  return PlainObjective(5, function, line);
}

/// One variable: value φ(x), derivative φ'(x).
inline PlainObjective scalar(std::function<double(double)> phi, std::function<double(double)> slope) {
  return PlainObjective(1, [phi = std::move(phi), slope = std::move(slope)](const Plain& x, Plain& g) {
    g[0] = slope(x[0]);
    return phi(x[0]);
  });
}

/// One variable: c[0] x + c[1] x² + c[2] x³ + c[3] x⁴, with its polynomial along every line.
inline PlainObjective scalar_quartic(const LinePolynomial& f) {
  const auto function = [f](const Plain& x, Plain& g) {
    g[0] = f.slope(x[0]);
    return f.change(x[0]);
  };
  const auto line = [f](const Plain& x, const Plain& d) {  // Taylor's expansion at x
    const double a = x[0];
    const auto& c = f.c;
    return LinePolynomial{{f.slope(a) * d[0], (c[1] + 3 * c[2] * a + 6 * c[3] * a * a) * d[0] * d[0],
                           (c[2] + 4 * c[3] * a) * std::pow(d[0], 3), c[3] * std::pow(d[0], 4)}};
  };
  return PlainObjective(1, function, line);
}

/// x with f and ∇f there.
inline Iterate iterate_at(Objective& objective, const Vector& x) {
  Iterate result{x, Vector(x.size()), 0};
  result.value = objective.value_gradient(result.x, result.gradient);
  return result;
}

/// A line function together with all that it refers to.
struct LineFixture {
  LineFixture(Objective& objective, const Plain& x, const Plain& d)
      : origin(iterate_at(objective, to_vector(x))),
        direction(to_vector(d)),
        trial{Vector(x.size()), Vector(x.size()), 0},
        line(objective, origin, direction, trial) {}
  LineFixture(const LineFixture&) = delete;
  LineFixture& operator=(const LineFixture&) = delete;

  Iterate origin;
  Vector direction;
  Iterate trial;
  LineFunction line;
};

}  // namespace odot::test
