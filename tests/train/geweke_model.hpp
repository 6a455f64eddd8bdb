// A small model of ratings with all that Gibbs' sampler draws, drawn from its prior by code of this file alone.
#pragma once

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "odot/ratings/rating_matrix.hpp"

namespace odot::test {

// α ~ Gamma(1, s²/2), ω ~ Gamma(ν/2, ν/2), Λ ~ Wishart(D, I / scatter), μ ~ N(0, (2Λ)⁻¹), τ ~ Gamma(½, ½),
// y ~ N(0, (τΛ)⁻¹), b ~ N(0, (2Λ)⁻¹), rows ~ N(μ + g + f, Λ⁻¹), a rating ~ N(u·v, 1/(α ω γ)). Some of these have no
// variance, and a chain would stay for ages where they are large: all are taken given that α, τ and the eigenvalues of
// Λ exceed a bound.
inline constexpr double kUnit = 1;  // s²
inline constexpr double kScatter = 1.5;
inline constexpr double kPin = 1;
inline constexpr double kLeastNoise = 0.3;
inline constexpr double kLeastStrength = 0.4;
inline constexpr double kLeastEigenvalue = 0.35;

inline constexpr std::size_t kFree = 2;  // D
using Pair = std::array<double, kFree>;

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : bits_(seed) {}
  double normal() { return normal_(bits_); }
  double gamma(double shape, double rate) { return std::gamma_distribution<double>(shape, 1 / rate)(bits_); }

 private:
  std::mt19937_64 bits_;
  std::normal_distribution<double> normal_;
};

struct Matrix {
  double a;  // [a b; b c]
  double b;
  double c;

  double least_eigenvalue() const { return (a + c) / 2 - std::hypot((a - c) / 2, b); }
  double form(const Pair& x) const { return a * x[0] * x[0] + 2 * b * x[0] * x[1] + c * x[1] * x[1]; }
  // N(0, its inverse).
  Pair draw(Numbers& numbers) const {
    const double first = std::sqrt(a);
    const double second = std::sqrt(c - b * b / a);
    const double y = numbers.normal() / second;
    return {(numbers.normal() - b / first * y) / first, y};
  }
};

// All of one side.
struct Side {
  Matrix precision{};
  Pair mean{};
  double strength = 1;
  std::vector<Pair> effects;   // one for each row of the other side
  std::vector<Pair> features;  // B, one for each input
  std::vector<Pair> rows;
  std::vector<double> weights;
  double freedom = 0;
};

struct State {
  double noise = 0;
  Side users;
  Side items;
};

inline constexpr std::size_t kUsers = 4;
inline constexpr std::size_t kItems = 3;

inline bool rated(std::size_t user, std::size_t item) { return !(user == 1 && item == 2) && !(user == 3 && item == 0); }

// g of a row.
inline Pair moved(const Side& side, bool users, std::size_t row) {
  Pair sum{};
  double count = 0;
  for (std::size_t j = 0; j < side.effects.size(); ++j) {
    if (!(users ? rated(row, j) : rated(j, row))) continue;
    ++count;
    for (std::size_t k = 0; k < kFree; ++k) sum[k] += side.effects[j][k];
  }
  for (double& element : sum) element /= std::sqrt(count);
  return sum;
}

inline constexpr double kStrengthOfFeatures = 2;  // τ of B

// What moves rows.
struct Moves {
  bool partners;
  bool features;
};

// Two inputs of each row; their means are those of FeatureEffects, whatever they are.
inline constexpr std::size_t kInputs = 2;
inline constexpr double kMeans[kInputs] = {0.25, 0.5};
inline double input(std::size_t row, std::size_t f) {
  return f == 0 ? (row % 2 == 0 ? 1 : 0) : 0.75 * static_cast<double>(row);
}

// f of a row.
inline Pair featured(const Side& side, std::size_t row) {
  Pair sum{};
  for (std::size_t f = 0; f < side.features.size(); ++f) {
    for (std::size_t k = 0; k < kFree; ++k) sum[k] += (input(row, f) - kMeans[f]) * side.features[f][k];
  }
  return sum;
}

