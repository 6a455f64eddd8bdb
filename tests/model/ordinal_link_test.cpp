// Probabilities of ratings' values, and everything that predicts by them.
#include "odot/model/ordinal_link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "model_parts.hpp"
#include "models.hpp"
#include "odot/core/error.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/evaluate.hpp"
#include "odot/model/exchange.hpp"
#include "odot/model/ranking.hpp"
#include "odot/model/recommend.hpp"
#include "odot/model/unobserved.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

using namespace test;

const OrdinalLink kLink{{Real(0.5), 1, 2, 4}, {Real(-1.25), Real(0.25), Real(0.5)}};

// A model with a link and a posterior.
Factorization linked() {
  Factorization model = random_model(9, 7, 3, true, 1);
  model.mean = model.unknown_mean = model.fallback_user_bias = model.fallback_item_bias = 0;
  model.lowest = 0.5;
  model.highest = 4;
  model.link = kLink;
  const std::size_t stride = model.layout.stride();
  FactorPosterior& posterior = model.posterior.emplace();
  posterior.noise_variance = 1;
  posterior.variances.assign(model.layout.size(), Real(0));
  const auto fill = [&](std::size_t row, int pin) {
    for (std::size_t k = 0; k < model.layout.width(); ++k) {
      if (static_cast<int>(k) != pin)
        posterior.variances[row + k] = static_cast<Real>(0.05 * static_cast<double>(1 + (row + 3 * k) % 7));
    }
  };
  for (Index user = 0; user < 9; ++user) fill(model.layout.user_row(user), model.layout.user_pin());
  for (Index item = 0; item < 7; ++item) fill(model.layout.item_row(item), model.layout.item_pin());
  const auto prior = [&](int pin, double mean) {
    SidePrior out{Vector(stride * stride), Vector(stride), {}};
    for (std::size_t k = 0; k < model.layout.width(); ++k) {
      if (static_cast<int>(k) == pin) continue;
      out.precision[k * stride + k] = 4;
      out.mean[k] = static_cast<Real>(mean);
    }
    return out;
  };
  posterior.users = prior(model.layout.user_pin(), 0.25);
  posterior.items = prior(model.layout.item_pin(), -0.125);
  return model;
}

Triples all_pairs(const Factorization& model) {
  Triples pairs;
  for (Index user = 0; user < model.layout.users; ++user) {
    for (Index item = 0; item < model.layout.items; ++item) {
      pairs.user.push_back(user);
      pairs.item.push_back(item);
      pairs.value.push_back(kLink.values[(user + item) % 4]);
    }
  }
  return pairs;
}

TEST_CASE("probabilities are those of a normal number whose mean is itself normal") {
  for (const double latent : {-30.0, -2.0, -0.3, 0.0, 0.3, 1.7, 40.0}) {
    for (const double variance : {0.0, 0.3, 5.0}) {
      CAPTURE(latent);
      CAPTURE(variance);
      // ∫ N(t; latent, variance) (Φ(b − t) − Φ(a − t)) dt by the trapezium rule.
      std::vector<long double> expected(4);
      const int points = variance > 0 ? 4000 : 0;
      for (int k = 0; k <= points; ++k) {
        const long double x = points > 0 ? -12 + 24.0L * k / points : 0;
        const long double weight =
            points > 0 ? std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<long double>) * 24 / points : 1;
        const long double t = latent + std::sqrt(static_cast<long double>(variance)) * x;
        for (std::size_t v = 0; v < 4; ++v) {
          const auto above = [&](std::size_t cut) {
            return std::erfc((static_cast<long double>(kLink.cuts[cut]) - t) / std::sqrt(2.0L)) / 2;
          };
          expected[v] += weight * ((v > 0 ? above(v - 1) : 1) - (v < 3 ? above(v) : 0));
        }
      }
      std::vector<double> found(4);
      kLink.probabilities(latent, variance, found);
      long double mean = 0;
      for (std::size_t v = 0; v < 4; ++v) {
        CHECK(std::abs(found[v] - static_cast<double>(expected[v])) < 1e-12);
        CHECK(found[v] >= 0);
        mean += expected[v] * static_cast<long double>(kLink.values[v]);
      }
      CHECK(kLink.mean(latent, variance) == doctest::Approx(static_cast<double>(mean)).epsilon(1e-11));
    }
  }
}

