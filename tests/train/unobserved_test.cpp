// Training with all entries, observed or not, in the objective: what train() makes of it, and newcomers.
#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/ratings/synthetic.hpp"
#include "odot/train/fold_in.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

const RatingList& ratings() {
  static const RatingList list = synthesize({.users = 60, .items = 40, .ratings = 700, .seed = 9}).list;
  return list;
}

TrainSettings settings_of(const std::string& method, double weight, double target) {
  TrainSettings settings{.method = method};
  settings.rank = 3;
  settings.tolerance = 0;
  settings.iterations = 60;
  settings.unobserved_weight = weight;
  settings.unobserved_target = target;
  settings.regularisation = Regularisation{0.5, 0.1};
  return settings;
}

Factorization trained(const TrainSettings& settings, const RatingList& list = ratings()) {
  return train(list, {}, settings).model;
}

// The mean prediction of all entries.
double mean_prediction(const Factorization& model) {
  double sum = 0;
  for (Index user = 0; user < model.users.size(); ++user) {
    for (Index item = 0; item < model.items.size(); ++item) sum += model.predict(user, item);
  }
  return sum / (static_cast<double>(model.users.size()) * model.items.size());
}

TEST_CASE("a weight pulls predictions of all entries to the target, by every method, the more the higher it is") {
  for (const std::string method : {"blocks", "full", "nnmf"}) {
    CAPTURE(method);
    for (const double target : {0.0, 1.5}) {
      CAPTURE(target);
      double before = std::abs(mean_prediction(trained(settings_of(method, 0, target))) - target);
      CHECK(before > 1);
      for (const double weight : {0.1, 1.0, 30.0}) {
        const double after = std::abs(mean_prediction(trained(settings_of(method, weight, target))) - target);
        CHECK(after < before);
        before = after;
      }
      CHECK(before < 0.25);
    }
  }
}

TEST_CASE("every optimizer with every line search lowers the objective, or says why not, all at once and row by row") {
  for (const std::string method : {"full", "blocks"}) {
    for (const Algorithm& optimizer : optimizers()) {
      for (const Algorithm& line_search : line_searches()) {
        CAPTURE(method);
        CAPTURE(optimizer.name);
        CAPTURE(line_search.name);
        TrainSettings settings = settings_of(method, 0.2, 1);
        settings.optimizer = optimizer.name;
        settings.line_search = line_search.name;
        settings.iterations = 20;
        std::optional<double> first;
        const TrainReport report = train(ratings(), {}, settings, [&](const TrainProgress& progress) {
                                     if (!first) first = progress.objective;
                                     return true;
                                   }).report;
        REQUIRE(first);
        if (report.stop_reason == "iterations") {
          CHECK(report.optimisation.value < *first);
        } else {
          CHECK(report.optimisation.value <= *first);
        }
      }
    }
  }
}

TEST_CASE("a weight of 0 changes no bit") {
  for (const std::string method : {"blocks", "full", "nnmf"}) {
    CAPTURE(method);
    TrainSettings without = settings_of(method, 0, 0);
    without.unobserved_weight.reset();
    without.unobserved_target.reset();
    CHECK((trained(settings_of(method, 0, 1)).theta == trained(without).theta));
  }
}

TEST_CASE("the same bits on any number of threads") {
  for (const std::string method : {"blocks", "full", "nnmf"}) {
    CAPTURE(method);
    Vector expected;
    for (const int count : {1, 2, 3, 8}) {
      set_threads(count);
      const Vector theta = trained(settings_of(method, 0.2, 1)).theta;
      if (count == 1) expected = theta;
      CHECK((theta == expected));
    }
    set_threads(0);
  }
}

TEST_CASE("ratings in another unit, and their target, give the same model in it") {
  RatingList scaled = ratings();
  for (Real& value : scaled.ratings.value) value *= 64;
  TrainSettings in_unit = settings_of("blocks", 0.2, 1);
  TrainSettings other = settings_of("blocks", 0.2, 64);
  other.regularisation = Regularisation{0.5 * 64, 0.1 * 64};
  const Factorization expected = trained(in_unit);
  const Factorization found = trained(other, scaled);
  for (const Index user : {0, 7, 31}) {
    CHECK(found.predict(user, 5) == doctest::Approx(64 * expected.predict(user, 5)).epsilon(1e-6));
  }
}

TEST_CASE("a user who is folded in again, with all ratings, stays where training ended") {
  for (const double target : {0.0, 2.0}) {
    for (const bool centred : {false, true}) {
      CAPTURE(target);
      CAPTURE(centred);
      TrainSettings settings = settings_of("blocks", 0.3, target);
      settings.center = centred;
      settings.iterations = 400;
      const Factorization model = trained(settings);
      Factorization folded = model;
      FoldInSettings again;
      again.update = true;
      (void)fold_in(folded, ratings(), again);
      double worst = 0;
      for (Index user = 0; user < model.users.size(); ++user) {
        for (Index item = 0; item < model.items.size(); ++item) {
          worst = std::max(worst, std::abs(folded.predict(user, item) - model.predict(user, item)));
        }
      }
      CHECK(worst < tolerance(1e-3, 5e-3));
      // Without the term they would be elsewhere.
      Factorization elsewhere = model;
      elsewhere.settings.erase("unobserved-weight");
      (void)fold_in(elsewhere, ratings(), again);
      CHECK(std::abs(mean_prediction(elsewhere) - mean_prediction(model)) > 0.05);
    }
  }
}

TEST_CASE("settings that make no sense are refused") {
  const auto refused = [](TrainSettings settings, const char* text) {
    CHECK_THROWS_WITH_AS(check(settings), doctest::Contains(text), Error);
  };
  TrainSettings alone{.method = "blocks"};
  alone.unobserved_target = 1;
  refused(alone, "of no use without unobserved-weight");
  refused(settings_of("nnmf", 0.1, -1), "must not be negative");
  refused(settings_of("blocks", -0.1, 0), "unobserved-weight");
  for (const std::string method : {"variational", "gibbs", "mlp"}) {
    TrainSettings settings{.method = method};
    settings.unobserved_weight = 0.1;
    refused(settings, "unobserved-weight");
  }
}

}  // namespace
}  // namespace odot
