// One row of factors with its ratings, and its objective worked out rating by rating in long double.
#pragma once

#include <algorithm>

#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"

namespace odot::test {

/// q(u) = Σ_j (u·v_j − x_j)² + λ ‖u‖² without the pinned element in the norm. The columns are those of twice as many
/// others as the row has rated; the row is number 1 of a side of three, between two with ratings of their own.
struct RowProblem {
  RowProblem(std::size_t width, std::size_t ratings, double penalty, int pin, std::uint64_t seed)
      : stride((width + kLanes - 1) / kLanes * kLanes), used(width), count(ratings), lambda(penalty), pinned(pin) {
    Uniform uniform(seed);
    columns.resize((2 * count + 1) * stride);
    for (std::size_t j = 0; j < 2 * count + 1; ++j) {
      for (std::size_t k = 0; k < used; ++k) columns[j * stride + k] = static_cast<Real>(uniform(-1, 1));
    }
    row.resize(stride);
    for (std::size_t k = 0; k < used; ++k) row[k] = static_cast<Real>(uniform(-1, 1));
    const auto add = [&](Index index) {
      indices.push_back(index);
      values.push_back(static_cast<Real>(uniform(-2, 5)));
    };
    add(0);
    for (Index t = 0; t < count; ++t) add(2 * t + 1);
    add(0);
    offsets = {0, 1, count + 1, count + 2};
  }

  RatingSide side() const { return {offsets, indices, RatingValues(values.data(), 0)}; }
  Offset begin() const { return offsets[1]; }
  Offset end() const { return offsets[2]; }
  bool is_free(std::size_t k) const { return k < used && static_cast<int>(k) != pinned; }

  /// v_j of the row's rating t.
  long double column(std::size_t t, std::size_t k) const { return columns[indices[begin() + t] * stride + k]; }

  long double error(const LongVector& u, std::size_t t) const {
    long double sum = -static_cast<long double>(values[begin() + t]);
    for (std::size_t k = 0; k < used; ++k) sum += u[k] * column(t, k);
    return sum;
  }

  long double value(const LongVector& u) const {
    long double sum = 0;
    for (std::size_t t = 0; t < count; ++t) sum += error(u, t) * error(u, t);
    for (std::size_t k = 0; k < used; ++k) sum += is_free(k) ? lambda * u[k] * u[k] : 0;
    return sum;
  }

  /// ∇q, by central differences: exact for a quadratic but for rounding.
  LongVector gradient(const LongVector& u) const {
    LongVector out(u.size());
    for (std::size_t k = 0; k < used; ++k) {
      if (!is_free(k)) continue;
      LongVector above = u;
      LongVector below = u;
      above[k] += 1;
      below[k] -= 1;
      out[k] = (value(above) - value(below)) / 2;
    }
    return out;
  }

  /// The minimiser, by the normal equations; they must be regular.
  LongVector minimiser() const {
    std::vector<std::size_t> free;
    for (std::size_t k = 0; k < used; ++k) {
      if (is_free(k)) free.push_back(k);
    }
    LongMatrix a(free.size(), LongVector(free.size()));
    LongVector b(free.size());
    for (std::size_t i = 0; i < free.size(); ++i) {
      a[i][i] = lambda;
      for (std::size_t t = 0; t < count; ++t) {
        long double target = values[begin() + t];
        if (pinned >= 0) {
          const auto pin = static_cast<std::size_t>(pinned);
          target -= static_cast<long double>(row[pin]) * column(t, pin);
        }
        b[i] += target * column(t, free[i]);
        for (std::size_t k = 0; k < free.size(); ++k) a[i][k] += column(t, free[i]) * column(t, free[k]);
      }
    }
    const LongVector solution = dense_solve(a, b);
    LongVector out(row.begin(), row.end());
    for (std::size_t i = 0; i < free.size(); ++i) out[free[i]] = solution[i];
    return out;
  }

  std::size_t stride;
  std::size_t used;
  std::size_t count;
  double lambda;
  int pinned;
  Vector columns;
  Vector row;
  std::vector<Offset> offsets;
  std::vector<Index> indices;
  std::vector<Real> values;
};

inline LongVector to_long(ConstSpan x) { return {x.begin(), x.end()}; }

/// The largest |x_i − y_i|; NaN where there is one.
inline double largest_difference(ConstSpan x, const LongVector& y) {
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto error = static_cast<double>(std::abs(static_cast<long double>(x[i]) - y[i]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

}  // namespace odot::test
