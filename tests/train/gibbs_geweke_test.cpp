// The whole sampler by Geweke's test (2004): sweeps that take turns with drawing the ratings anew leave the prior as it
// is.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "odot/core/parallel.hpp"
#include "support/sample_means.hpp"
#include "train/geweke_model.hpp"
#include "train/posterior/sampled_side.hpp"

namespace odot {
namespace {

using namespace test;

RowInputs inputs_of(std::size_t rows) {
  RowInputs out{{}, kInputs, {}, {}, {}};
  for (const double mean : kMeans) out.means.push_back(static_cast<Real>(mean));
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t f = 0; f < kInputs; ++f) out.rows.push_back(static_cast<Real>(input(i, f)));
  }
  return out;
}

// A side as the sampler's pieces have it.
struct SamplerSide {
  SamplerSide(const RatingSide& side, const RatingSide& partners, const FactorLayout& layout, bool users,
              const Moves& moves, Side& state)
      : inputs(moves.features ? inputs_of(side.rows()) : RowInputs{}),
        by_user(users),
        pinned(users ? layout.user_pin() : layout.item_pin()),
        pieces(side, partners, layout, pinned, moves.partners, inputs, 0),
        stride(layout.stride()),
        now(state),
        theta(side.rows() * stride),
        weights(side.rows()),
        precision(stride * stride),
        mean(stride),
        partner_effects(partners.rows() * stride),
        features(kInputs * stride) {
    for (std::size_t i = 0; i < side.rows(); ++i) {
      theta[i * stride + static_cast<std::size_t>(pinned)] = static_cast<Real>(kPin);
    }
    write();
  }

  std::size_t element(std::size_t k) const { return pieces.rows.free()[k]; }

