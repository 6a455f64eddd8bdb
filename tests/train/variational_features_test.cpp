// Variational factorisation with features: against a dense implementation, and what it makes of those without ratings.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/model_file.hpp"
#include "support/optim_problems.hpp"
#include "support/saved_model.hpp"
#include "train/features_problem.hpp"
#include "train/variational_difference.hpp"
#include "train/variational_reference.hpp"

namespace odot {
namespace {

using namespace test;

LongMatrix inputs_of(const FeatureTable& table) {
  const std::size_t width = table.encoding.inputs();
  LongMatrix out(table.ids.size(), LongVector(width));
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (std::size_t f = 0; f < width; ++f) out[i][f] = static_cast<Long>(table.inputs[i * width + f]);
  }
  return out;
}

double rmse_of(const Factorization& model, const Triples& ratings) { return model.evaluate(ratings, false).rmse; }

TEST_CASE("sweeps with features are those of a dense implementation, and so is what the objective says") {
  for (const std::string svdpp : {"none", "users", "both"}) {
    for (const int sides : {1, 2, 3}) {
      CAPTURE(svdpp);
      CAPTURE(sides);
      FeaturesProblem problem = features_problem(24, 18, 0.4, 0.3, 5, 3);
      Dataset& data = problem.data;
      if ((sides & 1) == 0) data.user_features.reset();
      if ((sides & 2) == 0) data.item_features.reset();
      TrainSettings settings = variational_settings(3, 0, svdpp);
      const Long unit = static_cast<Long>(summarize(data.list.value).scale());
      VariationalReference reference(train_with(data, settings).model, data.list, svdpp);
      if (data.user_features) reference.set_inputs(true, inputs_of(*data.user_features));
      if (data.item_features) reference.set_inputs(false, inputs_of(*data.item_features));
      Long first_value = 0;
      double first_objective = 0;
      for (int sweep = 1; sweep <= 5; ++sweep) {
        CAPTURE(sweep);
        settings.iterations = sweep;
        const FactorResult result = train_with(data, settings);
        reference.sweep();
        CHECK(largest_difference(result.model, reference, unit) <= tolerance(1e-10, 2e-3));
        const double objective = result.report.optimisation.value;
        if (sweep <= kPointSweeps + 1) {
          first_value = reference.value();
          first_objective = objective;
          continue;
        }
        const auto expected = static_cast<double>(reference.value() - first_value);
        CHECK(std::abs(objective - first_objective - expected) <= tolerance(1e-9, 0.02));
      }
    }
  }
}

TEST_CASE("without partners' effects the objective never rises with features either") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const FeaturesProblem problem = features_problem(50, 40, 0.3, 0.3, seed, 5);
    std::vector<double> values;
    train_with(problem.data, variational_settings(3, 60, "none"), [&](const TrainProgress& progress) {
      if (progress.counts.iterations > 0) values.push_back(progress.objective);
      return true;
    });
    REQUIRE(values.size() == 60);
    for (std::size_t t = kPointSweeps + 1; t < values.size(); ++t) {
      CAPTURE(t);
      CHECK(values[t] <= values[t - 1] + tolerance(1e-10, 1e-5) * (std::abs(values[t]) + 100));
    }
    CHECK(values.back() < values[kPointSweeps] - 1);
  }
}

TEST_CASE("users and items without ratings are predicted from features, as surely as is said") {
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    const FeaturesProblem problem = features_problem(400, 300, 0.2, 0.3, 3, 60);
    const TrainSettings settings = variational_settings(4, 30, svdpp);
    const Factorization with = train_with(problem.data, settings).model;
    Dataset plain = problem.data;
    plain.user_features.reset();
    plain.item_features.reset();
    const Factorization without = train_with(plain, settings).model;
    for (const Triples* ratings : {&problem.of_cold_users, &problem.of_cold_items}) {
      REQUIRE(ratings->size() > 2000);
      CHECK(rmse_of(with, *ratings) < 0.75);
      CHECK(rmse_of(with, *ratings) < 0.6 * rmse_of(without, *ratings));
      std::vector<double> predicted(ratings->size());
      std::vector<double> deviations(ratings->size());
      with.predict(*ratings, false, predicted);
      with.deviations(*ratings, deviations);
      double within = 0;
      for (std::size_t k = 0; k < predicted.size(); ++k) {
        within += std::abs(static_cast<double>(ratings->value[k]) - predicted[k]) <= 1.6449 * deviations[k] ? 1 : 0;
      }
      within /= static_cast<double>(predicted.size());
      CHECK(within > 0.86);
      CHECK(within < 0.95);
    }
  }
}

