// Early stopping of factorisations: the iterate of the lowest held-out RMSE is the model.
#include <doctest/doctest.h>

#include <algorithm>

#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// Settings of each kind of method under which everyday_data() is soon learnt by heart.
std::vector<TrainSettings> overfitting() {
  TrainSettings blocks{.method = "blocks"};
  TrainSettings full = plain(16, 0.1, "lbfgs", 300);
  TrainSettings nnmf{.method = "nnmf"};
  for (TrainSettings* settings : {&blocks, &full, &nnmf}) {
    settings->regularisation = Regularisation{0.1};
    limit(*settings, {.iterations = 300});
  }
  blocks.regularisation = Regularisation{2};
  TrainSettings variational{.method = "variational"};
  limit(variational, {.iterations = 300});
  return {blocks, full, nnmf, variational};
}

TEST_CASE("the best iterate is the model, its figures are reported, and training ends in time") {
  const Data data = everyday_data();
  for (TrainSettings settings : overfitting()) {
    CAPTURE(*settings.method);
    settings.early_stop = 4;
    std::vector<double> valid;
    std::vector<double> objectives;
    const FactorResult result = train_on(data, settings, [&](const TrainProgress& progress) {
      valid.push_back(*progress.valid_rmse());
      objectives.push_back(progress.objective);
      const auto best = std::min_element(valid.begin(), valid.end());
      REQUIRE(progress.best.has_value());
      CHECK(progress.best->iteration == best - valid.begin());
      CHECK(progress.best->valid_rmse == *best);
      return true;
    });
    const TrainReport& report = result.report;
    const auto best = static_cast<std::size_t>(std::min_element(valid.begin(), valid.end()) - valid.begin());
    REQUIRE(report.best_iteration.has_value());
    CHECK(report.stop_reason == "early_stop");
    CHECK(*report.best_iteration == static_cast<int>(best));
    CHECK(best > 0);
    CHECK(report.optimisation.counts.iterations == static_cast<int>(best) + 4);
    CHECK(report.optimisation.counts.iterations + 1 == static_cast<int>(valid.size()));
    CHECK(report.optimisation.value == objectives[best]);
    CHECK(report.valid->rmse == doctest::Approx(valid[best]).epsilon(1e-6));
    CHECK(result.model.settings.at("early-stop") == "4");

    // The same as stopping there by the number of iterations.
    settings.early_stop = 0;
    settings.iterations = static_cast<int>(best);
    const FactorResult there = train_on(data, settings);
    CHECK((there.model.theta == result.model.theta));
    CHECK_FALSE(there.report.best_iteration.has_value());
    CHECK(there.report.train.rmse == report.train.rmse);
    CHECK(there.report.optimisation.value == report.optimisation.value);
    CHECK(there.model.settings.count("early-stop") == 0);
  }
}

TEST_CASE("the best iterate is kept whatever ends the run") {
  const Data data = everyday_data();
  TrainSettings settings = overfitting()[0];
  settings.early_stop = 1000;
  settings.iterations = 40;
  const FactorResult limited = train_on(data, settings);
  CHECK(limited.report.stop_reason == "iterations");
  CHECK(*limited.report.best_iteration < 40);
  int seen = 0;
  const FactorResult interrupted = train_on(data, settings, [&](const TrainProgress&) { return ++seen <= 30; });
  CHECK(interrupted.report.stop_reason == "interrupted");
  CHECK((interrupted.model.theta == limited.model.theta));
}

TEST_CASE("early stopping without held-out ratings changes nothing") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "blocks"};
  const FactorResult without = train(data.train, {}, settings);
  settings.early_stop = 1;
  const FactorResult with = train(data.train, {}, settings);
  CHECK((with.model.theta == without.model.theta));
  CHECK_FALSE(with.report.best_iteration.has_value());
}

}  // namespace
}  // namespace odot
