// Models for the tests of the model folder.
#pragma once

#include <random>
#include <string>

#include "odot/model/factorization.hpp"

namespace odot::test {

/// Random factors, biases and constants; pinned columns hold the pin.
inline Factorization random_model(Index users, Index items, int rank, bool biases, double pin, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Factorization model;
  model.layout = {users, items, rank, biases};
  model.theta.assign(model.layout.size(), Real(0));
  const auto fill = [&](std::size_t row, int pinned) {
    for (std::size_t k = 0; k < model.layout.width(); ++k) {
      model.theta[row + k] = static_cast<Real>(static_cast<int>(k) == pinned ? pin : uniform(generator));
    }
  };
  for (Index i = 0; i < users; ++i) fill(model.layout.user_row(i), model.layout.user_pin());
  for (Index j = 0; j < items; ++j) fill(model.layout.item_row(j), model.layout.item_pin());
  for (Index i = 0; i < users; ++i) model.users.add("user " + std::to_string(i * i));
  for (Index j = 0; j < items; ++j) model.items.add(j == 1 ? std::string("naïve \"\0\n", 11) : std::to_string(j));
  model.pin = biases ? pin : 1;
  model.mean = 0.1 + 10.0 / 3;
  model.lowest = 0.5;
  model.highest = 5;
  model.fallback_user_bias = 0.123;
  model.fallback_item_bias = -0.321;
  model.unknown_mean = 3.14;
  model.regularisation = Regularisation{0.05, 0};
  model.settings = {{"optimizer", "lbfgs"}, {"lambda", "0.05"}, {"note", "quotes \" and ümlauts"}};
  return model;
}

}  // namespace odot::test
