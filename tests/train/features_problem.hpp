// Ratings by users of items whose factors depend on features.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "odot/core/random.hpp"
#include "odot/features/features.hpp"
#include "train/cases.hpp"

namespace odot::test {

/// The first `cold` users and items have features and no training ratings; theirs of warm partners are held out.
struct FeaturesProblem {
  Dataset data;
  Triples of_cold_users;
  Triples of_cold_items;
  double noise = 0;
};

/// Inputs "a" to "d", a category each row has one of, and a number.
inline FeatureTable random_table(const std::string& prefix, Index count, const RandomStream& stream) {
  FeatureTable table{.path = prefix + ".csv", .ids = {}, .encoding = {}, .inputs = {}};
  table.encoding.columns = {{.name = "kind", .position = 1, .categorical = true, .categories = {"a", "b", "c", "d"}},
                            {.name = "age", .position = 2, .lowest = 0, .highest = 1}};
  for (Index i = 0; i < count; ++i) {
    table.ids.add(prefix + std::to_string(i));
    const auto kind = static_cast<std::size_t>(4 * stream.uniform(2 * i));
    for (std::size_t k = 0; k < 4; ++k) table.inputs.push_back(k == kind ? Real{1} : Real{0});
    table.inputs.push_back(static_cast<Real>(stream.uniform(2 * i + 1)));
  }
  return table;
}

/// Factors are a function of the inputs and normal numbers of deviation `own`.
inline FeaturesProblem features_problem(Index users, Index items, double share, double own, std::uint64_t seed,
                                        Index cold = 20) {
  constexpr std::size_t kRank = 2;
  constexpr std::size_t kWidth = kRank + 1;  // with a bias
  FeaturesProblem out;
  out.noise = 0.3;
  const RandomStream stream(seed, 9);
  std::uint64_t at = 0;
  const auto factors = [&](const FeatureTable& table) {
    const std::size_t inputs = table.encoding.inputs();
    std::vector<double> effects(inputs * kWidth);
    for (double& effect : effects) effect = 0.9 * stream.normal(at++);
    std::vector<double> rows(table.ids.size() * kWidth);
    for (std::size_t i = 0; i < table.ids.size(); ++i) {
      for (std::size_t k = 0; k < kWidth; ++k) {
        rows[i * kWidth + k] = own * stream.normal(at++);
        for (std::size_t f = 0; f < inputs; ++f) {
          rows[i * kWidth + k] += static_cast<double>(table.inputs[i * inputs + f]) * effects[f * kWidth + k];
        }
      }
    }
    return rows;
  };
  FeatureTable user_table = random_table("u", users, RandomStream(seed, 10));
  FeatureTable item_table = random_table("i", items, RandomStream(seed, 11));
  const std::vector<double> u = factors(user_table);
  const std::vector<double> v = factors(item_table);
  for (Index i = 0; i < users; ++i) out.data.users.add(user_table.ids[i]);
  for (Index j = 0; j < items; ++j) out.data.items.add(item_table.ids[j]);
  for (Index i = 0; i < users; ++i) {
    for (Index j = 0; j < items; ++j) {
      if (stream.uniform(at++) >= share) continue;
      double value = 3 + u[i * kWidth + kRank] + v[j * kWidth + kRank] + out.noise * stream.normal(at++);
      for (std::size_t k = 0; k < kRank; ++k) value += u[i * kWidth + k] * v[j * kWidth + k];
      if (i < cold && j < cold) continue;
      Triples& to = i < cold ? out.of_cold_users : j < cold ? out.of_cold_items : out.data.list;
      to.user.push_back(i);
      to.item.push_back(j);
      to.value.push_back(static_cast<Real>(value));
    }
  }
  out.data.user_features = std::move(user_table);
  out.data.item_features = std::move(item_table);
  return out;
}

inline FactorResult train_with(const Dataset& data, const TrainSettings& settings, const TrainObserver& observer = {},
                               const CheckpointSettings& checkpoints = {}) {
  TrainResult result = odot::train(data, settings, observer, checkpoints);
  return {dynamic_cast<Factorization&&>(*result.model), std::move(result.report)};
}

inline TrainSettings variational_settings(int rank, int sweeps, const std::string& svdpp) {
  TrainSettings settings{.method = "variational"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  limit(settings, {.iterations = sweeps});
  return settings;
}

inline TrainSettings gibbs_settings(int rank, int burn_in, int samples, int keep, const std::string& svdpp) {
  TrainSettings settings{.method = "gibbs"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  settings.parameters = {{"burn-in", burn_in}, {"samples", samples}, {"keep", keep}};
  return settings;
}

inline const FeatureTable& table_of(const Dataset& data, bool items) {
  return items ? *data.item_features : *data.user_features;
}

/// Elements of a row of a sample that are variables: its factors and its bias.
inline std::vector<std::size_t> variables(const FactorLayout& layout, bool items) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < static_cast<std::size_t>(layout.rank); ++k) out.push_back(k);
  out.push_back(static_cast<std::size_t>(items ? layout.item_bias() : layout.user_bias()));
  return out;
}

}  // namespace odot::test
