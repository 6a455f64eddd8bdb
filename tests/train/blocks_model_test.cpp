// Models trained row by row and column by column: the same bits on any number of threads, and what is reported of them.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/parallel.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

TrainSettings blocks(std::string_view optimizer, int sweeps) {
  TrainSettings settings{.method = "blocks"};
  settings.optimizer = optimizer;
  limit(settings, {.iterations = sweeps});
  return settings;
}

// `long_users` users with `each` ratings and 300 with a few.
Data long_data(Index long_users, Index each) {
  std::vector<Index> users;
  std::vector<Index> items;
  std::vector<Real> values;
  const auto add = [&](Index user, Index item) {
    users.push_back(user);
    items.push_back(item);
    values.push_back(static_cast<Real>(1 + (user * 31 + item * 7919) % 5));
  };
  for (Index user = 0; user < long_users; ++user) {
    for (Index item = 0; item < each; ++item) add(user, item);
  }
  for (Index k = 0; k < 3000; ++k) add(long_users + k / 10, (k * 17) % each);
  return {list_of(users, items, values), {}};
}

TEST_CASE("the same model file on any number of threads, with rows of one and of many pieces") {
  // 300,000 ratings are more than 256 pieces in a row; 140 rows of two pieces are more than 256 in a block.
  for (const Data& data : {everyday_data(), long_data(3, 10000), long_data(1, 300000), long_data(140, 2100)}) {
    const bool large = data.train.ratings.size() > 100000;
    for (const std::string_view optimizer : {kNewton, std::string_view("bfgs")}) {
      if (large && optimizer != kNewton) continue;
      CAPTURE(optimizer);
      TrainSettings settings = blocks(optimizer, 2);
      settings.rank = 5;
      settings.regularisation = Regularisation{3, 0};
      if (large) settings.block_rows = data.train.users.size();
      set_threads(1);
      const FactorResult one = train_on(data, settings);
      for (const int count : {2, 5}) {
        if (large && count == 2) continue;
        CAPTURE(count);
        set_threads(count);
        const FactorResult many = train_on(data, settings);
        CHECK((many.model.theta == one.model.theta));
        CHECK(many.report.optimisation.value == one.report.optimisation.value);
        if (!large) CHECK((file_bytes(many.model) == file_bytes(one.model)));
      }
      set_threads(0);
      // f from the model that is kept, rating by rating: its biases are in units of the ratings.
      const double deviation = summarize(data.train.ratings.value).deviation;
      const FactorLayout& layout = one.model.layout;
      double value = 0;
      for (std::size_t t = 0; t < data.train.ratings.size(); ++t) {
        const Triples& ratings = data.train.ratings;
        value +=
            std::pow(one.model.predict(ratings.user[t], ratings.item[t]) - static_cast<double>(ratings.value[t]), 2);
      }
      for (std::size_t row = 0; row < std::size_t{layout.users} + layout.items; ++row) {
        const Real* values = one.model.theta.data() + row * layout.stride();
        for (std::size_t k = 0; k < 5; ++k)
          value += one.report.regularisation.lambda * std::pow(static_cast<double>(values[k]), 2);
        const int bias = row < layout.users ? layout.user_bias() : layout.item_bias();
        value += one.report.regularisation.lambda * std::pow(static_cast<double>(values[bias]), 2) / deviation;
      }
      CHECK(one.report.optimisation.value == doctest::Approx(value).epsilon(1e-4));
    }
  }
}

TEST_CASE("mean and biases or not: it learns, whatever the scale of the ratings") {
  const Data data = everyday_data();
  Data large = data;
  for (Real& value : large.train.ratings.value) value *= 20;
  for (Real& value : large.valid.value) value *= 20;
  for (const bool center : {false, true}) {
    for (const bool biases : {false, true}) {
      TrainSettings settings = blocks(kNewton, 15);
      settings.center = center;
      settings.biases = biases;
      const TrainReport report = train_on(data, settings).report;
      CHECK(report.valid->rmse < 0.9 * summarize(data.valid.value).deviation);
      CHECK(train_on(large, settings).report.valid->rmse ==
            doctest::Approx(20 * report.valid->rmse).epsilon(tolerance(1e-9, 1e-3)));
    }
  }
}

TEST_CASE("the model's settings tell what decided the result") {
  const Data data = everyday_data();
  TrainSettings settings = blocks("bfgs", 1);
  settings.block_rows = 10;
  settings.inner_iterations = 2;
  const auto bfgs = train_on(data, settings).model.settings;
  CHECK(bfgs.at("method") == "blocks");
  CHECK(bfgs.at("optimizer") == "bfgs");
  CHECK(bfgs.at("line-search") == "weak-wolfe");
  CHECK(bfgs.at("inner-iterations") == "2");
  CHECK(bfgs.at("block-rows") == "10");
  CHECK(bfgs.count("block-cols") == 0);
  const auto newton = train_on(data, blocks(kNewton, 1)).model.settings;
  CHECK(newton.at("optimizer") == "newton");
  CHECK(newton.count("inner-iterations") == 0);
  CHECK(newton.count("line-search") == 0);
  CHECK(newton.count("gradient-tolerance") == 0);
}

}  // namespace
}  // namespace odot
