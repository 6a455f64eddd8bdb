// Deviations of predictions against samples, and their scores against quadrature.
#include "odot/model/calibration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"
#include "odot/model/factorization.hpp"

namespace odot {
namespace {

// Two users and three items of two factors with biases, with a posterior of random numbers.
Factorization uncertain_model() {
  const RandomStream random(5, 1);
  std::uint64_t at = 0;
  Factorization model;
  model.layout = {2, 3, 2, true};
  const FactorLayout& layout = model.layout;
  const std::size_t stride = layout.stride();
  model.mean = 3;
  model.unknown_mean = 3;
  model.lowest = -100;
  model.highest = 100;
  for (const char* id : {"a", "b"}) model.users.add(id);
  for (const char* id : {"x", "y", "z"}) model.items.add(id);
  model.theta.resize(layout.size());
  FactorPosterior& posterior = model.posterior.emplace();
  posterior.variances.resize(layout.size());
  posterior.noise_variance = 0.3;
  for (std::size_t row = 0; row < 5; ++row) {
    const bool user = row < 2;
    const auto pin = static_cast<std::size_t>(user ? layout.user_pin() : layout.item_pin());
    for (std::size_t k = 0; k < layout.width(); ++k) {
      const bool pinned = k == pin;
      model.theta[row * stride + k] = pinned ? Real{1} : static_cast<Real>(random.normal(at++));
      posterior.variances[row * stride + k] = pinned ? Real{0} : static_cast<Real>(0.1 + random.uniform(at++));
    }
  }
  for (SidePrior* prior : {&posterior.users, &posterior.items}) {
    const auto pin = static_cast<std::size_t>(prior == &posterior.users ? layout.user_pin() : layout.item_pin());
    prior->precision.resize(stride * stride);
    prior->mean.resize(stride);
    for (std::size_t k = 0; k < layout.width(); ++k) {
      if (k == pin) continue;
      prior->mean[k] = static_cast<Real>(0.3 * static_cast<double>(k + 1));
      for (std::size_t l = 0; l < layout.width(); ++l) {
        if (l != pin) prior->precision[k * stride + l] = k == l ? Real{3} : Real{1};
      }
    }
  }
  return model;
}

// Row `index` of a side drawn from its distribution; kUnknown from the prior, whose variances are those of the inverse
// of a matrix with 3 on and 1 off the diagonal, three rows of it: 0.4.
std::vector<double> draw(const Factorization& model, bool user, Index index, const RandomStream& random,
                         std::uint64_t& at) {
  const FactorLayout& layout = model.layout;
  const SidePrior& prior = user ? model.posterior->users : model.posterior->items;
  const int pin = user ? layout.user_pin() : layout.item_pin();
  std::vector<double> row(layout.width());
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (static_cast<int>(k) == pin) {
      row[k] = 1;
      continue;
    }
    double mean = static_cast<double>(prior.mean[k]);
    double variance = 0.4;
    if (index != kUnknown) {
      const std::size_t element = (user ? layout.user_row(index) : layout.item_row(index)) + k;
      mean = static_cast<double>(model.theta[element]);
      variance = static_cast<double>(model.posterior->variances[element]);
    }
    row[k] = mean + std::sqrt(variance) * random.normal(at++);
  }
  return row;
}

TEST_CASE("deviations are the root mean square distance of sampled ratings from the prediction") {
  const Factorization model = uncertain_model();
  const RandomStream random(7, 2);
  std::uint64_t at = 0;
  constexpr int kSamples = 200'000;
  for (const Index user : {Index{0}, Index{1}, kUnknown}) {
    for (const Index item : {Index{0}, Index{2}, kUnknown}) {
      CAPTURE(user);
      CAPTURE(item);
      double squares = 0;
      const double prediction = model.predict(user, item);
      for (int sample = 0; sample < kSamples; ++sample) {
        const std::vector<double> u = draw(model, true, user, random, at);
        const std::vector<double> v = draw(model, false, item, random, at);
        double rating = model.mean + std::sqrt(model.posterior->noise_variance) * random.normal(at++);
        for (std::size_t k = 0; k < u.size(); ++k) rating += u[k] * v[k];
        squares += (rating - prediction) * (rating - prediction);
      }
      std::vector<double> deviation(1);
      model.deviations({{user}, {item}, {}}, deviation);
      CHECK(deviation[0] == doctest::Approx(std::sqrt(squares / kSamples)).epsilon(0.01));
    }
  }
}

TEST_CASE("a model without a posterior knows no deviations") {
  Factorization model = uncertain_model();
  CHECK(model.knows_deviations());
  model.posterior.reset();
  CHECK(!model.knows_deviations());
  std::vector<double> out(1);
  CHECK_THROWS_AS(model.deviations({{0}, {0}, {}}, out), Error);
}

TEST_CASE("scores of a normal distribution are those of quadrature") {
  constexpr double kStep = 1e-4;
  for (const double deviation : {0.3, 1.0, 2.5}) {
    for (const double rating : {-1.0, 0.2, 4.0}) {
      const double mean = 0.5;
      double crps = 0;
      double below = 0;  // the distribution function, by the same sum
      for (double y = mean - 10 * deviation; y < std::max(mean + 10 * deviation, rating + 1); y += kStep) {
        const double z = (y + kStep / 2 - mean) / deviation;
        below += kStep * std::exp(-z * z / 2) / (deviation * std::sqrt(2 * 3.14159265358979323846));
        const double step = y >= rating ? 1 : 0;
        crps += kStep * (below - step) * (below - step);
      }
      CalibrationSums sums(0.9);
      sums.add(mean, deviation, rating);
      const Calibration result = sums.result();
      CHECK(result.crps == doctest::Approx(crps).epsilon(1e-3));
      const double z = (rating - mean) / deviation;
      CHECK(result.negative_log_likelihood ==
            doctest::Approx(-std::log(std::exp(-z * z / 2) / (deviation * std::sqrt(2 * 3.14159265358979323846)))));
      CHECK(result.coverage == (std::abs(z) <= 1.6448536 ? 1 : 0));
    }
  }
}

TEST_CASE("intervals hold their share of a normal distribution") {
  CHECK(interval_half_width(0.5) == doctest::Approx(0.6744898));
  CHECK(interval_half_width(0.9) == doctest::Approx(1.6448536));
  CHECK(interval_half_width(0.95) == doctest::Approx(1.9599640));
  CHECK(std::isfinite(interval_half_width(std::nextafter(1.0, 0.0))));
  for (const double wrong : {0.0, 1.0, -0.5, 2.0}) CHECK_THROWS_AS(interval_half_width(wrong), Error);
}

TEST_CASE("ratings are grouped by deviation, equal ones together") {
  const RandomStream random(1, 1);
  CalibrationSums sums(0.8);
  constexpr std::size_t kRatings = 50'000;
  for (std::size_t k = 0; k < kRatings; ++k) {
    const double deviation = 1 + random.uniform(3 * k);
    sums.add(0, deviation, deviation * random.normal(3 * k + 1));
  }
  const Calibration result = sums.result();
  CHECK(result.ratings == kRatings);
  CHECK(result.level == 0.8);
  CHECK(result.coverage == doctest::Approx(0.8).epsilon(0.02));
  REQUIRE(result.deciles.size() == 10);
  for (std::size_t group = 0; group < 10; ++group) {
    CHECK(result.deciles[group].ratings == doctest::Approx(kRatings / 10).epsilon(0.1));
    CHECK(result.deciles[group].deviation == doctest::Approx(1.05 + 0.1 * static_cast<double>(group)).epsilon(0.02));
    CHECK(result.deciles[group].rmse == doctest::Approx(result.deciles[group].deviation).epsilon(0.05));
  }
  CalibrationSums equal(0.8);
  for (int k = 0; k < 100; ++k) equal.add(0, 2, 1);
  REQUIRE(equal.result().deciles.size() == 1);
  CHECK(equal.result().deciles[0].ratings == 100);
  CHECK(CalibrationSums(0.8).result().deciles.empty());
}

}  // namespace
}  // namespace odot
