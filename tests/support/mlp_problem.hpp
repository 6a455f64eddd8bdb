// Small problems whose ratings are a function of features.
#pragma once

#include <cmath>
#include <random>
#include <string>

#include "odot/model/mlp.hpp"
#include "odot/train/train.hpp"
#include "support/saved_model.hpp"

namespace odot::test {

/// Ids "PREFIX0" … with `width` uniform numbers each.
inline FeatureTable random_features(const std::string& prefix, Index count, std::size_t width, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  FeatureTable table{.path = prefix + ".csv", .ids = {}, .encoding = {}, .inputs = {}};
  for (std::size_t k = 0; k < width; ++k) table.encoding.columns.push_back({.position = k + 1, .highest = 1});
  for (Index id = 0; id < count; ++id) table.ids.add(prefix + std::to_string(id));
  for (std::size_t k = 0; k < count * width; ++k) table.inputs.push_back(static_cast<Real>(uniform(generator)));
  return table;
}

struct MlpProblem {
  FeatureTable users = random_features("u", 60, 3, 1);
  FeatureTable items = random_features("i", 40, 2, 2);
  RatingList train;
  Triples valid;
};

/// Ratings `scale` · (3 + a curved function of the features), without noise; users u0 and u1 have none.
inline MlpProblem mlp_problem(std::size_t count = 3000, double scale = 1) {
  MlpProblem problem;
  std::mt19937 generator(3);
  for (Index user = 0; user < 60; ++user) problem.train.users.add("u" + std::to_string(user));
  for (Index item = 40; item-- > 0;) problem.train.items.add("i" + std::to_string(item));
  for (std::size_t k = 0; k < count; ++k) {
    const auto user = static_cast<Index>(2 + generator() % 58);
    const auto item = static_cast<Index>(generator() % 40);
    const Real* u = problem.users.inputs.data() + user * 3;
    const Real* v = problem.items.inputs.data() + (39 - item) * 2;
    const double value = 3 + 2 * std::abs(static_cast<double>(u[0] - v[0])) + static_cast<double>(u[1] * v[1]);
    Triples& list = k % 10 == 0 ? problem.valid : problem.train.ratings;
    list.user.push_back(user);
    list.item.push_back(item);
    list.value.push_back(static_cast<Real>(scale * value));
  }
  return problem;
}

/// What training a network gives.
struct NetworkResult {
  Mlp model;
  TrainReport report;
};

/// train() by the method mlp.
inline NetworkResult train_network(RatingList ratings, const Triples& valid, FeatureTable users, FeatureTable items,
                                   const TrainSettings& settings, const TrainObserver& observer = {},
                                   const CheckpointSettings& checkpoints = {}) {
  Dataset data(std::move(ratings), valid);
  data.user_features = std::move(users);
  data.item_features = std::move(items);
  TrainResult result = train(std::move(data), settings, observer, checkpoints);
  return {dynamic_cast<Mlp&&>(*result.model), std::move(result.report)};
}

inline NetworkResult train_on(const MlpProblem& problem, const TrainSettings& settings,
                              const TrainObserver& observer = {}) {
  return train_network(problem.train, problem.valid, problem.users, problem.items, settings, observer);
}

}  // namespace odot::test
