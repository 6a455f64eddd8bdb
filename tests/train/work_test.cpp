// What training costs in passes over the ratings, and how it ends.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/vector.hpp"
#include "odot/train/methods.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("line searches along the quartic cost three passes an iteration, whatever their trials") {
  const Data data = everyday_data();
  for (const std::string optimizer : {"gd", "lbfgs", "heavy-ball"}) {
    long fewest = 1000000;
    long most = 0;
    for (const std::string search : {"armijo", "weak-wolfe", "strong-wolfe", "exact"}) {
      CAPTURE(optimizer);
      CAPTURE(search);
      TrainSettings settings = plain(8, 2, optimizer, 25);
      settings.line_search = search;
      if (search == "armijo" || search == "weak-wolfe") settings.parameters = {{"initial-step", 0.5}};
      const TrainReport report = train_on(data, settings).report;
      const Counts& counts = report.optimisation.counts;
      REQUIRE(counts.iterations == 25);
      REQUIRE(counts.restarts == 0);
      CHECK(counts.evaluations == 26);
      CHECK(counts.lines == 25);
      CHECK(report.passes == 2 * 26 + 25);
      fewest = std::min(fewest, counts.trials);
      most = std::max(most, counts.trials);
    }
    CHECK(most > fewest);
  }
}

TEST_CASE("fixed steps cost two passes an iteration") {
  const Data data = everyday_data();
  TrainSettings settings = plain(8, 2, "gd", 20);
  settings.line_search = "constant";
  settings.parameters = {{"step", 1e-4}};
  const TrainReport report = train_on(data, settings).report;
  REQUIRE(report.optimisation.counts.iterations == 20);
  CHECK(report.passes == 2 * 21);
}

TEST_CASE("lipschitz with a warm start takes at most two evaluations an iteration") {
  const Data data = everyday_data();
  const TrainReport report = train_on(data, plain(10, 2, "gd", 200)).report;
  CHECK(report.settings.line_search == "lipschitz");
  const Counts& counts = report.optimisation.counts;
  REQUIRE(counts.iterations == 200);
  CHECK(counts.evaluations <= 2 * counts.iterations + 1);
  CHECK(report.passes == 2 * counts.evaluations);
}

TEST_CASE("what the observer sees is what is so") {
  const Data data = everyday_data();
  for (const Method& method : methods()) {
    if (method.name == "mlp") continue;
    CAPTURE(method.name);
    TrainSettings settings{.method = method.name};
    settings.clip = false;
    settings.iterations = 0;
    const FactorResult start = train_on(data, settings);
    settings.iterations = 6;
    std::vector<double> train_rmse;
    std::vector<double> valid_rmse;
    const bool sampled = method.name == "gibbs";
    long passes = sampled ? -1 : 0;  // nothing is read before the first sweep
    int iteration = 0;
    const FactorResult result = train_on(data, settings, [&](const TrainProgress& progress) {
      CHECK(progress.counts.iterations == iteration++);
      CHECK(progress.passes > passes);
      passes = progress.passes;
      train_rmse.push_back(progress.train_rmse);
      valid_rmse.push_back(progress.valid_rmse().value());
      return true;
    });
    REQUIRE(train_rmse.size() == 7);
    CHECK(train_rmse.front() == doctest::Approx(start.report.train.rmse).epsilon(1e-5));
    if (sampled) {
      // Of the sample, whose items are drawn, while the model has their means.
      CHECK(train_rmse.back() > result.report.train.rmse);
      CHECK(train_rmse.back() < 1.2 * result.report.train.rmse);
    } else {
      CHECK(train_rmse.back() == doctest::Approx(result.report.train.rmse).epsilon(1e-5));
    }
    // Not to the last bit: the model that is kept has its biases rounded in units of the ratings.
    CHECK(valid_rmse.front() == doctest::Approx(start.report.valid->rmse).epsilon(1e-6));
    CHECK(valid_rmse.back() == doctest::Approx(result.report.valid->rmse).epsilon(1e-6));
    CHECK(passes == result.report.passes);
    CHECK(train_rmse.back() < train_rmse.front());
    train(data.train, {}, settings, [&](const TrainProgress& progress) {
      CHECK_FALSE(progress.valid_rmse());
      return true;
    });
  }
}

TEST_CASE("an observer that says stop gets the model so far") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "full"};
  limit(settings, {.iterations = 50});
  const FactorResult interrupted =
      train_on(data, settings, [](const TrainProgress& progress) { return progress.counts.iterations < 5; });
  CHECK(interrupted.report.optimisation.reason == StopReason::interrupted);
  CHECK(interrupted.report.optimisation.counts.iterations == 5);
  limit(settings, {.iterations = 5});
  const FactorResult short_run = train_on(data, settings);
  CHECK(short_run.report.optimisation.reason == StopReason::iterations);
  CHECK(interrupted.model.theta == short_run.model.theta);
  CHECK(interrupted.report.valid->rmse == short_run.report.valid->rmse);
  CHECK(interrupted.model.users.size() == data.train.users.size());
}

TEST_CASE("each stopping condition stops and is named") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "full"};
  limit(settings, {.iterations = 0});
  CHECK(train_on(data, settings).report.optimisation.reason == StopReason::iterations);
  limit(settings, {.iterations = 1000, .tolerance = 0.01});
  const Summary tolerance = train_on(data, settings).report.optimisation;
  CHECK(tolerance.reason == StopReason::tolerance);
  CHECK(tolerance.counts.iterations < 100);
  limit(settings, {.iterations = 1000, .gradient_tolerance = 0.1});
  CHECK(train_on(data, settings).report.optimisation.reason == StopReason::gradient);
  limit(settings, {.iterations = 1000, .seconds = 1e-9});
  CHECK(train_on(data, settings).report.optimisation.reason == StopReason::time);
}

TEST_CASE("a diverging run is reported and leaves the last finite iterate") {
  const Data data = everyday_data();
  for (const double step : {1.0, 1e3, 1e30}) {
    CAPTURE(step);
    TrainSettings settings = plain(8, 0, "gd", 100);
    settings.line_search = "constant";
    settings.parameters = {{"step", step}};
    int last = -1;
    const FactorResult result = train_on(data, settings, [&](const TrainProgress& progress) {
      last = progress.counts.iterations;
      return true;
    });
    CHECK(result.report.optimisation.reason == StopReason::diverged);
    CHECK(all_finite(result.model.theta));
    CHECK(std::isfinite(result.report.optimisation.value));
    CHECK(std::isfinite(result.report.train.rmse));
    CHECK(std::isfinite(result.report.valid->rmse));
    CHECK(result.report.optimisation.counts.iterations == last);
  }
}

}  // namespace
}  // namespace odot
