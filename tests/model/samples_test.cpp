// Factorisations of several samples: deviations, rankings and files, each sample worked out by itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/recommend.hpp"
#include "support/saved_model.hpp"

namespace odot {
namespace {

using namespace test;

constexpr int kSamples = 3;
constexpr int kRank = 2;
constexpr Index kUsers = 4;
constexpr Index kItems = 5;
constexpr double kPriorVariance = 0.4;  // of each element, by the precision below: 3 on and 1 off the diagonal

// One sample's row as its factors, its bias and 1 for the other's.
struct SampleRow {
  std::vector<double> mean;
  std::vector<double> variance;
};

// What the model is made of, and the model. Order of elements: factors, the user's bias, the item's bias.
struct Samples {
  SampleRow rows[kSamples][kUsers + kItems];
  SampleRow priors[kSamples][2];
  double weights[kUsers + kItems];
  Factorization model;
};

Samples random_samples() {
  const RandomStream random(3, 1);
  std::uint64_t at = 0;
  Samples out;
  Factorization& model = out.model;
  model.layout = {kUsers, kItems, kSamples * kRank, true};
  model.mean = 3;
  model.unknown_mean = 3;
  model.lowest = 1;
  model.highest = 5;
  for (const char* id : {"a", "b", "c", "d"}) model.users.add(id);
  for (const char* id : {"v", "w", "x", "y", "z"}) model.items.add(id);
  const std::size_t stride = model.layout.stride();
  model.theta.resize(model.layout.size());
  FactorPosterior& posterior = model.posterior.emplace();
  posterior.samples = kSamples;
  posterior.noise_variance = 0.3;
  const FactorLayout sample = posterior.sample_layout(model.layout);
  CHECK(sample.rank == kRank);
  posterior.variances.resize(sample.size());
  const auto real = [](double x) { return static_cast<Real>(x); };
  for (std::size_t row = 0; row < kUsers + kItems; ++row) {
    const bool user = row < kUsers;
    const std::size_t own = kRank + (user ? 0 : 1);
    const std::size_t pin = kRank + (user ? 1 : 0);
    Real* theta = model.theta.data() + row * stride;
    std::vector<double> variance(kRank + 2);
    for (std::size_t k = 0; k < variance.size(); ++k) {
      if (k == pin) continue;
      const Real drawn = real(row == 1 || row == kUsers ? 0 : 0.1 + random.uniform(at++));
      posterior.variances[row * sample.stride() + k] = drawn;
      variance[k] = static_cast<double>(drawn);
    }
    double bias = 0;
    for (std::size_t s = 0; s < kSamples; ++s) {
      SampleRow& one = out.rows[s][row];
      one = {std::vector<double>(kRank + 2), variance};
      for (double& element : one.mean) element = static_cast<double>(real(random.normal(at++)));
      one.mean[pin] = 1;
      for (std::size_t k = 0; k < kRank; ++k) theta[s * kRank + k] = real(one.mean[k] / (user ? kSamples : 1));
      posterior.sample_biases.push_back(real(one.mean[own]));
      bias += one.mean[own] / kSamples;
    }
    theta[kSamples * kRank + (user ? 0 : 1)] = real(bias);
    theta[kSamples * kRank + (user ? 1 : 0)] = 1;
    posterior.noise_weights.push_back(real(0.5 + random.uniform(at++)));
    out.weights[row] = static_cast<double>(posterior.noise_weights.back());
  }
  for (std::size_t s = 0; s < kSamples; ++s) {
    for (const bool user : {true, false}) {
      SidePrior& prior = user ? posterior.users : posterior.items;
      const std::size_t pin = kRank + (user ? 1 : 0);
      SampleRow& expected = out.priors[s][user ? 0 : 1];
      expected = {std::vector<double>(kRank + 2), std::vector<double>(kRank + 2, kPriorVariance)};
      prior.precision.resize((s + 1) * sample.width() * sample.stride());
      prior.mean.resize((s + 1) * sample.stride());
      for (std::size_t k = 0; k < sample.width(); ++k) {
        if (k == pin) continue;
        prior.mean[s * sample.stride() + k] = real(random.normal(at++));
        expected.mean[k] = static_cast<double>(prior.mean[s * sample.stride() + k]);
        for (std::size_t l = 0; l < sample.width(); ++l) {
          if (l != pin) prior.precision[(s * sample.width() + k) * sample.stride() + l] = real(k == l ? 3 : 1);
        }
      }
      expected.mean[pin] = 1;
      expected.variance[pin] = 0;
    }
  }
  return out;
}

// The variance of the rating about the prediction but for noise: by pairs of samples between them, by second moments
// within.
double brute_variance(const Samples& of, Index user, Index item) {
  double within = 0;
  std::vector<double> expected;
  for (int s = 0; s < kSamples; ++s) {
    const SampleRow& u = user == kUnknown ? of.priors[s][0] : of.rows[s][user];
    const SampleRow& v = item == kUnknown ? of.priors[s][1] : of.rows[s][kUsers + item];
    double sum = of.model.mean;
    for (std::size_t k = 0; k < u.mean.size(); ++k) {
      const double product = u.mean[k] * v.mean[k];
      sum += product;
      within +=
          ((u.mean[k] * u.mean[k] + u.variance[k]) * (v.mean[k] * v.mean[k] + v.variance[k]) - product * product) /
          kSamples;
    }
    expected.push_back(sum);
  }
  double between = 0;
  for (std::size_t s = 0; s < expected.size(); ++s) {
    for (std::size_t t = 0; t < s; ++t) between += (expected[s] - expected[t]) * (expected[s] - expected[t]);
  }
  const double mean = std::accumulate(expected.begin(), expected.end(), 0.0) / kSamples;
  const double shift = mean - of.model.predict(user, item);
  return within + between / (kSamples * (kSamples - 1)) + shift * shift;
}

TEST_CASE("deviations of several samples are those between and within them, and the noise of both rows") {
  const Samples of = random_samples();
  const auto weight = [&](bool user, Index row) {
    if (row != kUnknown) return of.weights[(user ? 0 : kUsers) + row];
    const double* first = of.weights + (user ? 0 : kUsers);
    return std::accumulate(first, first + (user ? kUsers : kItems), 0.0) / (user ? kUsers : kItems);
  };
  for (const Index user : {Index{0}, Index{1}, Index{3}, kUnknown}) {
    for (const Index item : {Index{0}, Index{2}, Index{4}, kUnknown}) {
      CAPTURE(user);
      CAPTURE(item);
      const double noise = of.model.posterior->noise_variance * weight(true, user) * weight(false, item);
      std::vector<double> deviation(1);
      of.model.deviations({{user}, {item}, {}}, deviation);
      CHECK(deviation[0] * deviation[0] == doctest::Approx(brute_variance(of, user, item) + noise).epsilon(1e-5));
    }
  }
}

TEST_CASE("bounds of several samples are by what is not known of user and item") {
  const Samples of = random_samples();
  for (const double sign : {-1.0, 1.0}) {
    const TopLists lists =
        recommend(of.model, std::vector<Index>{2, 0, 1}, {.top = 10, .by = sign < 0 ? RankBy::lower : RankBy::upper});
    for (const std::size_t list : {0u, 1u, 2u}) {
      const Index user = std::vector<Index>{2, 0, 1}[list];
      REQUIRE(lists[list].size() == kItems);
      for (const Scored& scored : lists[list]) {
        const double expected =
            of.model.predict(user, scored.index) + sign * std::sqrt(brute_variance(of, user, scored.index));
        CHECK(scored.score == doctest::Approx(expected).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("drawn factors are those of one sample for each user, about which rows are distributed") {
  const Samples of = random_samples();
  // User 1 and item 0 have no variances: their prediction is that of a sample.
  std::vector<double> of_samples;
  for (int s = 0; s < kSamples; ++s) {
    double sum = of.model.mean;
    for (std::size_t k = 0; k < kRank + 2; ++k) sum += of.rows[s][1].mean[k] * of.rows[s][kUsers].mean[k];
    of_samples.push_back(sum);
  }
  std::vector<int> seen(kSamples);
  constexpr int kSeeds = 20'000;
  double mean = 0;
  double squares = 0;
  bool together = true;
  std::vector<int> chosen(kSeeds);
  for (int seed = 0; seed < kSeeds; ++seed) {
    Factorization model = of.model;
    draw_factors(model, static_cast<std::uint64_t>(seed));
    CHECK(!model.posterior);
    const double found = model.predict(1, 0);
    const auto nearest = std::ranges::min_element(of_samples, {}, [&](double x) { return std::abs(x - found); });
    CHECK(*nearest == doctest::Approx(found).epsilon(1e-5));
    const auto sample = nearest - of_samples.begin();
    ++seen[static_cast<std::size_t>(sample)];
    // Whether user 3 has the same one.
    const std::size_t first = model.layout.user_row(3) + static_cast<std::size_t>(sample) * (kRank + 1);
    together = together && model.theta[first] != 0;
    const double other = model.predict(3, 2);
    mean += other / kSeeds;
    squares += other * other / kSeeds;
  }
  for (const int count : seen) CHECK(count == doctest::Approx(kSeeds / 3.0).epsilon(0.05));
  CHECK(!together);
  CHECK(mean == doctest::Approx(of.model.predict(3, 2)).epsilon(0.02));
  // Between the samples with their number, as one of them is drawn.
  double within = 0;
  double between = 0;
  for (int s = 0; s < kSamples; ++s) {
    const SampleRow& u = of.rows[s][3];
    const SampleRow& v = of.rows[s][kUsers + 2];
    double sum = of.model.mean;
    for (std::size_t k = 0; k < kRank + 2; ++k) {
      const double product = u.mean[k] * v.mean[k];
      sum += product;
      within +=
          ((u.mean[k] * u.mean[k] + u.variance[k]) * (v.mean[k] * v.mean[k] + v.variance[k]) - product * product) /
          kSamples;
    }
    between += (sum - of.model.predict(3, 2)) * (sum - of.model.predict(3, 2)) / kSamples;
  }
  CHECK(squares - mean * mean == doctest::Approx(within + between).epsilon(0.05));
}

TEST_CASE("a file keeps the samples, and refuses what cannot be") {
  const TemporaryFolder folder;
  const Samples of = random_samples();
  const std::string bytes = saved(of.model, folder / "m");
  const std::unique_ptr<Model> again = load_model(folder / "m");
  CHECK(saved(*again, folder / "n") == bytes);
  const auto& loaded = dynamic_cast<const Factorization&>(*again);
  CHECK(loaded.posterior->samples == kSamples);
  std::vector<double> one(1);
  std::vector<double> other(1);
  for (const Index user : {Index{0}, kUnknown}) {
    of.model.deviations({{user}, {1}, {}}, one);
    loaded.deviations({{user}, {1}, {}}, other);
    CHECK(one == other);
  }
  const auto refused = [&](auto&& damage, const char* message) {
    Factorization bad = of.model;
    damage(*bad.posterior);
    (void)saved(bad, folder / "bad");
    CHECK_THROWS_WITH_AS((void)load_model(folder / "bad"), doctest::Contains(message), Error);
  };
  refused([](FactorPosterior& p) { p.noise_weights[1] = 0; }, "\"user_noise_weights\" holds 0 in row 1");
  refused([](FactorPosterior& p) { p.noise_weights[kUsers + 2] = -1; }, "\"item_noise_weights\" holds -1 in row 2");
  refused([](FactorPosterior& p) { p.users.precision[p.users.precision.size() / kSamples] = -1; },
          "\"user_prior_precision\" is not symmetric and positive");
  refused([](FactorPosterior& p) { p.variances[0] = -1; }, "which is no variance there");
  refused([](FactorPosterior& p) { p.sample_biases.resize(2 * (kUsers + kItems)); },
          "\"user_sample_biases\" has shape [4, 2] instead of [4, 3]");
  refused([](FactorPosterior& p) { p.sample_biases.clear(); }, "user_sample_biases");
  Factorization bad = of.model;
  bad.posterior->samples = 4;
  for (SidePrior* prior : {&bad.posterior->users, &bad.posterior->items}) {
    prior->mean.resize(2 * prior->mean.size());
    prior->precision.resize(2 * prior->precision.size());
  }
  (void)saved(bad, folder / "bad");
  CHECK_THROWS_WITH_AS((void)load_model(folder / "bad"), doctest::Contains("its rank 6 is not that of 4 samples"),
                       Error);
  // Without any of it, it is a plain factorisation, as gibbs' models were.
  Factorization plain = of.model;
  plain.posterior.reset();
  (void)saved(plain, folder / "plain");
  const std::unique_ptr<Model> old = load_model(folder / "plain");
  CHECK(!old->knows_deviations());
}

}  // namespace
}  // namespace odot