TEST_CASE("where rows are all that features say, predictions come near the noise") {
  // Products of what is recovered of both sides' coefficients, whatever the rotation.
  const FeaturesProblem problem = features_problem(400, 300, 0.2, 0.02, 6, 60);
  const Factorization model = train_with(problem.data, variational_settings(3, 60, "none")).model;
  CHECK(rmse_of(model, problem.of_cold_users) < 1.12 * problem.noise);
  CHECK(rmse_of(model, problem.of_cold_items) < 1.12 * problem.noise);
}

TEST_CASE("features that say nothing do no harm, and few ratings gain by those that do") {
  const FeaturesProblem problem = features_problem(300, 200, 0.05, 0.2, 8, 10);
  Dataset data = problem.data;
  // Some of the ratings of warm rows are held out.
  Triples rest;
  for (std::size_t k = 0; k < data.list.size(); ++k) {
    Triples& to = k % 5 == 0 ? data.valid : rest;
    to.user.push_back(data.list.user[k]);
    to.item.push_back(data.list.item[k]);
    to.value.push_back(data.list.value[k]);
  }
  data.list = rest;
  const TrainSettings settings = variational_settings(4, 20, "none");
  Dataset plain = data;
  plain.user_features.reset();
  plain.item_features.reset();
  const double without = train_with(plain, settings).report.valid->rmse;
  CHECK(train_with(data, settings).report.valid->rmse < 0.85 * without);
  for (auto* table : {&data.user_features, &data.item_features}) {
    const RandomStream stream(77, 1);
    for (std::size_t k = 0; k < (*table)->inputs.size(); ++k) {
      (*table)->inputs[k] = stream.uniform(k) < 0.3 ? Real{1} : Real{0};
    }
  }
  CHECK(train_with(data, settings).report.valid->rmse < 1.03 * without);
}

TEST_CASE("what is held out does not reach a model with features, and its bits are the same on any number of threads") {
  const FeaturesProblem problem = features_problem(80, 60, 0.3, 0.3, 9, 10);
  const TrainSettings settings = variational_settings(3, 6, "both");
  const std::string expected = file_bytes(train_with(problem.data, settings).model);
  Dataset held_out = problem.data;
  held_out.valid = problem.of_cold_users;
  CHECK((file_bytes(train_with(held_out, settings).model) == expected));
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    CHECK((file_bytes(train_with(problem.data, settings).model) == expected));
  }
  set_threads(0);
  // Where it is trained on it does.
  Dataset more = problem.data;
  more.list.user.push_back(problem.of_cold_users.user[0]);
  more.list.item.push_back(problem.of_cold_users.item[0]);
  more.list.value.push_back(problem.of_cold_users.value[0]);
  CHECK((file_bytes(train_with(more, settings).model) != expected));
}

TEST_CASE("a run with features resumes to the same bits, and not with others") {
  const FeaturesProblem problem = features_problem(40, 30, 0.4, 0.3, 10, 4);
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    const TemporaryFolder folder;
    const TrainSettings settings = variational_settings(3, 7, svdpp);
    Dataset data = problem.data;
    data.valid = problem.of_cold_users;
    const std::string expected = file_bytes(train_with(data, settings).model);
    const CheckpointSettings first{.path = folder / "c"};
    train_with(
        data, settings, [](const TrainProgress& progress) { return progress.counts.iterations < 3; }, first);
    const CheckpointSettings resume{.resume = folder / "c"};
    CHECK((file_bytes(train_with(data, settings, {}, resume).model) == expected));
    Dataset other = data;
    other.user_features->inputs[4] += Real{0.25};
    CHECK_THROWS_WITH_AS((void)train_with(other, settings, {}, resume), doctest::Contains("checksum of the features"),
                         Error);
    other.user_features.reset();
    other.item_features.reset();
    CHECK_THROWS_WITH_AS((void)train_with(other, settings, {}, resume), doctest::Contains("checksum of the features"),
                         Error);
  }
}

