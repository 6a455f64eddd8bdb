// Simple models to compare others with.
#include <algorithm>

#include "odot/model/ranking.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kItemShrinkage = 25;  // λ₂ and λ₃ of Koren 2010: ratings that a bias of 0 is worth
constexpr double kUserShrinkage = 10;

Factorization constant_model(Index users, Index items, const ValueSummary& values) {
  Factorization model;
  model.layout = {users, items, 0, true};
  model.theta.assign(model.layout.size(), Real{0});
  for (Index user = 0; user < users; ++user) model.theta[model.layout.user_row(user) + 1] = 1;
  for (Index item = 0; item < items; ++item) model.theta[model.layout.item_row(item)] = 1;
  model.mean = model.unknown_mean = values.mean;
  model.lowest = values.lowest;
  model.highest = values.highest;
  return model;
}

struct Bias {
  double sum = 0;
  double count = 0;

  double shrunk(double shrinkage) const { return sum / (shrinkage + count); }
};

Factorization bias_model(const Factorization& mean, const Triples& train) {
  Factorization model = mean;
  std::vector<Bias> items(model.layout.items);
  std::vector<Bias> users(model.layout.users);
  const auto add = [](Bias& bias, double value) {
    bias.sum += value;
    ++bias.count;
  };
  for (std::size_t k = 0; k < train.size(); ++k) {
    if (train.item[k] != kUnknown) add(items[train.item[k]], static_cast<double>(train.value[k]) - model.mean);
  }
  for (std::size_t k = 0; k < train.size(); ++k) {
    if (train.user[k] == kUnknown) continue;
    const double item = train.item[k] == kUnknown ? 0 : items[train.item[k]].shrunk(kItemShrinkage);
    add(users[train.user[k]], static_cast<double>(train.value[k]) - model.mean - item);
  }
  for (Index user = 0; user < model.layout.users; ++user) {
    model.theta[model.layout.user_row(user)] = static_cast<Real>(users[user].shrunk(kUserShrinkage));
  }
  for (Index item = 0; item < model.layout.items; ++item) {
    model.theta[model.layout.item_row(item) + 1] = static_cast<Real>(items[item].shrunk(kItemShrinkage));
  }
  return model;
}

Factorization popularity_model(Index users, Index items, const Triples& train) {
  std::vector<Offset> counts(items);
  for (Index item : train.item) {
    if (item != kUnknown) ++counts[item];
  }
  // Places among the different counts, which Real holds exactly where it may not hold the counts.
  std::vector<Offset> different = counts;
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  Factorization model;
  model.layout = {users, items, 1, false};
  model.theta.assign(model.layout.size(), Real{0});
  for (Index user = 0; user < users; ++user) model.theta[model.layout.user_row(user)] = 1;
  for (Index item = 0; item < items; ++item) {
    const auto place = std::lower_bound(different.begin(), different.end(), counts[item]) - different.begin();
    model.theta[model.layout.item_row(item)] = static_cast<Real>(place);
  }
  return model;
}

}  // namespace

Baselines make_baselines(Index users, Index items, const Triples& train) {
  Factorization mean = constant_model(users, items, summarize(train.value));
  Factorization bias = bias_model(mean, train);
  return {std::move(mean), std::move(bias), popularity_model(users, items, train)};
}

}  // namespace odot::inline ODOT_PRECISION
