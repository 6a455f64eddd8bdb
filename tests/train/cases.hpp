// Data and shorthands of the training tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "odot/ratings/split.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/train/train.hpp"
#include "support/saved_model.hpp"

namespace odot::test {

/// Ratings to train on and ratings held out from them.
struct Data {
  RatingList train;
  Triples valid;
};

inline Data hold_out(RatingList list, double fraction, std::uint64_t seed) {
  const Split split = split_ratings(list, fraction, seed);
  Triples valid = select(list.ratings, split.test);
  list.ratings = select(list.ratings, split.train);
  return {std::move(list), std::move(valid)};
}

/// Everyday ratings: half stars with noise, biases and a planted rank.
inline Data everyday_data() {
  return hold_out(synthesize({.users = 600, .items = 300, .ratings = 30000, .seed = 3}).list, 0.1, 1);
}

/// Ratings without noise, rounding or limits that factors of rank 3 (and biases) give exactly.
inline Data exact_data(double bias_deviation) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return hold_out(synthesize({.users = 300,
                              .items = 200,
                              .ratings = 45000,
                              .rank = 3,
                              .mean = 0.5,
                              .bias_deviation = bias_deviation,
                              .factor_deviation = 1,
                              .noise = 0,
                              .round_to = 0,
                              .lowest = -kInfinity,
                              .highest = kInfinity,
                              .seed = 2})
                      .list,
                  0.2, 1);
}

/// Ratings with ids "0", "1", …: rating k is values[k], by user users[k], of item items[k].
inline RatingList list_of(std::vector<Index> users, std::vector<Index> items, std::vector<Real> values) {
  RatingList list;
  for (const Index user : users) {
    while (list.users.size() <= user) list.users.add(std::to_string(list.users.size()));
  }
  for (const Index item : items) {
    while (list.items.size() <= item) list.items.add(std::to_string(list.items.size()));
  }
  list.ratings = {std::move(users), std::move(items), std::move(values)};
  return list;
}

/// 20,000 ratings from 1 to 5, half of them by user 0.
inline Data half_by_one_user() {
  std::vector<Index> users;
  std::vector<Index> items;
  std::vector<Real> values;
  for (Index k = 0; k < 20000; ++k) {
    users.push_back(k < 10000 ? 0 : 1 + k % 500);
    items.push_back(k < 10000 ? k : (k * 17 + k / 500) % 10000);
    values.push_back(static_cast<Real>(1 + (k * 7919) % 5));
  }
  return {list_of(users, items, values), {}};
}

/// The solver of rows that is no optimizer.
inline constexpr std::string_view kNewton = "newton";

/// These limits and no others: what `stop` leaves out is off.
inline void limit(TrainSettings& settings, const StopSettings& stop) {
  settings.iterations = stop.iterations;
  settings.tolerance = stop.tolerance;
  settings.time_limit = stop.seconds;
  settings.gradient_tolerance.reset();
  if (stop.gradient_tolerance > 0) settings.gradient_tolerance = stop.gradient_tolerance;
}

/// Plain factors: no mean, no biases, uniform λ.
inline TrainSettings plain(int rank, double lambda, const std::string& optimizer, int iterations) {
  TrainSettings settings{.method = "full"};
  settings.rank = rank;
  settings.regularisation = Regularisation{lambda};
  settings.center = false;
  settings.biases = false;
  settings.optimizer = optimizer;
  limit(settings, {.iterations = iterations});
  return settings;
}

/// What training a factorisation gives.
struct FactorResult {
  Factorization model;
  TrainReport report;
};

/// train() by a method that gives a factorization.
inline FactorResult train(RatingData data, const Triples& valid, const TrainSettings& settings,
                          const TrainObserver& observer = {}, const CheckpointSettings& checkpoints = {}) {
  TrainResult result = odot::train(Dataset(std::move(data), valid), settings, observer, checkpoints);
  return {dynamic_cast<Factorization&&>(*result.model), std::move(result.report)};
}

inline FactorResult train_on(const Data& data, const TrainSettings& settings, const TrainObserver& observer = {}) {
  return train(data.train, data.valid, settings, observer);
}

/// A MovieLens file, where the machine has one: in the folder that the environment's ODOT_DATA names, or beside the
/// sources.
inline std::optional<std::string> movielens(const std::string& name) {
  const char* folder = std::getenv("ODOT_DATA");
  const std::string path = (folder ? std::string(folder) : std::string(ODOT_SOURCE_DIR "/../shared/data")) + "/" + name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

}  // namespace odot::test