TEST_CASE("early stopping keeps what features say of the best sweep") {
  const FeaturesProblem problem = features_problem(40, 30, 0.4, 0.3, 11, 6);
  Dataset data = problem.data;
  data.valid = problem.of_cold_users;
  TrainSettings settings = variational_settings(6, 60, "both");
  settings.early_stop = 3;
  const FactorResult stopped = train_with(data, settings);
  REQUIRE(stopped.report.best_iteration);
  settings.early_stop = 0;
  settings.iterations = *stopped.report.best_iteration;
  const FactorResult same = train_with(data, settings);
  CHECK((stopped.model.theta == same.model.theta));
  CHECK((stopped.model.posterior->users.features->effects == same.model.posterior->users.features->effects));
  CHECK(stopped.report.valid->rmse == doctest::Approx(same.report.valid->rmse));
}

TEST_CASE("rows that have no line of features are as average, and a file for nobody is refused") {
  FeaturesProblem problem = features_problem(60, 40, 0.4, 0.3, 12, 5);
  const TrainSettings settings = variational_settings(2, 5, "none");
  // Half of the lines: the others' users have none, among them some of the cold.
  FeatureTable half{.path = "half.csv", .ids = {}, .encoding = problem.data.user_features->encoding, .inputs = {}};
  const std::size_t width = half.encoding.inputs();
  for (Index i = 0; i < 60; i += 2) {
    half.ids.add(problem.data.users[i]);
    for (std::size_t f = 0; f < width; ++f) half.inputs.push_back(problem.data.user_features->inputs[i * width + f]);
  }
  problem.data.user_features = half;
  const Factorization model = train_with(problem.data, settings).model;
  CHECK(all_finite(model.theta));
  const Real* average = model.posterior->users.features->unrated_mean.data();
  const Real* cold = model.theta.data() + model.layout.user_row(1);
  for (std::size_t k = 0; k < 2; ++k) CHECK(cold[k] == doctest::Approx(average[k]));
  FeatureTable strangers{.path = "strangers.csv", .ids = {}, .encoding = half.encoding, .inputs = {}};
  strangers.ids.add("nobody");
  strangers.inputs.assign(width, Real{1});
  problem.data.user_features = strangers;
  CHECK_THROWS_WITH_AS((void)train_with(problem.data, settings),
                       doctest::Contains("none of the users of the ratings has features in strangers.csv"), Error);
  problem.data.user_features = FeatureTable{.path = "empty.csv", .ids = {}, .encoding = {}, .inputs = {}};
  CHECK_THROWS_WITH_AS((void)train_with(problem.data, settings), doctest::Contains("no feature that could be an input"),
                       Error);
}

TEST_CASE("a model's file keeps what it knows of features, and one that cannot be is refused") {
  const TemporaryFolder folder;
  const FeaturesProblem problem = features_problem(40, 30, 0.4, 0.3, 13, 4);
  const Factorization model = train_with(problem.data, variational_settings(3, 4, "both")).model;
  const std::string bytes = saved(model, folder / "m");
  const Factorization again = load_factorization(folder / "m");
  CHECK((saved(again, folder / "n") == bytes));
  const SideFeatures& features = *again.posterior->items.features;
  CHECK(features.encoding == model.posterior->items.features->encoding);
  CHECK((features.effects == model.posterior->items.features->effects));
  CHECK((features.unrated_effects == model.posterior->items.features->unrated_effects));
  CHECK((features.unrated_mean == model.posterior->items.features->unrated_mean));
  CHECK((features.unrated_variance == model.posterior->items.features->unrated_variance));
  CHECK((features.input_means == model.posterior->items.features->input_means));
  const auto refused = [&](auto&& damage, const char* message) {
    Factorization bad = model;
    damage(*bad.posterior->users.features);
    (void)saved(bad, folder / "bad");
    CHECK_THROWS_WITH_AS((void)load_model(folder / "bad"), doctest::Contains(message), Error);
  };
  const auto pin = static_cast<std::size_t>(model.layout.user_pin());
  refused([](SideFeatures& f) { f.unrated_variance[0] = -1; }, "\"unrated_user_variance\" holds -1");
  refused([&](SideFeatures& f) { f.effects[pin] = 1; }, "\"feature_effects_on_users\" holds 1 in row 0");
  refused([](SideFeatures& f) { f.input_means.pop_back(); }, "\"user_input_means\" has 4 elements");
  refused([](SideFeatures& f) { f.encoding.columns.pop_back(); }, "\"user_input_means\" has 5 elements");
}

}  // namespace
}  // namespace odot
