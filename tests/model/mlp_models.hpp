// Networks for the tests of the model folder.
#pragma once

#include <random>
#include <string>

#include "kernels/dense_layers.hpp"
#include "odot/model/mlp.hpp"

namespace odot::test {

/// Random weights; 9 users with a number and two categories, 7 items with a number; ids and categories of any bytes.
inline Mlp random_mlp(const std::vector<std::size_t>& hidden, bool output_relu = false) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const auto fill = [&](auto& values, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) values.push_back(static_cast<Real>(uniform(generator)));
  };
  FeatureTable users{.path = "users", .ids = {}, .encoding = {}, .inputs = {}};
  users.encoding.id_name = "who";
  users.encoding.columns = {
      {.name = "age", .position = 1, .lowest = 7, .highest = 0.1 + 99},
      {.name = "lik\xe9", .position = 2, .categorical = true, .categories = {"caf\xe9", "\"t\""}}};
  std::ranges::sort(users.encoding.columns[1].categories);
  for (Index k = 0; k < 9; ++k) users.ids.add("user " + std::to_string(k * k));
  fill(users.inputs, 27);
  FeatureTable items{.path = "items", .ids = {}, .encoding = {}, .inputs = {}};
  items.encoding.columns = {{.position = 0, .lowest = -3, .highest = 5}};
  for (Index k = 0; k < 7; ++k) items.ids.add(k == 1 ? std::string("naïve \"\0\n", 11) : std::to_string(k));
  fill(items.inputs, 7);
  Mlp model;
  model.layers = {4};
  model.layers.insert(model.layers.end(), hidden.begin(), hidden.end());
  model.layers.push_back(1);
  model.output_relu = output_relu;
  model.set_features(users, items);
  fill(model.theta, DenseLayers(model.layers, false).size());
  model.scale = 0.1 + 4.0 / 3;
  model.lowest = 0.05;
  model.highest = 0.3;
  model.settings = {{"method", "mlp"}, {"note", "quotes \" and ümlauts"}};
  return model;
}

}  // namespace odot::test
