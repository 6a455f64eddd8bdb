// Ranking metrics by hand and against a naive implementation.
#include "odot/model/ranking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "models.hpp"
#include "odot/core/error.hpp"
#include "odot/model/evaluate.hpp"

namespace odot {
namespace {

using doctest::Approx;

TEST_CASE("a list by hand") {
  // Places 1, 3 and 5 of five are relevant; a fourth relevant item, 9, is not in the list.
  const std::vector<Scored> list{{4, 5}, {0, 4}, {2, 3}, {1, 2}, {7, 1}};
  const std::vector<Index> relevant{2, 4, 7, 9};
  const ListQuality five = list_quality(list, relevant, 5);
  CHECK(five.hit);
  CHECK(five.precision == Approx(3.0 / 5));
  CHECK(five.recall == Approx(3.0 / 4));
  // 1/log₂2 + 1/log₂4 + 1/log₂6 over 1/log₂2 + 1/log₂3 + 1/log₂4 + 1/log₂5
  CHECK(five.ndcg == Approx((1 + 0.5 + 0.3868528) / (1 + 0.6309298 + 0.5 + 0.4306766)));
  CHECK(five.average_precision == Approx((1.0 + 2.0 / 3 + 3.0 / 5) / 4));
  const ListQuality two = list_quality(list, relevant, 2);
  CHECK(two.precision == Approx(0.5));
  CHECK(two.recall == Approx(0.25));
  CHECK(two.ndcg == Approx(1 / (1 + 0.6309298)));
  CHECK(two.average_precision == Approx(0.5));
  // A list that is shorter than asked for, and one without a hit.
  CHECK(list_quality(list, relevant, 10).precision == Approx(0.3));
  const ListQuality none = list_quality(list, std::vector<Index>{8}, 5);
  CHECK(!none.hit);
  CHECK(none.ndcg == 0);
  CHECK(none.average_precision == 0);
  CHECK(list_quality(list, std::vector<Index>{4}, 1).ndcg == Approx(1));
}

// Two users of rank 1 whose scores are the items' factors, and their opposites.
Factorization two_users(const std::vector<Real>& items) {
  Factorization model;
  model.layout = {2, static_cast<Index>(items.size()), 1, false};
  model.theta.assign(model.layout.size(), Real{0});
  model.theta[model.layout.user_row(0)] = 1;
  model.theta[model.layout.user_row(1)] = -1;
  for (std::size_t k = 0; k < items.size(); ++k) model.theta[model.layout.item_row(static_cast<Index>(k))] = items[k];
  return model;
}

TEST_CASE("all measures by hand") {
  const Factorization model = two_users({5, 4, 3, 2, 2, 0});
  // User 0 ranks 0 1 2 3 4 5, and without item 0: 1 2 3 4 5. User 1 ranks 5 3 4 2 1 0.
  const ItemLists relevant(2, {{0, 0, 0, 1, kUnknown}, {2, 4, 0, 3, 1}, {}});
  const ItemLists seen(2, {{0}, {0}, {}});
  const RankingQuality found = evaluate_ranking(model.view(), relevant, &seen, 2);
  CHECK(found.users == 2);
  CHECK(found.relevant == 3);  // item 0 is excluded for user 0
  CHECK(found.hit_rate == Approx(1));
  CHECK(found.precision == Approx((0.5 + 0.5) / 2));
  CHECK(found.recall == Approx((0.5 + 1) / 2));
  // Each has its hit in place 2; user 0 could have two, user 1 one.
  CHECK(found.ndcg == Approx((0.6309298 / 1.6309298 + 0.6309298) / 2));
  CHECK(found.map == Approx((0.5 / 2 + 0.5) / 2));
  // User 0: of others 1, 3, 5, item 2 is above 3 and 5, item 4 above 5 and equal to 3: (2 + 1.5) / 6.
  // User 1: of others 0, 1, 2, 4, 5, item 3 is above 0, 1, 2 and equal to 4: 3.5 / 5.
  CHECK(found.auc == Approx((3.5 / 6 + 3.5 / 5) / 2));
  CHECK(found.coverage == Approx(4.0 / 6));  // 1 2, 5 3
}

RankingQuality naive(const FactorView& model, const ItemLists& relevant, const ItemLists& exclude, std::size_t top) {
  RankingQuality sum;
  std::set<Index> shown;
  std::size_t auc_users = 0;
  for (Index user = 0; user < model.layout.users; ++user) {
    const std::set<Index> seen(exclude[user].begin(), exclude[user].end());
    std::set<Index> good;
    for (Index item : relevant[user]) {
      if (!seen.count(item)) good.insert(item);
    }
    if (good.empty()) continue;
    std::vector<Index> order;
    for (Index item = 0; item < model.layout.items; ++item) {
      if (!seen.count(item)) order.push_back(item);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return model.predict(user, a) > model.predict(user, b); });
    ++sum.users;
    sum.relevant += good.size();
    double hits = 0, gain = 0, ideal = 0, precisions = 0, right = 0;
    std::size_t others_after = 0;
    for (std::size_t k = order.size(); k-- > 0;) {
      if (good.count(order[k])) {
        right += static_cast<double>(others_after);
      } else {
        ++others_after;
      }
    }
    for (std::size_t k = 0; k < std::min(top, order.size()); ++k) {
      shown.insert(order[k]);
      if (!good.count(order[k])) continue;
      hits += 1;
      gain += std::log(2.0) / std::log(2.0 + static_cast<double>(k));
      precisions += hits / static_cast<double>(k + 1);
    }
    const std::size_t most = std::min(top, good.size());
    for (std::size_t k = 0; k < most; ++k) ideal += std::log(2.0) / std::log(2.0 + static_cast<double>(k));
    sum.hit_rate += hits > 0;
    sum.precision += hits / static_cast<double>(top);
    sum.recall += hits / static_cast<double>(good.size());
    sum.ndcg += gain / ideal;
    sum.map += precisions / static_cast<double>(most);
    if (others_after > 0) {
      sum.auc += right / static_cast<double>(good.size()) / static_cast<double>(others_after);
      ++auc_users;
    }
  }
  const auto n = static_cast<double>(sum.users);
  for (double* one : {&sum.hit_rate, &sum.precision, &sum.recall, &sum.ndcg, &sum.map}) *one /= n;
  sum.auc /= static_cast<double>(auc_users);
  sum.coverage = static_cast<double>(shown.size()) / static_cast<double>(model.layout.items);
  return sum;
}

ItemLists random_lists(Index users, Index items, std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Triples pairs;
  for (std::size_t k = 0; k < count; ++k) {
    pairs.user.push_back(static_cast<Index>(generator() % users));
    pairs.item.push_back(static_cast<Index>(generator() % items));
  }
  return {users, pairs};
}

TEST_CASE("all measures are those of a naive implementation, on any number of threads") {
  for (bool biases : {false, true}) {
    for (std::size_t top : {1, 10, 5000}) {
      const Factorization model = test::random_model(300, 1300, 9, biases, 0.8);
      const ItemLists relevant = random_lists(300, 1300, 900, 1);  // some users have none
      const ItemLists seen = random_lists(300, 1300, 30'000, 2);
      const RankingQuality expected = naive(model.view(), relevant, seen, top);
      REQUIRE(expected.users < 300);
      const int before = threads();
      RankingQuality first;
      for (int count : {1, 2, 3}) {
        set_threads(count);
        const RankingQuality found = evaluate_ranking(model.view(), relevant, &seen, top);
        CHECK(found.users == expected.users);
        CHECK(found.relevant == expected.relevant);
        for (auto value : {&RankingQuality::hit_rate, &RankingQuality::precision, &RankingQuality::recall,
                           &RankingQuality::ndcg, &RankingQuality::map, &RankingQuality::coverage}) {
          CHECK(found.*value == Approx(expected.*value).epsilon(1e-12));
        }
        CHECK(found.auc == Approx(expected.auc).epsilon(1e-6));  // nearly equal scores are told apart in Real
        if (count == 1) first = found;
        CHECK(found.auc == first.auc);
        CHECK(found.ndcg == first.ndcg);
      }
      set_threads(before);
    }
  }
}

TEST_CASE("nothing to rank, everything relevant, lists that do not fit") {
  const Factorization model = two_users({3, 2, 1});
  const ItemLists nothing(2, {});
  CHECK(evaluate_ranking(model.view(), nothing, nullptr, 3).users == 0);
  const ItemLists all(2, {{0, 0, 0, 1, 1, 1}, {0, 1, 2, 0, 1, 2}, {}});
  CHECK(evaluate_ranking(model.view(), all, &all, 3).users == 0);
  const RankingQuality best = evaluate_ranking(model.view(), all, nullptr, 3);
  CHECK(best.ndcg == Approx(1));
  CHECK(best.map == Approx(1));
  CHECK(std::isnan(best.auc));  // there are no pairs
  const ItemLists too_few(1, {});
  CHECK_THROWS_AS(evaluate_ranking(model.view(), ItemLists(3, {}), nullptr, 3), Error);
  CHECK_THROWS_AS(evaluate_ranking(model.view(), nothing, &too_few, 3), Error);
  CHECK_THROWS_AS(evaluate_ranking(model.view(), ItemLists(2, {{0}, {3}, {}}), nullptr, 3), Error);
}

TEST_CASE("baselines by hand") {
  // Mean 3. Item 0: (5 − 3 + 4 − 3) / (25 + 2); item 1: (1 − 3) / (25 + 1); item 2: (2 − 3) / 26.
  const Triples train{{0, 1, 0, kUnknown}, {0, 0, 1, 2}, {5, 4, 1, 2}};
  const Baselines found = make_baselines(3, 4, train);
  const double items[] = {3.0 / 27, -2.0 / 26, -1.0 / 26, 0};
  const double users[] = {(2 - items[0] - 2 - items[1]) / 12, (1 - items[0]) / 11, 0};
  for (Index user = 0; user < 3; ++user) {
    for (Index item = 0; item < 4; ++item) {
      CHECK(found.mean.predict(user, item) == Approx(3));
      CHECK(found.bias.predict(user, item) == Approx(3 + items[item] + users[user]).epsilon(1e-6));
    }
  }
  CHECK(found.mean.predict(kUnknown, kUnknown) == Approx(3));
  CHECK(found.bias.predict(kUnknown, 0) == Approx(3 + items[0]).epsilon(1e-6));
  CHECK(found.bias.clipped(9) == 5);
  CHECK(found.bias.clipped(0) == 1);
  const std::vector<Index> one{1};
  const TopLists list = recommend(found.popularity.view(), one, {});
  std::vector<Index> order;
  for (const Scored& entry : list[0]) order.push_back(entry.index);
  CHECK(order == std::vector<Index>{0, 1, 2, 3});  // two ratings, one, one, none
}

}  // namespace
}  // namespace odot