TEST_CASE("what is wrong with a link, and the nearest of its values") {
  CHECK(fault_of(kLink).empty());
  CHECK(!fault_of({{1}, {}}).empty());
  CHECK(!fault_of({{1, 2, 3}, {0}}).empty());
  CHECK(!fault_of({{1, 1}, {0}}).empty());
  CHECK(!fault_of({{1, 2, 3}, {1, 0}}).empty());
  CHECK(!fault_of({{1, std::numeric_limits<Real>::infinity()}, {0}}).empty());
  CHECK(!fault_of({{1, 2}, {std::numeric_limits<Real>::quiet_NaN()}}).empty());
  for (const auto& [rating, place] :
       {std::pair(-9.0, 0), {0.5, 0}, {0.74, 0}, {0.75, 0}, {0.76, 1}, {3.0, 2}, {3.1, 3}, {9.0, 3}}) {
    CHECK(nearest_value(kLink.values, rating) == static_cast<std::size_t>(place));
  }
}

TEST_CASE("predictions are means of probabilities, of unknown users and items, too") {
  const Factorization model = linked();
  Triples pairs = all_pairs(model);
  for (const auto& [user, item] : {std::pair(kUnknown, Index{2}), {Index{3}, kUnknown}, {kUnknown, kUnknown}}) {
    pairs.user.push_back(user);
    pairs.item.push_back(item);
    pairs.value.push_back(2);
  }
  std::vector<double> p(4 * pairs.size());
  std::vector<double> means(pairs.size());
  std::vector<double> deviations(pairs.size());
  model.probabilities(pairs, p);
  model.predict(pairs, true, means);
  model.deviations(pairs, deviations);
  double squares = 0;
  double likelihood = 0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const std::span<const double> own(p.data() + 4 * k, 4);
    CHECK(own[0] + own[1] + own[2] + own[3] == doctest::Approx(1).epsilon(1e-13));
    const double mean = 0.5 * own[0] + own[1] + 2 * own[2] + 4 * own[3];
    const double square = 0.25 * own[0] + own[1] + 4 * own[2] + 16 * own[3];
    CHECK(means[k] == doctest::Approx(mean).epsilon(1e-12));
    CHECK(model.predict(pairs.user[k], pairs.item[k]) == doctest::Approx(mean).epsilon(1e-12));
    CHECK(deviations[k] == doctest::Approx(std::sqrt(square - mean * mean)).epsilon(1e-9));
    const auto rating = static_cast<double>(pairs.value[k]);
    squares += (mean - rating) * (mean - rating);
    likelihood -= std::log(own[nearest_value(kLink.values, rating)]);
  }
  const auto count = static_cast<double>(pairs.size());
  CHECK(model.evaluate(pairs, true).rmse == doctest::Approx(std::sqrt(squares / count)).epsilon(1e-12));
  CalibrationSums sums(0.5);
  sums.add(model, pairs);
  CHECK(sums.result().negative_log_likelihood == doctest::Approx(likelihood / count).epsilon(1e-12));
  // Nothing known of both: all that is left are the cut points, about a variance of four factors and two biases.
  const double by_rows = 3 * (0.0625 * 0.25 + 0.25 * 0.015625 + 0.0625) + 2 * 0.25;
  const double shift = 3 * 0.25 * -0.125 + 0.25 - 0.125;
  std::vector<double> expected(4);
  kLink.probabilities(0, by_rows + shift * shift, expected);
  for (std::size_t v = 0; v < 4; ++v)
    CHECK(p[4 * (pairs.size() - 1) + v] == doctest::Approx(expected[v]).epsilon(1e-6));
}

