// Factorisation by sampling: which samples the model is the mean of, and what it makes of ratings of every kind.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "train/cases.hpp"
#include "train/simulated.hpp"

namespace odot {
namespace {

using namespace test;

TrainSettings gibbs(int rank, int burn_in, int samples, int keep, const std::string& svdpp = "none") {
  TrainSettings settings{.method = "gibbs"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  settings.parameters = {{"burn-in", burn_in}, {"samples", samples}, {"keep", keep}};
  return settings;
}

int sweeps_of(const RatingList& list, const TrainSettings& settings) {
  return train(list, {}, settings).report.optimisation.counts.iterations;
}

TEST_CASE("data of the model: predictions miss by little more than the noise") {
  for (const double noise : {0.2, 0.6}) {
    for (const std::string svdpp : {"none", "both"}) {
      CAPTURE(noise);
      CAPTURE(svdpp);
      const Simulated data = simulate(300, 200, 3, 0.5, noise, 8);
      REQUIRE(data.valid.size() > 1000);
      const double valid = train(data.list, data.valid, gibbs(3, 20, 30, 15, svdpp)).report.valid->rmse;
      CHECK(valid < 1.05 * noise);
      CHECK(valid > 0.9 * noise);
      // Factors that the data have not are shrunk to nothing: they cost next to nothing. A single sample is worse.
      const double more = train(data.list, data.valid, gibbs(8, 20, 30, 15, svdpp)).report.valid->rmse;
      CHECK(more < 1.02 * valid);
      const double one = train(data.list, data.valid, gibbs(3, 20, 1, 1, svdpp)).report.valid->rmse;
      CHECK(one > 1.003 * valid);
    }
  }
}

TEST_CASE("few ratings with much noise: the mean of many samples is better than any of them") {
  const Simulated data = simulate(120, 80, 2, 0.15, 1, 3);
  const auto rmse = [&](int burn_in, int samples, int keep) {
    return train(data.list, data.valid, gibbs(6, burn_in, samples, keep)).report.valid->rmse;
  };
  const double many = rmse(30, 60, 30);
  for (const int sweep : {31, 47, 62, 80, 89}) CHECK(rmse(sweep, 1, 1) > 1.02 * many);
}

TEST_CASE("ratings of users or items that rate at random count for little") {
  for (const bool users : {true, false}) {
    CAPTURE(users);
    Simulated data = simulate(150, 150, 2, 0.3, 0.2, 4);
    const auto noisy = [&](const Triples& ratings, std::size_t t) {
      return (users ? ratings.user[t] : ratings.item[t]) % 3 != 0;
    };
    Uniform uniform(6);
    Triples& ratings = data.list.ratings;
    for (std::size_t t = 0; t < ratings.size(); ++t) {
      if (noisy(ratings, t)) ratings.value[t] += static_cast<Real>(uniform(-4, 4));
    }
    Triples quiet;
    for (std::size_t t = 0; t < data.valid.size(); ++t) {
      if (noisy(data.valid, t)) continue;
      quiet.user.push_back(data.valid.user[t]);
      quiet.item.push_back(data.valid.item[t]);
      quiet.value.push_back(data.valid.value[t]);
    }
    REQUIRE(quiet.size() > 100);
    const double weighted = train(data.list, quiet, gibbs(3, 30, 60, 30)).report.valid->rmse;
    TrainSettings unweighted{.method = "variational"};
    unweighted.rank = 3;
    const double other = train(data.list, quiet, unweighted).report.valid->rmse;
    CHECK(weighted < 0.3);
    CHECK(other > 0.5);
  }
}

TEST_CASE("a model is the mean of samples that are kept evenly, side by side") {
  Simulated data = simulate(23, 17, 2, 0.4, 0.3, 5);
  data.list.users.add("a user without ratings");
  data.list.items.add("an item without ratings");
  struct Case {
    int samples;
    int keep;
    std::vector<int> kept;
  };
  constexpr int kRank = 3;
  constexpr int kBurnIn = 2;
  for (const std::string svdpp : {"none", "both"}) {
    for (const Case& one : std::vector<Case>{
             {1, 1, {1}}, {4, 1, {4}}, {4, 4, {1, 2, 3, 4}}, {5, 2, {3, 5}}, {7, 3, {3, 5, 7}}, {3, 6, {1, 2, 3}}}) {
      CAPTURE(svdpp);
      CAPTURE(one.samples);
      CAPTURE(one.keep);
      const Factorization model = train(data.list, {}, gibbs(kRank, kBurnIn, one.samples, one.keep, svdpp)).model;
      // Where there are fewer samples than may be kept the model has no more than these.
      CHECK(model.layout.rank == kRank * static_cast<int>(one.kept.size()));
      const auto users = static_cast<Index>(data.list.users.size());
      const auto items = static_cast<Index>(data.list.items.size());
      std::vector<double> sums(std::size_t{users} * items);
      for (std::size_t at = 0; at < one.kept.size(); ++at) {
        const Factorization sample = train(data.list, {}, gibbs(kRank, kBurnIn, one.kept[at], 1, svdpp)).model;
        for (Index user = 0; user < users; ++user) {
          for (Index item = 0; item < items; ++item) sums[user * items + item] += sample.predict(user, item);
        }
        for (Index item = 0; item < items; ++item) {
          const Real* of_model = model.theta.data() + model.layout.item_row(item) + at * kRank;
          const Real* of_sample = sample.theta.data() + sample.layout.item_row(item);
          CHECK(std::equal(of_model, of_model + kRank, of_sample));
        }
      }
      double worst = 0;
      for (Index user = 0; user < users; ++user) {
        for (Index item = 0; item < items; ++item) {
          const double mean = sums[user * items + item] / static_cast<double>(one.kept.size());
          const double error = std::abs(model.predict(user, item) - mean);
          if (!(error <= worst)) worst = error;
        }
      }
      CHECK(worst <= tolerance(1e-12, 1e-5));
    }
  }
}

TEST_CASE("before the burn-in is over the model is the sample as it is") {
  const Simulated data = simulate(23, 17, 2, 0.4, 0.3, 5);
  std::vector<double> valid;
  train(data.list, data.valid, gibbs(3, 3, 2, 2), [&](const TrainProgress& progress) {
    if (progress.counts.iterations > 0) valid.push_back(*progress.valid_rmse());
    return true;
  });
  REQUIRE(valid.size() == 5);
  for (int sweep = 1; sweep <= 4; ++sweep) {
    CAPTURE(sweep);
    const double alone = train(data.list, data.valid, gibbs(3, sweep - 1, 1, 1)).report.valid->rmse;
    CHECK(valid[static_cast<std::size_t>(sweep - 1)] == doctest::Approx(alone).epsilon(tolerance(1e-12, 1e-5)));
  }
  TrainSettings settings = gibbs(3, 50, 1, 4);
  settings.parameters.erase("samples");
  settings.iterations = 3;
  CHECK(train(data.list, data.valid, settings).report.valid->rmse ==
        doctest::Approx(valid[2]).epsilon(tolerance(1e-12, 1e-5)));
}

TEST_CASE("users stand in the model as they were drawn, items with the means that they were drawn about") {
  Simulated data = simulate(23, 17, 2, 0.4, 0.3, 5);
  for (const std::string name : {"one without ratings", "another"}) {
    data.list.users.add(name);
    data.list.items.add(name);
  }
  const Factorization model = train(data.list, {}, gibbs(3, 2, 1, 1)).model;
  // Two items of which nothing is known have the same mean, two such users are not the same.
  const auto items = static_cast<Index>(data.list.items.size());
  const auto users = static_cast<Index>(data.list.users.size());
  double difference = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    const auto item = [&](Index j) { return model.theta[model.layout.item_row(j) + k]; };
    const auto user = [&](Index i) { return model.theta[model.layout.user_row(i) + k]; };
    CHECK(static_cast<double>(item(items - 1)) ==
          doctest::Approx(static_cast<double>(item(items - 2))).epsilon(tolerance(1e-9, 1e-3)));
    difference = std::max(difference, std::abs(static_cast<double>(user(users - 1) - user(users - 2))));
  }
  CHECK(difference > 0.01);
}

void check_usable(const RatingList& list, const TrainSettings& settings) {
  const ValueSummary values = summarize(list.ratings.value);
  const FactorResult result = train(list, list.ratings, settings);
  CHECK(all_finite(result.model.theta));
  CHECK(std::isfinite(result.report.train.rmse));
  CHECK(std::isfinite(result.report.optimisation.value));
  CHECK(result.report.stop_reason == "iterations");
  Triples pairs;
  for (Index user = 0; user < list.users.size(); ++user) {
    for (Index item = 0; item < list.items.size(); ++item) {
      pairs.user.push_back(user);
      pairs.item.push_back(item);
    }
  }
  std::vector<double> clipped(pairs.user.size());
  pairs.value.resize(pairs.user.size());
  result.model.predict(pairs, true, clipped);
  for (const double one : clipped) CHECK((one >= values.lowest && one <= values.highest));
  CHECK(result.report.train.rmse <= 1.2 * values.deviation + 1e-5 * values.scale());
}

TEST_CASE("ratings of every kind") {
  const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 9);
  const auto changed = [&](auto change) {
    RatingList list = data.list;
    for (Real& value : list.ratings.value) value = static_cast<Real>(change(static_cast<double>(value)));
    return list;
  };
  for (const std::string svdpp : {"none", "both"}) {
    for (const int rank : {1, 4, 30}) {
      for (const std::uint64_t seed : {0, 1, 2}) {
        CAPTURE(svdpp);
        CAPTURE(rank);
        CAPTURE(seed);
        TrainSettings settings = gibbs(rank, 10, 20, 5, svdpp);
        settings.seed = seed;
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
}

TEST_CASE("predictions scale as the ratings do") {
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    check_scaling(gibbs(4, 5, 5, 3, svdpp), tolerance(1e-8, 5e-3), tolerance(1e-8, 1e-3));
  }
}

TEST_CASE("what is held out does not reach the model, the seed does") {
  for (const std::string svdpp : {"none", "users", "items", "both", "auto"}) {
    CAPTURE(svdpp);
    const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 11);
    REQUIRE(data.valid.size() > 5);
    TrainSettings settings = gibbs(3, 2, 3, 2, svdpp);
    const std::string with = file_bytes(train(data.list, data.valid, settings).model);
    CHECK((with == file_bytes(train(data.list, {}, settings).model)));
    const Factorization model = train(data.list, {}, settings).model;
    settings.seed = 7;
    CHECK((train(data.list, {}, settings).model.theta != model.theta));
  }
}

TEST_CASE("whose rows are moved makes a difference") {
  const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 11);
  std::vector<Vector> seen;
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    seen.push_back(train(data.list, {}, gibbs(3, 2, 3, 2, svdpp)).model.theta);
    for (std::size_t k = 0; k + 1 < seen.size(); ++k) CHECK((seen[k] != seen.back()));
  }
}

