// Shares of the unobserved entries against counting them one by one.
#include "odot/model/unobserved.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "odot/core/parallel.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

struct Case {
  FactorizationProblem problem;
  Vector theta;
  FactorView view;
};

Case make(bool biases) {
  Case made{small_problem(3, biases), {}, {}};
  made.theta = random_theta(made.problem.layout, 1.5, 4);
  made.view.layout = made.problem.layout;
  made.view.theta = made.theta;
  made.view.pin = 1.5;
  made.view.mean = 0.7;
  made.view.lowest = 0.25;
  made.view.highest = 0.75;  // clipping would show
  return made;
}

UnobservedShares brute_force(const FactorView& model, const Triples& ratings, const std::set<Index>& users) {
  std::set<std::pair<Index, Index>> rated;
  for (std::size_t t = 0; t < ratings.size(); ++t) rated.emplace(ratings.user[t], ratings.item[t]);
  double below = 0;
  double near = 0;
  std::uint64_t entries = 0;
  for (const Index user : users) {
    for (Index item = 0; item < model.layout.items; ++item) {
      if (rated.count({user, item})) continue;
      double prediction = model.mean;
      for (std::size_t k = 0; k < model.layout.width(); ++k) {
        prediction += static_cast<double>(model.theta[model.layout.user_row(user) + k]) *
                      static_cast<double>(model.theta[model.layout.item_row(item) + k]);
      }
      ++entries;
      below += prediction < model.lowest ? 1 : 0;
      near += prediction >= 0.5 && prediction <= 1.5 ? 1 : 0;
    }
  }
  const auto all = static_cast<double>(entries);
  return {below / all, near / all, entries};
}

std::set<Index> first_users(Index count) {
  std::set<Index> users;
  for (Index user = 0; user < count; ++user) users.insert(user);
  return users;
}

UnobservedShares shares(const FactorView& view, const Triples& ratings, std::uint64_t most = 100'000'000) {
  const RatingMatrix matrix(view.layout.users, view.layout.items, ratings);
  return unobserved_shares(view, matrix.by_user(), most);
}

TEST_CASE("all unobserved entries, with and without biases") {
  for (const bool biases : {false, true}) {
    const Case made = make(biases);
    const UnobservedShares expected = brute_force(made.view, made.problem.ratings, first_users(40));
    REQUIRE(expected.below_lowest > 0.05);
    REQUIRE(expected.near_one > 0.05);
    CHECK(expected.entries == 40 * 112 - made.problem.ratings.size());
    for (const int count : {1, 2, 5}) {
      set_threads(count);
      for (const std::uint64_t most : {std::uint64_t{40 * 112}, std::uint64_t{100'000'000}}) {
        const UnobservedShares found = shares(made.view, made.problem.ratings, most);
        CHECK(found.entries == expected.entries);
        CHECK(found.below_lowest == doctest::Approx(expected.below_lowest).epsilon(1e-12));
        CHECK(found.near_one == doctest::Approx(expected.near_one).epsilon(1e-12));
      }
    }
    set_threads(0);
  }
}

TEST_CASE("of a large matrix, some users' entries") {
  const Case made = make(true);
  // Room for one user: it must be one of the forty.
  for (const std::uint64_t most : {0, 1, 112, 223}) {
    const UnobservedShares found = shares(made.view, made.problem.ratings, most);
    std::size_t matching = 0;
    for (Index user = 0; user < 40; ++user) {
      const UnobservedShares of_user = brute_force(made.view, made.problem.ratings, {user});
      matching += of_user.entries == found.entries && of_user.below_lowest == doctest::Approx(found.below_lowest) &&
                  of_user.near_one == doctest::Approx(found.near_one);
    }
    CHECK(matching >= 1);
  }
  const UnobservedShares twenty = shares(made.view, made.problem.ratings, 20 * 112);
  CHECK(twenty.entries <= 20 * 112);
  CHECK(twenty.entries > 18 * 112);
  // They are not just the first.
  const UnobservedShares first = brute_force(made.view, made.problem.ratings, first_users(20));
  CHECK((twenty.entries != first.entries || twenty.below_lowest != doctest::Approx(first.below_lowest)));
}

TEST_CASE("where everything is rated there is nothing to share") {
  Case made = make(false);
  Triples all;
  for (Index user = 0; user < 40; ++user) {
    for (Index item = 0; item < 112; ++item) {
      all.user.push_back(user);
      all.item.push_back(item);
      all.value.push_back(1);
    }
  }
  const UnobservedShares found = shares(made.view, all);
  CHECK(found.entries == 0);
  CHECK(found.below_lowest == 0);
  CHECK(found.near_one == 0);
}

TEST_CASE("the bounds: lowest itself is not below, 0.5 and 1.5 are near 1") {
  FactorView view;
  const std::vector<double> predictions = {0.25, 0.5, 1.5, 1.75, 0.0};
  view.layout = {1, 5, 1, false};
  Vector theta(view.layout.size());
  theta[0] = 1;
  for (std::size_t k = 0; k < 5; ++k) theta[8 + 8 * k] = static_cast<Real>(predictions[k]);
  view.theta = theta;
  view.lowest = 0.25;
  const UnobservedShares found = shares(view, {});
  CHECK(found.entries == 5);
  CHECK(found.below_lowest == doctest::Approx(0.2));
  CHECK(found.near_one == doctest::Approx(0.4));
}

}  // namespace
}  // namespace odot
