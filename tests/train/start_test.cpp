// Where training starts, and what it says of users and items that it has not seen.
#include <doctest/doctest.h>

#include <cmath>

#include "support/optim_problems.hpp"
#include "train/cases.hpp"
#include "train/initial_factors.hpp"

namespace odot {
namespace {

using namespace test;

// Mean and deviation of the first predictions of every pair.
ValueSummary first_predictions(const FactorLayout& layout, double pin, double offset, double deviation) {
  const Vector theta = initial_factors(layout, pin, offset, deviation, 5);
  REQUIRE(theta.size() == layout.size());
  std::vector<Real> predictions;
  for (Index user = 0; user < layout.users; ++user) {
    for (Index item = 0; item < layout.items; ++item) {
      double sum = 0;
      for (std::size_t k = 0; k < layout.stride(); ++k) {
        sum += static_cast<double>(theta[layout.user_row(user) + k]) *
               static_cast<double>(theta[layout.item_row(item) + k]);
      }
      predictions.push_back(static_cast<Real>(sum));
    }
  }
  return summarize(predictions);
}

TEST_CASE("first predictions scatter about the mean by a tenth of the ratings' deviation") {
  for (const int rank : {1, 2, 16, 200}) {
    for (const bool biases : {false, true}) {
      for (const double offset : {0.0, 3.5, -3.5, 70.0}) {
        for (const double deviation : {1.1, 0.03}) {
          CAPTURE(rank);
          CAPTURE(biases);
          CAPTURE(offset);
          CAPTURE(deviation);
          const ValueSummary first =
              first_predictions({300, 200, rank, biases}, std::sqrt(deviation), offset, deviation);
          CHECK(std::abs(first.mean - offset) <= 0.03 * deviation + 1e-6 * std::abs(offset));
          CHECK(first.deviation >= 0.07 * deviation);
          CHECK(first.deviation <= 0.13 * deviation);
        }
      }
    }
  }
}

TEST_CASE("initial factors: pins are set, padding is zero, the seed decides the rest") {
  const FactorLayout layout{50, 40, 5, true};
  const Vector theta = initial_factors(layout, 1.5, 0, 1, 1);
  for (Index user = 0; user < layout.users; ++user) {
    CHECK(theta[layout.user_row(user) + 6] == Real{1.5});
    CHECK(theta[layout.user_row(user) + 7] == Real{0});
  }
  for (Index item = 0; item < layout.items; ++item) {
    CHECK(theta[layout.item_row(item) + 5] == Real{1.5});
    CHECK(theta[layout.item_row(item) + 7] == Real{0});
  }
  CHECK(initial_factors(layout, 1.5, 0, 1, 1) == theta);
  CHECK(initial_factors(layout, 1.5, 0, 1, 2) != theta);
}

TEST_CASE("training starts near the mean, centred or not, with biases or not, at any level") {
  for (const double level : {0.0, -100.0, 1000.0}) {
    Data data = everyday_data();
    for (Real& value : data.train.ratings.value) value += static_cast<Real>(level);
    const double deviation = summarize(data.train.ratings.value).deviation;
    for (const bool center : {false, true}) {
      for (const bool biases : {false, true}) {
        CAPTURE(level);
        CAPTURE(center);
        CAPTURE(biases);
        TrainSettings settings{.method = "full"};
        settings.center = center;
        settings.biases = biases;
        double first = 0;
        train_on(data, settings, [&](const TrainProgress& progress) {
          first = progress.train_rmse;
          return false;
        });
        CHECK(first >= 0.9 * deviation);
        CHECK(first <= 1.1 * deviation);
      }
    }
  }
}

TEST_CASE("unknown users and items are predicted from what is known, centred or not") {
  const Data data = everyday_data();
  const ValueSummary values = summarize(data.train.ratings.value);
  Triples unknown_user = data.valid;
  for (Index& user : unknown_user.user) user = kUnknown;
  Triples unknown_item = data.valid;
  for (Index& item : unknown_item.item) item = kUnknown;
  Triples unknown = unknown_user;
  for (Index& item : unknown.item) item = kUnknown;
  const double of_mean = evaluate(FactorView{{.unknown_mean = values.mean}, {}, {}}, unknown, false).rmse;
  for (const bool center : {false, true}) {
    CAPTURE(center);
    TrainSettings settings{.method = "full"};
    settings.center = center;
    settings.regularisation = Regularisation{1};
    const FactorResult result = train(data.train, unknown_user, settings);
    CHECK(result.report.valid->unknown_users == data.valid.size());
    CHECK(result.report.valid->unknown_items == 0);
    // The planted biases explain a part of the ratings. Without centring some of that part goes into u·v, of which
    // nothing is known without u or v.
    const double expected = (center ? 0.97 : 1.02) * of_mean;
    CHECK(result.report.valid->rmse <= expected);
    CHECK(evaluate(result.model.view(), unknown_item, true).rmse <= expected);
    CHECK(result.model.predict(kUnknown, kUnknown) == doctest::Approx(values.mean).epsilon(1e-6));
  }
  TrainSettings none{.method = "full"};
  none.center = false;
  none.biases = false;
  const FactorResult result = train(data.train, unknown_user, none);
  CHECK(result.report.valid->rmse == doctest::Approx(of_mean).epsilon(1e-6));
}

}  // namespace
}  // namespace odot
