// Variational factorisation: against a dense implementation, never upwards, and what it makes of ratings of every kind.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/error.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"
#include "train/posterior/posterior_layout.hpp"
#include "train/simulated.hpp"
#include "train/variational_difference.hpp"
#include "train/variational_reference.hpp"

namespace odot {
namespace {

using namespace test;

TrainSettings variational(int rank, int sweeps, const std::string& svdpp = "none") {
  TrainSettings settings{.method = "variational"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  limit(settings, {.iterations = sweeps});
  return settings;
}

std::vector<double> objectives(const RatingList& list, const TrainSettings& settings) {
  std::vector<double> out;
  train(list, {}, settings, [&](const TrainProgress& progress) {
    if (progress.counts.iterations > 0) out.push_back(progress.objective);
    return true;
  });
  return out;
}

TEST_CASE("sweeps are those of a dense implementation, and so is what the objective says") {
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    for (const int rank : {1, 3, 8}) {
      for (const double mean : {3, 0}) {
        CAPTURE(svdpp);
        CAPTURE(rank);
        CAPTURE(mean);
        Simulated data = simulate(23, 17, 2, 0.4, 0.3, 5, mean);
        data.list.users.add("a user without ratings");
        data.list.items.add("an item without ratings");
        TrainSettings settings = variational(rank, 0, svdpp);
        const Triples& ratings = data.list.ratings;
        const Long unit = static_cast<Long>(summarize(ratings.value).scale());
        VariationalReference reference(train(data.list, {}, settings).model, ratings, svdpp);
        Long first_value = 0;
        double first_objective = 0;
        for (int sweep = 1; sweep <= 6; ++sweep) {
          CAPTURE(sweep);
          settings.iterations = sweep;
          const FactorResult result = train(data.list, {}, settings);
          reference.sweep();
          CHECK(largest_difference(result.model, reference, unit) <= tolerance(1e-10, 1e-3));
          const double objective = result.report.optimisation.value;
          if (sweep <= kPointSweeps + 1) {
            first_value = reference.value();
            first_objective = objective;
            continue;
          }
          // But for a constant.
          const auto expected = static_cast<double>(reference.value() - first_value);
          CHECK(std::abs(objective - first_objective - expected) <= tolerance(1e-9, 0.02));
        }
      }
    }
  }
}

TEST_CASE("without effects the objective never rises") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    for (const int rank : {1, 2, 7}) {
      CAPTURE(seed);
      CAPTURE(rank);
      const double noise = seed % 2 == 0 ? 0.1 : 1;
      const Simulated data = simulate(40, 30, 2, seed % 3 == 0 ? 0.1 : 0.5, noise, seed);
      const std::vector<double> values = objectives(data.list, variational(rank, 100));
      REQUIRE(values.size() == 100);
      for (std::size_t t = kPointSweeps + 1; t < values.size(); ++t) {
        CAPTURE(t);
        CHECK(values[t] <= values[t - 1] + tolerance(1e-10, 1e-5) * (std::abs(values[t]) + 100));
      }
      CHECK(values.back() < values[kPointSweeps] - 1);
    }
  }
}

TEST_CASE("data of the model: its noise is found, and predictions miss by little more") {
  for (const double noise : {0.2, 0.6}) {
    for (const std::string svdpp : {"none", "both"}) {
      CAPTURE(noise);
      CAPTURE(svdpp);
      const Simulated data = simulate(300, 200, 3, 0.5, noise, 8);
      REQUIRE(data.valid.size() > 1000);
      const FactorResult result = train(data.list, data.valid, variational(3, 60, svdpp));
      CHECK(std::sqrt(result.model.posterior->noise_variance) == doctest::Approx(noise).epsilon(0.03));
      CHECK(result.report.valid->rmse < 1.08 * noise);
      CHECK(result.report.valid->rmse > 0.9 * noise);
      // Factors that the data have not are shrunk to nothing: they cost next to nothing.
      const FactorResult more = train(data.list, data.valid, variational(10, 60, svdpp));
      CHECK(more.report.valid->rmse < 1.02 * result.report.valid->rmse);
    }
  }
}

void check_usable(const RatingList& list, const TrainSettings& settings) {
  const ValueSummary values = summarize(list.ratings.value);
  const FactorResult result = train(list, list.ratings, settings);
  CHECK(all_finite(result.model.theta));
  CHECK(std::isfinite(result.report.train.rmse));
  CHECK(result.report.stop_reason == "iterations");
  Triples pairs;
  for (Index user = 0; user < list.users.size(); ++user) {
    for (Index item = 0; item < list.items.size(); ++item) {
      pairs.user.push_back(user);
      pairs.item.push_back(item);
      // Not clipped, it is at most a range beyond.
      const double range = values.highest - values.lowest + 0.01 * values.scale();
      const double plain = result.model.predict(user, item);
      CHECK(plain > values.lowest - range);
      CHECK(plain < values.highest + range);
    }
  }
  std::vector<double> clipped(pairs.user.size());
  pairs.value.resize(pairs.user.size());
  result.model.predict(pairs, true, clipped);
  for (const double one : clipped) CHECK((one >= values.lowest && one <= values.highest));
  CHECK(result.report.train.rmse <= values.deviation * 1.001 + 1e-5 * values.scale());
}