TEST_CASE("lists and ranking go by what is predicted") {
  const Factorization model = linked();
  std::vector<Index> users(9);
  for (Index user = 0; user < 9; ++user) users[user] = user;
  const TopLists lists = recommend(model, users, {.top = 7});
  const TopLists lower = recommend(model, users, {.top = 7, .by = RankBy::lower});
  for (const Index user : users) {
    std::vector<Scored> expected;
    for (Index item = 0; item < 7; ++item) expected.push_back({item, model.predict(user, item)});
    std::ranges::sort(expected, [](const Scored& a, const Scored& b) { return a.score > b.score; });
    REQUIRE(lists[user].size() == 7);
    for (std::size_t k = 0; k < 7; ++k) {
      CHECK(lists[user][k].index == expected[k].index);
      CHECK(lists[user][k].score == doctest::Approx(expected[k].score).epsilon(1e-5));
      CHECK(lower[user][k].score < 4);
      CHECK(lower[user][k].score > 0.5);
    }
  }
  CHECK_THROWS_AS(recommend(model, users, {.only = std::vector<Index>{7}}), Error);
  // The area under the curve, pair by pair.
  const Triples pairs = all_pairs(model);
  Triples liked;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    if (pairs.value[k] < 4) continue;
    liked.user.push_back(pairs.user[k]);
    liked.item.push_back(pairs.item[k]);
  }
  const ItemLists relevant(9, liked);
  double sum = 0;
  double measured = 0;
  for (const Index user : users) {
    double right = 0;
    double all = 0;
    for (const Index own : relevant[user]) {
      for (Index item = 0; item < 7; ++item) {
        if (std::ranges::binary_search(relevant[user], item)) continue;
        right += model.predict(user, own) > model.predict(user, item) ? 1 : 0;
        ++all;
      }
    }
    if (all > 0) sum += right / all, ++measured;
  }
  CHECK(evaluate_ranking(model.view(), relevant, nullptr, 3).auc == doctest::Approx(sum / measured).epsilon(1e-9));
  // Means are never below the lowest value.
  const RatingMatrix none(9, 7, {});
  CHECK(unobserved_shares(model.view(), none.by_user()).below_lowest == 0);
}

TEST_CASE("files keep the link, refuse what is none, and formats without a place for it are refused") {
  const TemporaryFolder folder;
  const Factorization model = linked();
  const std::string bytes = saved(model, folder / "m");
  const Factorization back = load_factorization(folder / "m");
  REQUIRE(back.link);
  CHECK(back.link->values == kLink.values);
  CHECK(back.link->cuts == kLink.cuts);
  CHECK(saved(back, folder / "again") == bytes);
  CHECK(back.predict(2, 3) == model.predict(2, 3));
  const auto refused = [&](const std::function<void(Factorization&)>& change) {
    Factorization wrong = model;
    change(wrong);
    saved(wrong, folder / "wrong");
    CHECK_THROWS_AS(load_model(folder / "wrong"), Error);
  };
  refused([](Factorization& m) { m.link->values = {3}, m.link->cuts = {}; });
  refused([](Factorization& m) { m.link->cuts[1] = -2; });
  refused([](Factorization& m) { m.link->values[1] = 7; });
  refused([](Factorization& m) { m.link->cuts.pop_back(); });
  refused([](Factorization& m) { m.link->values.resize(65); });
  // One of the two tensors alone.
  for (const char* name : {"rating_values", "cut_points"}) {
    Parts parts(bytes);
    parts.header["another"] = parts.header[name];
    parts.header.erase(name);
    write_bytes(folder / "wrong", parts.bytes());
    CHECK_THROWS_AS(load_model(folder / "wrong"), Error);
  }
  CHECK_THROWS_AS(export_csv(model, folder / "csv"), Error);
  CHECK_THROWS_AS(export_libmf(model, folder / "libmf"), Error);
  Factorization plain_ids = model;
  plain_ids.items = {};
  for (Index item = 0; item < 7; ++item) plain_ids.items.add(std::to_string(item));
  CHECK_NOTHROW(export_npy(plain_ids, folder / "npy"));
  CHECK_THROWS_AS(random_model(2, 2, 1, true, 1).probabilities({}, {}), Error);
}

TEST_CASE("central values, and scores of a rating of few values") {
  const std::vector<double> p{0.04, 0.06, 0.5, 0.36, 0.04};
  CHECK(central_values(p, 0.9) == std::pair<std::size_t, std::size_t>(1, 3));
  CHECK(central_values(p, 0.5) == std::pair<std::size_t, std::size_t>(2, 3));
  CHECK(central_values(p, 0.99) == std::pair<std::size_t, std::size_t>(0, 4));
  CHECK(central_values(std::vector<double>{1, 0}, 0.9) == std::pair<std::size_t, std::size_t>(0, 0));
  const Vector values{1, 2, 4};
  CalibrationSums sums(0.9);
  sums.add(values, std::vector<double>{0.25, 0.25, 0.5}, 2);
  const Calibration found = sums.result();
  CHECK(found.negative_log_likelihood == doctest::Approx(std::log(4.0)));
  CHECK(found.crps == doctest::Approx(0.25 * 0.25 + 0.5 * 0.5 * 2));
  CHECK(found.coverage == 1);
}

}  // namespace
}  // namespace odot