  void write() {
    const auto put = [&](const std::vector<Pair>& from, Vector& to) {
      for (std::size_t i = 0; i < from.size(); ++i) {
        for (std::size_t k = 0; k < kFree; ++k) to[i * stride + element(k)] = static_cast<Real>(from[i][k]);
      }
    };
    put(now.rows, theta);
    put(now.effects, partner_effects);
    put(now.features, features);
    put({now.mean}, mean);
    const Matrix& p = now.precision;
    precision[element(0) * stride + element(0)] = static_cast<Real>(p.a);
    precision[element(0) * stride + element(1)] = precision[element(1) * stride + element(0)] = static_cast<Real>(p.b);
    precision[element(1) * stride + element(1)] = static_cast<Real>(p.c);
    for (std::size_t i = 0; i < now.weights.size(); ++i) weights[i] = static_cast<Real>(now.weights[i]);
    if (pieces.features) pieces.features->move(features.data());
    for (std::size_t i = 0; pieces.effects && i < now.rows.size(); ++i) {
      const Pair g = moved(now, by_user, i);
      for (std::size_t k = 0; k < kFree; ++k) pieces.effects->sums()[i * stride + element(k)] = static_cast<Real>(g[k]);
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
    take(features, now.features);
    now.mean = {get(mean, 0, 0), get(mean, 0, 1)};
    now.precision = {get(precision, element(0), 0), get(precision, element(0), 1), get(precision, element(1), 1)};
    now.weights.assign(weights.begin(), weights.end());
  }

  double draw_rows(SamplerSide& other, double noise, int sweep) {
    for (std::size_t j = 0; j < other.weights.size(); ++j) other.pieces.roots[j] = std::sqrt(other.weights[j]);
    const SampleTask task{other.theta.data(),
                          other.pieces.roots.data(),
                          {precision.data(), mean.data()},
                          pieces.offsets(),
                          noise,
                          now.freedom,
                          1,
                          by_user ? Drawn::user_rows : Drawn::item_rows,
                          sweep};
    return pieces.rows.update(task, theta.data(), pieces.means.data(), pieces.variances.data(), weights.data());
  }

  void draw_prior(int sweep) {
    std::vector<EffectsPrior> effects;
    if (pieces.effects) effects.push_back({partner_effects.data(), now.effects.size(), now.strength});
    if (pieces.features) effects.push_back({features.data(), kInputs, kFeatureStrength});
    const std::vector<std::size_t>& free = pieces.rows.free();
    do {
      sample_prior(pieces.ratings, {theta.data(), nullptr, pieces.offsets()}, effects, free, stride, kScatter,
                   Draws(1, by_user ? Drawn::user_prior : Drawn::item_prior, ++prior_draws),
                   {precision.data(), mean.data()});
      read();
    } while (now.precision.least_eigenvalue() < kLeastEigenvalue);
    const ConstGaussianPrior prior{precision.data(), mean.data()};
    if (pieces.effects) draw_partners(prior, sweep);
    if (pieces.features) {
      pieces.features->draw(theta.data(), prior, pieces.partner_sums(),
                            {1, by_user ? Drawn::user_features : Drawn::item_features, sweep}, features.data());
    }
    read();
  }

  void draw_partners(const ConstGaussianPrior& prior, int sweep) {
    double strength =
        pieces.effects->update(pieces.without_features(theta.data()), prior, pieces.rows.free(), now.strength,
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

  RowInputs inputs;
  bool by_user;
  int pinned;
  SampledSide pieces;
  std::size_t stride;
  Side& now;
  Vector theta;
  Vector weights;
  Vector precision;
  Vector mean;
  Vector partner_effects;
  Vector features;
  int prior_draws = 0;
};

// What is to have the same means: nothing without a variance.
std::vector<double> quantities(const State& state, const Moves& with) {
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
      const Pair f = featured(*side, i);
      const double weight = side->weights[i];
      out.insert(out.end(), {row[0], row[1], row[0] * row[0], row[0] * row[1], row[1] * row[1], row[0] * mean[0]});
      out.push_back(p.form({row[0] - mean[0] - g[0] - f[0], row[1] - mean[1] - g[1] - f[1]}));
      out.insert(out.end(), {weight, weight * weight, std::log(weight), weight * state.noise});
      if (with.partners) out.insert(out.end(), {row[0] * g[0], row[1] * g[1], g[0] * g[0]});
      if (with.features) out.insert(out.end(), {row[0] * f[0], row[1] * f[1], f[0] * f[0]});
      if (with.partners && with.features) out.push_back(f[0] * g[0]);
    }
    out.push_back(side->weights[0] * side->weights[1]);
    for (std::size_t k = 0; with.features && k < kInputs; ++k) {
      const Pair& effect = side->features[k];
      out.insert(out.end(), {effect[0], effect[1] * effect[1], effect[0] * effect[1], p.form(effect)});
    }
    if (!with.partners) continue;
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
  for (const Moves& with : {Moves{false, false}, Moves{true, false}, Moves{false, true}, Moves{true, true}}) {
    CAPTURE(with.partners);
    CAPTURE(with.features);
    Numbers numbers(4);
    const std::size_t count = quantities(draw_state(with, numbers), with).size();
    SampleMeans prior(count, 1);
    for (int sample = 0; sample < 100000; ++sample) {
      prior.add(quantities(draw_state(with, numbers), with));
    }
    State state = draw_state(with, numbers);
    Ratings ratings;
    const FactorLayout layout{kUsers, kItems, 1, true};
    SamplerSide users(ratings.by_user(), ratings.by_item(), layout, true, with, state.users);
    SamplerSide items(ratings.by_item(), ratings.by_user(), layout, false, with, state.items);
    SampleMeans chain(count, 1000);
    SampleMeans squares(1, 1000);
    for (int sweep = 1; sweep <= 100000; ++sweep) {
      ratings.draw(state, numbers);
      users.draw_rows(items, state.noise, sweep);
      const double errors = items.draw_rows(users, state.noise, sweep);
      Draws draws(1, Drawn::noise, sweep);
      const auto shape = 1 + static_cast<double>(ratings.user_values.size()) / 2;
      do state.noise = draws.gamma(shape) / ((errors + kUnit) / 2);
      while (state.noise < kLeastNoise);
      users.draw_prior(sweep);
      items.draw_prior(sweep);
      chain.add(quantities(state, with));
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