TEST_CASE("ratings of every kind") {
  const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 9);
  const auto changed = [&](auto change) {
    RatingList list = data.list;
    for (Real& value : list.ratings.value) value = static_cast<Real>(change(static_cast<double>(value)));
    return list;
  };
  for (const std::string svdpp : {"none", "both"}) {
    for (const int rank : {1, 4}) {
      CAPTURE(svdpp);
      CAPTURE(rank);
      const TrainSettings settings = variational(rank, 15, svdpp);
      check_usable(data.list, settings);
      check_usable(changed([](double) { return 4.0; }), settings);
      check_usable(changed([](double) { return 0.0; }), settings);
      check_usable(changed([](double x) { return x > 3 ? 1.0 : 0.0; }), settings);
      check_usable(changed([](double x) { return 1e-6 * x; }), settings);
      check_usable(changed([](double x) { return 1e6 * x; }), settings);
      check_usable(list_of({0, 0, 0, 0}, {0, 1, 2, 3}, {1, 2, 5, 3}), settings);
      check_usable(list_of({0, 1, 2, 3}, {0, 0, 0, 0}, {1, 2, 5, 3}), settings);
      check_usable(list_of({0}, {0}, {3}), settings);
      check_usable(list_of({0, 1}, {0, 1}, {3, 5}), settings);
      check_usable(list_of({0, 0}, {0, 1}, {3, 5}), settings);
    }
  }
}

TEST_CASE("predictions scale as the ratings do") {
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    check_scaling(variational(4, 10, svdpp), tolerance(1e-9, 2e-3), tolerance(1e-9, 1e-4));
  }
}

TEST_CASE("what is held out does not reach the model") {
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    CAPTURE(svdpp);
    const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 11);
    REQUIRE(data.valid.size() > 5);
    const TrainSettings settings = variational(3, 6, svdpp);
    const std::string with = file_bytes(train(data.list, data.valid, settings).model);
    CHECK((with == file_bytes(train(data.list, {}, settings).model)));
    // Where it is trained on it does.
    RatingList more = data.list;
    more.ratings.user.push_back(data.valid.user[0]);
    more.ratings.item.push_back(data.valid.item[0]);
    more.ratings.value.push_back(data.valid.value[0]);
    CHECK((with != file_bytes(train(more, {}, settings).model)));
  }
}

TEST_CASE("sides that are moved have names, and only this method has them") {
  for (const std::string svdpp : {"none", "users", "items", "both", "auto"})
    CHECK_NOTHROW(check(variational(3, 1, svdpp)));
  for (const std::string svdpp : {"", "user", "all", "None"}) CHECK_THROWS_AS(check(variational(3, 1, svdpp)), Error);
  CHECK(*in_effect({.method = "variational"}).svdpp == "auto");
  TrainSettings other{.method = "blocks"};
  other.svdpp = "both";
  CHECK_THROWS_AS(check(other), Error);
  TrainSettings with_lambda = variational(3, 1);
  with_lambda.regularisation = Regularisation{1};
  CHECK_THROWS_AS(check(with_lambda), Error);
}

TEST_CASE("effects of partners say what users like whose ratings do not") {
  // All like what they choose, even or odd items, equally well. Even users like the last items, odd ones do not: half
  // of the users say so, what the other half thinks is held out.
  Uniform uniform(12);
  std::vector<Index> users;
  std::vector<Index> items;
  std::vector<Real> values;
  Triples valid;
  for (Index user = 0; user < 400; ++user) {
    const Index kind = user % 2;
    for (Index item = kind; item < 60; item += 2) {
      if (uniform(0, 1) > 0.4) continue;
      users.push_back(user);
      items.push_back(item);
      values.push_back(static_cast<Real>(3 + uniform(-1, 1)));
    }
    const bool says = user < 200;
    for (Index item = 60; item < 80; ++item) {
      if (uniform(0, 1) > 0.3) continue;
      (says ? users : valid.user).push_back(user);
      (says ? items : valid.item).push_back(item);
      (says ? values : valid.value).push_back(static_cast<Real>((kind == 0 ? 4 : 2) + uniform(-0.5, 0.5)));
    }
  }
  const RatingList list = list_of(users, items, values);
  const auto rmse = [&](const std::string& svdpp) {
    return train(list, valid, variational(4, 40, svdpp)).report.valid->rmse;
  };
  CHECK(rmse("none") > 0.9);
  CHECK(rmse("items") > 0.9);
  CHECK(rmse("users") < 0.6);
  CHECK(rmse("both") < 0.6);
}

}  // namespace
}  // namespace odot