inline void draw_side(Side& side, bool users, const Moves& with, double freedom, Numbers& numbers) {
  side.freedom = freedom;
  do {
    side.precision = {};
    for (std::size_t k = 0; k < kFree; ++k) {
      const double x = numbers.normal() / std::sqrt(kScatter);
      const double y = numbers.normal() / std::sqrt(kScatter);
      side.precision.a += x * x;
      side.precision.b += x * y;
      side.precision.c += y * y;
    }
  } while (side.precision.least_eigenvalue() < kLeastEigenvalue);
  do side.strength = numbers.gamma(0.5, 0.5);
  while (side.strength < kLeastStrength);
  const auto scaled = [&](double by) {
    Pair out = side.precision.draw(numbers);
    for (double& element : out) element /= std::sqrt(by);
    return out;
  };
  side.mean = scaled(2);
  side.effects.assign(users ? kItems : kUsers, {});
  if (with.partners) {
    for (Pair& effect : side.effects) effect = scaled(side.strength);
  }
  side.features.assign(kInputs, {});
  if (with.features) {
    for (Pair& effect : side.features) effect = scaled(kStrengthOfFeatures);
  }
  side.rows.assign(users ? kUsers : kItems, {});
  side.weights.clear();
  for (std::size_t i = 0; i < side.rows.size(); ++i) {
    const Pair g = moved(side, users, i);
    const Pair f = featured(side, i);
    const Pair own = scaled(1);
    for (std::size_t k = 0; k < kFree; ++k) side.rows[i][k] = side.mean[k] + g[k] + f[k] + own[k];
    side.weights.push_back(numbers.gamma(freedom / 2, freedom / 2));
  }
}

inline State draw_state(const Moves& with, Numbers& numbers) {
  State state;
  do state.noise = numbers.gamma(1, kUnit / 2);
  while (state.noise < kLeastNoise);
  draw_side(state.users, true, with, 6, numbers);
  draw_side(state.items, false, with, 9, numbers);
  return state;
}

// A row is a factor and a bias.
inline double product(const State& state, std::size_t user, std::size_t item) {
  const Pair& u = state.users.rows[user];
  const Pair& v = state.items.rows[item];
  return u[0] * v[0] + kPin * (u[1] + v[1]);
}

inline double precision_of(const State& state, std::size_t user, std::size_t item) {
  return state.noise * state.users.weights[user] * state.items.weights[item];
}

// The ratings as RatingSides whose values can be changed.
struct Ratings {
  Ratings() {
    for (const bool by_user : {true, false}) {
      auto& offsets = by_user ? user_offsets : item_offsets;
      auto& indices = by_user ? user_indices : item_indices;
      offsets.push_back(0);
      for (std::size_t i = 0; i < (by_user ? kUsers : kItems); ++i) {
        for (std::size_t j = 0; j < (by_user ? kItems : kUsers); ++j) {
          if (by_user ? rated(i, j) : rated(j, i)) indices.push_back(static_cast<Index>(j));
        }
        offsets.push_back(indices.size());
      }
    }
    user_values.resize(user_indices.size());
    item_values.resize(item_indices.size());
  }

  RatingSide by_user() const { return {user_offsets, user_indices, {user_values.data(), 0}, nullptr, kItems}; }
  RatingSide by_item() const { return {item_offsets, item_indices, {item_values.data(), 0}, nullptr, kUsers}; }

  template <class Body>
  void for_each(Body&& body) {
    for (std::size_t user = 0; user < kUsers; ++user) {
      for (Offset t = user_offsets[user]; t < user_offsets[user + 1]; ++t) body(user, user_indices[t], user_values[t]);
    }
  }

  // To both orientations.
  void draw(const State& state, Numbers& numbers) {
    for_each([&](std::size_t user, Index item, Real& value) {
      value =
          static_cast<Real>(product(state, user, item) + numbers.normal() / std::sqrt(precision_of(state, user, item)));
      for (Offset t = item_offsets[item]; t < item_offsets[item + 1]; ++t) {
        if (item_indices[t] == user) item_values[t] = value;
      }
    });
  }

  double weighted_squares(const State& state) {
    double sum = 0;
    for_each([&](std::size_t user, Index item, Real& value) {
      const double error = static_cast<double>(value) - product(state, user, item);
      sum += precision_of(state, user, item) * error * error;
    });
    return sum;
  }

  std::vector<Offset> user_offsets;
  std::vector<Offset> item_offsets;
  std::vector<Index> user_indices;
  std::vector<Index> item_indices;
  std::vector<Real> user_values;
  std::vector<Real> item_values;
};

}  // namespace odot::test
