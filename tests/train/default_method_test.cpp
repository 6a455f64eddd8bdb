// What is trained where less is said: the method that settings mean, and what variational and gibbs decide by ratings.
#include <doctest/doctest.h>

#include <string>

#include "odot/core/error.hpp"
#include "odot/ratings/split.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/train/methods.hpp"
#include "train/cases.hpp"
#include "train/simulated.hpp"

namespace odot {
namespace {

using namespace test;

std::string method_of_words(const std::vector<std::pair<std::string, std::string>>& words) {
  TrainSettings settings;
  for (const auto& [name, text] : words) set(settings, name, text);
  return method_of(settings).name;
}

TEST_CASE("the method is the first that takes all that is set, or the one that takes steps") {
  CHECK(method_of_words({}) == "variational");
  CHECK(method_of_words({{"rank", "8"}, {"seed", "3"}, {"early-stop", "2"}}) == "variational");
  CHECK(method_of_words({{"svdpp", "users"}}) == "variational");
  CHECK(method_of_words({{"center", "yes"}}) == "variational");
  CHECK(method_of_words({{"center", "no"}}) == "blocks");
  CHECK(method_of_words({{"biases", "no"}}) == "blocks");
  CHECK(method_of_words({{"lambda", "3"}}) == "blocks");
  CHECK(method_of_words({{"lambda-per-rating", "0.1"}, {"rank", "8"}}) == "blocks");
  CHECK(method_of_words({{"block-rows", "5"}}) == "blocks");
  CHECK(method_of_words({{"optimizer", "newton"}}) == "blocks");
  CHECK(method_of_words({{"optimizer", "adam"}}) == "full");
  CHECK(method_of_words({{"line-search", "exact"}, {"lambda", "3"}}) == "full");
  CHECK(method_of_words({{"momentum", "0.5"}}) == "full");
  CHECK(method_of_words({{"burn-in", "5"}}) == "gibbs");
  CHECK(method_of_words({{"layers", "5"}}) == "mlp");
  // One that is named is that one, whatever else is set.
  CHECK(method_of_words({{"method", "nnmf"}, {"svdpp", "both"}}) == "nnmf");
  // None takes both.
  CHECK(method_of_words({{"svdpp", "both"}, {"lambda", "3"}}) == "variational");
  TrainSettings both;
  set(both, "svdpp", "both");
  set(both, "lambda", "3");
  CHECK_THROWS_WITH_AS(
      check(both),
      doctest::Contains("lambda is for blocks, full, nnmf; svdpp for variational, gibbs: no method takes all"), Error);
  TrainSettings without;
  set(without, "biases", "no");
  set(without, "burn-in", "3");
  CHECK_THROWS_WITH_AS(check(without), doctest::Contains("no-biases is for blocks, full, nnmf; burn-in for gibbs"),
                       Error);
}

TEST_CASE("the rank is the number of ratings that a row has on average, within bounds, or what is asked for") {
  struct Shape {
    Index users;
    Index items;
    std::size_t ratings;
    int rank;
  };
  for (const std::string method : {"variational", "gibbs"}) {
    for (const auto& [users, items, ratings, rank] : std::vector<Shape>{{40, 20, 120, 6},
                                                                        {40, 20, 419, 6},
                                                                        {40, 20, 420, 7},
                                                                        {40, 20, 719, 11},
                                                                        {40, 20, 720, 12},
                                                                        {100, 60, 4799, 29},
                                                                        {100, 60, 6000, 30}}) {
      CAPTURE(method);
      CAPTURE(ratings);
      std::vector<Index> of_users;
      std::vector<Index> of_items;
      std::vector<Real> values;
      for (std::size_t k = 0; k < ratings; ++k) {
        of_users.push_back(static_cast<Index>(k % users));
        of_items.push_back(static_cast<Index>((k % users + k / users) % items));
        values.push_back(static_cast<Real>(1 + k % 5));
      }
      RatingList list = list_of(of_users, of_items, values);
      // Rows without ratings do not count.
      for (int more = 0; more < 100; ++more) list.users.add("nobody " + std::to_string(more));
      TrainSettings settings{.method = method};
      set(settings, "iterations", "1");
      set(settings, "svdpp", "none");
      if (method == "gibbs") set(settings, "keep", "1");
      CHECK(*train(list, {}, settings).report.settings.rank == rank);
      settings.rank = 3;
      CHECK(*train(list, {}, settings).report.settings.rank == 3);
    }
  }
}

// Ratings by groups of users, who choose the items of their own group more often where `choose`, and like all items of
// it a little better than others.
RatingList grouped(Index users, Index items, bool choose) {
  Uniform uniform(7);
  std::vector<Index> of_users;
  std::vector<Index> of_items;
  std::vector<Real> values;
  for (Index user = 0; user < users; ++user) {
    for (Index item = 0; item < items; ++item) {
      const bool own = user % 4 == item % 4;
      if (uniform(0, 1) > (choose ? (own ? 0.5 : 0.05) : 0.16)) continue;
      of_users.push_back(user);
      of_items.push_back(item);
      values.push_back(static_cast<Real>((own ? 4 : 3) + uniform(-1.5, 1.5)));
    }
  }
  return list_of(of_users, of_items, values);
}

TEST_CASE("effects of partners are there where they predict better, and where enough ratings say so") {
  const auto decided = [](const RatingList& list) {
    return *train(list, {}, {.rank = 4, .iterations = 1}).report.settings.svdpp;
  };
  CHECK(decided(grouped(1600, 120, true)) == "both");
  CHECK(decided(grouped(1600, 120, false)) == "none");
  CHECK(decided(grouped(160, 120, true)) == "none");
}

TEST_CASE("early stopping waits until a model tells what it will be worth") {
  // Held-out ratings that no model predicts: the first iterate is the best.
  Simulated data = simulate(30, 20, 2, 0.5, 0.3, 5);
  for (std::size_t k = 0; k < data.valid.size(); ++k) data.valid.value[k] = k % 2 == 0 ? Real{100} : Real{-100};
  for (const auto& [method, sweeps] : std::vector<std::pair<std::string, int>>{{"blocks", 1}, {"variational", 7}}) {
    CAPTURE(method);
    TrainSettings settings{.method = method, .rank = 2, .iterations = 20, .tolerance = 0, .early_stop = 1};
    const FactorResult result = train(data.list, data.valid, settings);
    const int best = result.report.best_iteration.value();
    CHECK(result.report.optimisation.counts.iterations == std::max(best, sweeps - 1) + 1);
    CHECK(result.report.stop_reason == "early_stop");
  }
  TrainSettings sampler{.method = "gibbs", .rank = 2, .iterations = 60, .early_stop = 1};
  set(sampler, "burn-in", "5");
  CHECK(train(data.list, data.valid, sampler).report.optimisation.counts.iterations > 15);
}

TEST_CASE("what rows of few ratings share is found, from random rows") {
  // Each item has some six ratings, each user 200. One factor is no more than noise here.
  const RatingList all = synthesize({.users = 300, .items = 10000, .ratings = 60000, .rank = 6, .seed = 3}).list;
  const Split parts = split_ratings(all, 0.1, 1);
  const RatingList list{all.users, all.items, select(all.ratings, parts.train)};
  const auto rmse = [&](int rank) {
    return train(list, select(all.ratings, parts.test), {.rank = rank, .svdpp = "none"}).report.valid->rmse;
  };
  CHECK(rmse(6) < 0.99 * rmse(1));
}

}  // namespace
}  // namespace odot