TEST_CASE("the error that is told of the start is that of the mean, of equal ratings too") {
  const Simulated data = simulate(30, 20, 2, 0.5, 0.3, 11);
  RatingList equal = data.list;
  for (Real& value : equal.ratings.value) value = 4;
  for (const RatingList* list : std::vector<const RatingList*>{&data.list, &equal}) {
    std::vector<double> seen;
    train(*list, {}, gibbs(3, 1, 1, 1), [&](const TrainProgress& progress) {
      seen.push_back(progress.train_rmse);
      return true;
    });
    REQUIRE(seen.size() == 3);
    CHECK(seen[0] == doctest::Approx(summarize(list->ratings.value).deviation).epsilon(1e-6));
  }
}

TEST_CASE("burn-in, samples and keep: their defaults, their limits and what they do") {
  const TrainSettings standard = in_effect({.method = "gibbs"});
  CHECK(standard.parameters.at("burn-in") == 20);
  CHECK(standard.parameters.at("keep") == 30);
  CHECK(*standard.iterations == 170);
  CHECK(*standard.svdpp == "auto");
  const Simulated data = simulate(10, 8, 1, 0.5, 0.3, 2);
  CHECK(sweeps_of(data.list, gibbs(2, 3, 4, 2)) == 7);
  CHECK(sweeps_of(data.list, gibbs(2, 0, 1, 1)) == 1);
  TrainSettings settings = gibbs(2, 3, 4, 2);
  const auto& recorded = train(data.list, {}, settings).model.settings;
  CHECK(recorded.at("iterations") == "7");
  CHECK(recorded.at("samples") == "4");
  CHECK(recorded.at("burn-in") == "3");
  CHECK(recorded.at("keep") == "2");
  // Fewer iterations end it sooner; more are not needed for the samples.
  settings.iterations = 5;
  CHECK(sweeps_of(data.list, settings) == 5);
  CHECK(train(data.list, {}, settings).model.settings.at("samples") == "4");
  settings.iterations = 20;
  CHECK(sweeps_of(data.list, settings) == 7);
  settings.parameters.erase("samples");
  CHECK(sweeps_of(data.list, settings) == 20);
  CHECK(train(data.list, {}, settings).model.settings.at("samples") == "17");

  for (const auto& [name, value] : std::vector<std::pair<std::string, double>>{
           {"burn-in", -1}, {"burn-in", 1 << 24}, {"samples", 0}, {"samples", 1 << 24}, {"keep", 0}, {"keep", 65537}}) {
    CAPTURE(name);
    CAPTURE(value);
    TrainSettings wrong = gibbs(1, 1, 1, 1);
    wrong.parameters[name] = value;
    CHECK_THROWS_AS(check(wrong), Error);
  }
  TrainSettings other{.method = "variational"};
  other.parameters = {{"keep", 3}};
  CHECK_THROWS_AS(check(other), Error);
}

TEST_CASE("more factors than a model may have are refused by name") {
  CHECK_NOTHROW(check(gibbs(30, 1, 1, 2184)));
  CHECK_THROWS_WITH_AS(check(gibbs(30, 1, 1, 2185)), doctest::Contains("2185 samples of rank 30 are 65550 factors"),
                       Error);
  CHECK_NOTHROW(check(gibbs(1, 1, 1, 65536)));
  CHECK_THROWS_WITH_AS(check(gibbs(1024, 1, 1, 65536)), doctest::Contains("67108864 factors"), Error);
}

}  // namespace
}  // namespace odot
