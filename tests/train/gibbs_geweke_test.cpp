// The whole sampler by Geweke's test (2004): sweeps that take turns with drawing the ratings anew leave the prior as it
// is. All distributions of the prior are drawn by code of this file.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "odot/core/parallel.hpp"
#include "support/sample_means.hpp"
#include "train/posterior/sampled_effects.hpp"
#include "train/posterior/sampled_rows.hpp"

namespace odot {
namespace {

using namespace test;

// α ~ Gamma(1, s²/2), ω ~ Gamma(ν/2, ν/2), Λ ~ Wishart(D, I / scatter), μ ~ N(0, (2Λ)⁻¹), τ ~ Gamma(½, ½),
// y ~ N(0, (τΛ)⁻¹), rows ~ N(μ + g, Λ⁻¹), a rating ~ N(u·v, 1/(α ω γ)). Some of these have no variance, and a chain
// would stay for ages where they are large: all are taken given that α, τ and the eigenvalues of Λ exceed a bound.
constexpr double kUnit = 1;  // s²
constexpr double kScatter = 1.5;
constexpr double kPin = 1;
constexpr double kLeastNoise = 0.3;
constexpr double kLeastStrength = 0.4;
constexpr double kLeastEigenvalue = 0.35;

constexpr std::size_t kFree = 2;  // D
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
  std::vector<Pair> effects;  // one for each row of the other side
  std::vector<Pair> rows;
  std::vector<double> weights;
  double freedom = 0;
};

struct State {
  double noise = 0;
  Side users;
  Side items;
};

constexpr std::size_t kUsers = 4;
constexpr std::size_t kItems = 3;

bool rated(std::size_t user, std::size_t item) { return !(user == 1 && item == 2) && !(user == 3 && item == 0); }

// g of a row.
Pair moved(const Side& side, bool users, std::size_t row) {
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

void draw_side(Side& side, bool users, bool with_effects, double freedom, Numbers& numbers) {
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
  if (with_effects) {
    for (Pair& effect : side.effects) effect = scaled(side.strength);
  }
  side.rows.assign(users ? kUsers : kItems, {});
  side.weights.clear();
  for (std::size_t i = 0; i < side.rows.size(); ++i) {
    const Pair g = moved(side, users, i);
    const Pair own = scaled(1);
    for (std::size_t k = 0; k < kFree; ++k) side.rows[i][k] = side.mean[k] + g[k] + own[k];
    side.weights.push_back(numbers.gamma(freedom / 2, freedom / 2));
  }
}

State draw_state(bool with_effects, Numbers& numbers) {
  State state;
  do state.noise = numbers.gamma(1, kUnit / 2);
  while (state.noise < kLeastNoise);
  draw_side(state.users, true, with_effects, 6, numbers);
  draw_side(state.items, false, with_effects, 9, numbers);
  return state;
}

// A row is a factor and a bias.
double product(const State& state, std::size_t user, std::size_t item) {
  const Pair& u = state.users.rows[user];
  const Pair& v = state.items.rows[item];
  return u[0] * v[0] + kPin * (u[1] + v[1]);
}

double precision_of(const State& state, std::size_t user, std::size_t item) {
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

// A side as the sampler's pieces have it.
struct SampledSide {
  SampledSide(const RatingSide& side, const RatingSide& partners, const FactorLayout& layout, bool users, Side& state)
      : ratings(side),
        by_user(users),
        pinned(users ? layout.user_pin() : layout.item_pin()),
        rows(side, layout, pinned),
        effects(side, partners, layout.stride()),
        stride(layout.stride()),
        now(state),
        theta(side.rows() * stride),
        means(theta.size()),
        variances(theta.size()),
        weights(side.rows()),
        roots(side.rows()),
        precision(stride * stride),
        mean(stride),
        partner_effects(partners.rows() * stride) {
    for (std::size_t i = 0; i < side.rows(); ++i) {
      theta[i * stride + static_cast<std::size_t>(pinned)] = static_cast<Real>(kPin);
    }
    write();
  }

  std::size_t element(std::size_t k) const { return rows.free()[k]; }

  void write() {
    const auto put = [&](const std::vector<Pair>& from, Vector& to) {
      for (std::size_t i = 0; i < from.size(); ++i) {
        for (std::size_t k = 0; k < kFree; ++k) to[i * stride + element(k)] = static_cast<Real>(from[i][k]);
      }
    };
    put(now.rows, theta);
    put(now.effects, partner_effects);
    put({now.mean}, mean);
    const Matrix& p = now.precision;
    precision[element(0) * stride + element(0)] = static_cast<Real>(p.a);
    precision[element(0) * stride + element(1)] = precision[element(1) * stride + element(0)] = static_cast<Real>(p.b);
    precision[element(1) * stride + element(1)] = static_cast<Real>(p.c);
    for (std::size_t i = 0; i < now.weights.size(); ++i) weights[i] = static_cast<Real>(now.weights[i]);
    for (std::size_t i = 0; i < now.rows.size(); ++i) {
      const Pair g = moved(now, by_user, i);
      for (std::size_t k = 0; k < kFree; ++k) effects.sums()[i * stride + element(k)] = static_cast<Real>(g[k]);
    }
  }

  void read() {
    const auto get = [&](const Vector& from, std::size_t at, std::size_t k) {
      return static_cast<double>(from[at * stride + element(k)]);
    };
    const auto take = [&](const Vector& from, std::vector<Pair>& to) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = {get(from, i, 0), get(from, i, 1)};
    };
    take(theta, now.rows);
    take(partner_effects, now.effects);
    now.mean = {get(mean, 0, 0), get(mean, 0, 1)};
    now.precision = {get(precision, element(0), 0), get(precision, element(0), 1), get(precision, element(1), 1)};
    now.weights.assign(weights.begin(), weights.end());
  }

  double draw_rows(SampledSide& other, double noise, bool with_effects, int sweep) {
    for (std::size_t j = 0; j < other.roots.size(); ++j) other.roots[j] = std::sqrt(other.weights[j]);
    const SampleTask task{other.theta.data(),
                          other.roots.data(),
                          {precision.data(), mean.data()},
                          with_effects ? effects.sums().data() : nullptr,
                          noise,
                          now.freedom,
                          1,
                          by_user ? Drawn::user_rows : Drawn::item_rows,
                          sweep};
    return rows.update(task, theta.data(), means.data(), variances.data(), weights.data());
  }

  void draw_prior(bool with_effects, int sweep) {
    const EffectsPrior partners{partner_effects.data(), now.effects.size(), now.strength};
    do {
      sample_prior(ratings, {theta.data(), nullptr, with_effects ? effects.sums().data() : nullptr},
                   with_effects ? &partners : nullptr, rows.free(), stride, kScatter,
                   Draws(1, by_user ? Drawn::user_prior : Drawn::item_prior, ++prior_draws),
                   {precision.data(), mean.data()});
      read();
    } while (now.precision.least_eigenvalue() < kLeastEigenvalue);
    if (!with_effects) return;
    double strength =
        effects.update(theta.data(), {precision.data(), mean.data()}, rows.free(), now.strength,
                       {1, by_user ? Drawn::user_effects : Drawn::item_effects, sweep}, partner_effects.data());
    read();
    // Again from the same distribution, where it is below the bound.
    Draws draws(2, Drawn::noise, sweep, by_user ? 1 : 2);
    double squares = 0;
    for (const Pair& effect : now.effects) squares += now.precision.form(effect);
    while (strength < kLeastStrength) {
      strength = draws.gamma((1 + static_cast<double>(kFree * now.effects.size())) / 2) / ((1 + squares) / 2);
    }
    now.strength = strength;
  }

  RatingSide ratings;
  bool by_user;
  int pinned;
  SampledRows rows;
  SampledEffects effects;
  std::size_t stride;
  Side& now;
  Vector theta;
  Vector means;
  Vector variances;
  Vector weights;
  Vector roots;
  Vector precision;
  Vector mean;
  Vector partner_effects;
  int prior_draws = 0;
};

// What is to have the same means: nothing without a variance.
std::vector<double> quantities(const State& state, bool with_effects) {
  std::vector<double> out{state.noise, state.noise * state.noise, std::log(state.noise)};
  for (const Side* side : {&state.users, &state.items}) {
    const bool users = side == &state.users;
    const Matrix& p = side->precision;
    out.insert(out.end(), {p.a, p.b, p.c, p.a * p.a, p.b * p.b, p.c * p.c, std::log(p.a * p.c - p.b * p.b)});
    const Pair& mean = side->mean;
    out.insert(out.end(), {mean[0], mean[1], mean[0] * mean[0], mean[0] * mean[1], mean[1] * mean[1], p.form(mean)});
    for (std::size_t i = 0; i < side->rows.size(); ++i) {
      const Pair& row = side->rows[i];
      const Pair g = moved(*side, users, i);
      const double weight = side->weights[i];
      out.insert(out.end(), {row[0], row[1], row[0] * row[0], row[0] * row[1], row[1] * row[1], row[0] * mean[0]});
      out.push_back(p.form({row[0] - mean[0] - g[0], row[1] - mean[1] - g[1]}));
      out.insert(out.end(), {weight, weight * weight, std::log(weight), weight * state.noise});
      if (with_effects) out.insert(out.end(), {row[0] * g[0], row[1] * g[1], g[0] * g[0]});
    }
    out.push_back(side->weights[0] * side->weights[1]);
    if (!with_effects) continue;
    out.insert(out.end(), {side->strength, side->strength * side->strength, std::log(side->strength)});
    for (const Pair& effect : side->effects) {
      out.insert(out.end(), {effect[0], effect[1] * effect[1], effect[0] * effect[1], p.form(effect) * side->strength});
    }
  }
  out.push_back(product(state, 0, 0));
  out.push_back(product(state, 2, 1) * product(state, 2, 1));
  return out;
}

TEST_CASE("sweeps and ratings that are drawn anew in turns leave the prior as it is") {
  set_threads(1);
  for (const bool with_effects : {false, true}) {
    CAPTURE(with_effects);
    Numbers numbers(4);
    const std::size_t count = quantities(draw_state(with_effects, numbers), with_effects).size();
    SampleMeans prior(count, 1);
    for (int sample = 0; sample < 100000; ++sample) {
      prior.add(quantities(draw_state(with_effects, numbers), with_effects));
    }
    State state = draw_state(with_effects, numbers);
    Ratings ratings;
    const FactorLayout layout{kUsers, kItems, 1, true};
    SampledSide users(ratings.by_user(), ratings.by_item(), layout, true, state.users);
    SampledSide items(ratings.by_item(), ratings.by_user(), layout, false, state.items);
    SampleMeans chain(count, 1000);
    SampleMeans squares(1, 1000);
    for (int sweep = 1; sweep <= 100000; ++sweep) {
      ratings.draw(state, numbers);
      users.draw_rows(items, state.noise, with_effects, sweep);
      const double errors = items.draw_rows(users, state.noise, with_effects, sweep);
      Draws draws(1, Drawn::noise, sweep);
      const auto shape = 1 + static_cast<double>(ratings.user_values.size()) / 2;
      do state.noise = draws.gamma(shape) / ((errors + kUnit) / 2);
      while (state.noise < kLeastNoise);
      users.draw_prior(with_effects, sweep);
      items.draw_prior(with_effects, sweep);
      chain.add(quantities(state, with_effects));
      squares.add({ratings.weighted_squares(state)});
    }
    for (std::size_t k = 0; k < count; ++k) {
      CAPTURE(k);
      CAPTURE(chain.mean(k));
      CAPTURE(prior.mean(k));
      const double error = std::hypot(chain.standard_error(k), prior.standard_error(k));
      CAPTURE(error);
      CHECK(std::abs(chain.mean(k) - prior.mean(k)) <= 5 * error);
      // So little that a wrong formula would be noticed.
      CHECK(error <= 0.25 * (1 + std::abs(prior.mean(k))));
    }
    check_means(squares, {static_cast<double>(ratings.user_values.size())}, 5);
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
