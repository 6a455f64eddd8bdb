// Training finds what is planted in the ratings, whatever their scale.
#include <doctest/doctest.h>

#include "odot/core/error.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("lbfgs recovers the hidden entries of noiseless low-rank ratings") {
  const Data data = exact_data(0);
  REQUIRE(summarize(data.valid.value).deviation > 0.8);
  for (const bool center : {false, true}) {
    CAPTURE(center);
    // The constant that centring removes is one more rank, and a direction in which progress is slow.
    TrainSettings settings = plain(4, 0, "lbfgs", 1000);
    settings.center = center;
    settings.clip = false;
    const TrainReport report = train_on(data, settings).report;
    REQUIRE(report.valid);
    CHECK(report.valid->rmse <= tolerance(1e-6, 1e-5));
    CHECK(report.train.rmse <= tolerance(1e-6, 1e-5));
  }
}

TEST_CASE("with biases, lbfgs recovers ratings that are made of biases and factors") {
  const Data data = exact_data(0.7);
  for (const bool center : {false, true}) {
    CAPTURE(center);
    TrainSettings settings = plain(3, 0, "lbfgs", 400);
    settings.center = center;
    settings.biases = true;
    settings.clip = false;
    const TrainReport report = train_on(data, settings).report;
    REQUIRE(report.valid);
    CHECK(report.valid->rmse <= tolerance(1e-6, 1e-5));
  }
}

TEST_CASE("the defaults do not depend on the ratings' scale") {
  const Data data = everyday_data();
  const double rmse = train_on(data, {}).report.valid->rmse;
  const double deviation = summarize(data.valid.value).deviation;
  // Worth having: better than the mean by far, and not far above the noise of 0.7.
  CHECK(rmse <= 0.9 * deviation);
  CHECK(rmse <= 0.8);
  for (const double factor : {20.0, 0.01}) {
    CAPTURE(factor);
    Data scaled = data;
    for (Real& value : scaled.train.ratings.value) value = static_cast<Real>(static_cast<double>(value) * factor);
    for (Real& value : scaled.valid.value) value = static_cast<Real>(static_cast<double>(value) * factor);
    CHECK(train_on(scaled, {}).report.valid->rmse == doctest::Approx(factor * rmse).epsilon(0.01));
  }
}

TEST_CASE("every optimizer with its defaults predicts better than the mean") {
  const Data data = everyday_data();
  const double deviation = summarize(data.valid.value).deviation;
  constexpr std::size_t kRank = 16;  // the default
  int trained = 0;
  for (const Algorithm& optimizer : optimizers()) {
    CAPTURE(optimizer.name);
    try {
      make_direction(optimizer.name)->reset(kRank * (data.train.users.size() + data.train.items.size()));
    } catch (const Error&) {
      continue;  // it refuses a problem of this size
    }
    ++trained;
    TrainSettings settings{.method = "full"};
    settings.optimizer = optimizer.name;
    const TrainReport report = train_on(data, settings).report;
    CHECK(report.optimisation.reason != StopReason::diverged);
    CHECK(report.settings.line_search == optimizer.default_partner);
    CHECK(report.valid->rmse <= 0.95 * deviation);
  }
  CHECK(trained >= 8);
}

TEST_CASE("bfgs on the full problem is refused with a remedy") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "full"};
  settings.optimizer = "bfgs";
  CHECK_THROWS_WITH_AS(train_on(data, settings), doctest::Contains("lbfgs"), Error);
}

}  // namespace
}  // namespace odot
