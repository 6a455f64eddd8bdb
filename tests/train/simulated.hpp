// Ratings that a model with biases and noise gives.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "odot/core/random.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"

namespace odot::test {

/// Ratings u_i·v_j + b_i + c_j + noise of chosen pairs; some users and items may stay without.
struct Simulated {
  RatingList list;
  Triples valid;
};

inline Simulated simulate(Index users, Index items, std::size_t rank, double share, double noise, std::uint64_t seed,
                          double mean = 3) {
  const RandomStream stream(seed, 1);
  std::uint64_t at = 0;
  const auto normals = [&](std::size_t count, double deviation) {
    Plain out(count);
    for (double& element : out) element = deviation * stream.normal(at++);
    return out;
  };
  const Plain u = normals(users * rank, 0.8);
  const Plain v = normals(items * rank, 0.8);
  const Plain b = normals(users, 0.5);
  const Plain c = normals(items, 0.5);
  Uniform uniform(seed);
  Simulated out;
  std::vector<Index> of_users;
  std::vector<Index> of_items;
  std::vector<Real> values;
  for (Index i = 0; i < users; ++i) {
    for (Index j = 0; j < items; ++j) {
      const double chance = uniform(0, 1);
      if (chance >= share * 1.1) continue;
      double value = mean + b[i] + c[j] + noise * stream.normal(at++);
      for (std::size_t k = 0; k < rank; ++k) value += u[i * rank + k] * v[j * rank + k];
      if (chance >= share) {
        out.valid.user.push_back(i);
        out.valid.item.push_back(j);
        out.valid.value.push_back(static_cast<Real>(value));
        continue;
      }
      of_users.push_back(i);
      of_items.push_back(j);
      values.push_back(static_cast<Real>(value));
    }
  }
  out.list = list_of(of_users, of_items, values);
  while (out.list.users.size() < users) out.list.users.add(std::to_string(out.list.users.size()));
  while (out.list.items.size() < items) out.list.items.add(std::to_string(out.list.items.size()));
  return out;
}

/// Checks that ratings of another scale give predictions of that scale, to within so much of it, and the same
/// objective, to within that share.
inline void check_scaling(const TrainSettings& settings, double of_predictions, double of_objective) {
  const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 10);
  const FactorResult one = train(data.list, {}, settings);
  // A power of four has a root without rounding: not a bit differs.
  for (const double by : {1024.0, 1000.0, 0.001}) {
    CAPTURE(by);
    RatingList list = data.list;
    for (Real& value : list.ratings.value) value = static_cast<Real>(by * static_cast<double>(value));
    const FactorResult scaled = train(list, {}, settings);
    for (Index user = 0; user < 30; ++user) {
      for (Index item = 0; item < 20; ++item) {
        const double expected = by * one.model.predict(user, item);
        const double found = scaled.model.predict(user, item);
        CHECK(std::abs(found - expected) <= (by == 1024 ? 0 : by * of_predictions));
      }
    }
    // It is in units of the ratings.
    CHECK(scaled.report.optimisation.value == doctest::Approx(one.report.optimisation.value).epsilon(of_objective));
  }
}

}  // namespace odot::test
