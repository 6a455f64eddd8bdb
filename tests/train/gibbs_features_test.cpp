// Gibbs' sampler with features: rows without ratings in each sample, what a model keeps of features, and newcomers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/kinds/factor_samples.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/model_file.hpp"
#include "support/dense_ridge.hpp"
#include "support/optim_problems.hpp"
#include "support/saved_model.hpp"
#include "train/features_problem.hpp"
#include "train/posterior/feature_effects.hpp"

namespace odot {
namespace {

using namespace test;

using Long = long double;

TEST_CASE("users and items without ratings are predicted from features, as surely as is said") {
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    const FeaturesProblem problem = features_problem(400, 300, 0.2, 0.3, 3, 60);
    const TrainSettings settings = gibbs_settings(4, 20, 30, 10, svdpp);
    const Factorization with = train_with(problem.data, settings).model;
    Dataset plain = problem.data;
    plain.user_features.reset();
    plain.item_features.reset();
    const Factorization without = train_with(plain, settings).model;
    for (const Triples* ratings : {&problem.of_cold_users, &problem.of_cold_items}) {
      const double rmse = with.evaluate(*ratings, false).rmse;
      CHECK(rmse < 0.75);
      CHECK(rmse < 0.6 * without.evaluate(*ratings, false).rmse);
      std::vector<double> predicted(ratings->size());
      std::vector<double> deviations(ratings->size());
      with.predict(*ratings, false, predicted);
      with.deviations(*ratings, deviations);
      double within = 0;
      double squares = 0;  // of errors, over what is said of them
      for (std::size_t k = 0; k < predicted.size(); ++k) {
        within += std::abs(static_cast<double>(ratings->value[k]) - predicted[k]) <= 1.6449 * deviations[k] ? 1 : 0;
        squares += std::pow((static_cast<double>(ratings->value[k]) - predicted[k]) / deviations[k], 2);
      }
      squares /= static_cast<double>(predicted.size());
      within /= static_cast<double>(predicted.size());
      CAPTURE(within);
      CAPTURE(squares);
      CHECK(within > 0.86);
      CHECK(within < 0.95);
      CHECK(squares > 0.75);
      CHECK(squares < 1.3);
    }
  }
}

TEST_CASE("few ratings gain by features that say something") {
  const FeaturesProblem problem = features_problem(300, 200, 0.05, 0.2, 8, 10);
  Dataset data = problem.data;
  Triples rest;
  for (std::size_t k = 0; k < data.list.size(); ++k) {
    Triples& to = k % 5 == 0 ? data.valid : rest;
    to.user.push_back(data.list.user[k]);
    to.item.push_back(data.list.item[k]);
    to.value.push_back(data.list.value[k]);
  }
  data.list = rest;
  const TrainSettings settings = gibbs_settings(4, 20, 30, 10, "none");
  Dataset plain = data;
  plain.user_features.reset();
  plain.item_features.reset();
  CHECK(train_with(data, settings).report.valid->rmse < 0.92 * train_with(plain, settings).report.valid->rmse);
}

TEST_CASE("in each sample items without ratings are where the regression of those with ratings says") {
  constexpr Index kCold = 7;
  const FeaturesProblem problem = features_problem(60, 50, 0.4, 0.3, 21, kCold);
  const Factorization model = train_with(problem.data, gibbs_settings(3, 2, 6, 3, "both")).model;
  const FactorPosterior& posterior = *model.posterior;
  const FactorLayout layout = posterior.sample_layout(model.layout);
  REQUIRE(posterior.samples == 3);
  const std::vector<std::size_t> elements = variables(layout, true);
  const FeatureTable& table = *problem.data.item_features;
  const std::size_t width = table.encoding.inputs();
  LongMatrix inputs(layout.items, LongVector(width));
  LongVector weights(layout.items);
  for (const Index item : problem.data.list.item) ++weights[item];
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    weights[i] = weights[i] / (weights[i] + static_cast<Long>(kItemHalf));
    for (std::size_t f = 0; f < width; ++f) inputs[i][f] = table.inputs[i * width + f];
  }
  Long total = 0;
  for (const Long weight : weights) total += weight;
  for (Long& weight : weights) weight *= (layout.items - kCold) / total;
  LongVector squares(elements.size());
  Long all_weights = 0;
  for (const Long weight : weights) all_weights += weight;
  for (int sample = 0; sample < 3; ++sample) {
    CAPTURE(sample);
    // Items stand in the model with the means that they were drawn about.
    const Vector rows = sample_rows(model.view(), true, sample);
    LongMatrix dense(layout.items, LongVector(elements.size()));
    for (std::size_t i = 0; i < dense.size(); ++i) {
      for (std::size_t k = 0; k < elements.size(); ++k) dense[i][k] = rows[i * layout.stride() + elements[k]];
    }
    const RidgePrediction expected = ridge_predictions(inputs, weights, dense, 3);
    // All are moved alike (unrated_shift_test.cpp has by what).
    LongVector shift(elements.size());
    for (std::size_t k = 0; k < elements.size(); ++k) shift[k] = dense[0][k] - expected.rows[0][k];
    for (std::size_t i = 0; i < dense.size(); ++i) {
      if (weights[i] > 0) continue;
      REQUIRE(i < kCold);
      for (std::size_t k = 0; k < elements.size(); ++k) {
        CHECK(std::abs(dense[i][k] - expected.rows[i][k] - shift[k]) < tolerance(1e-9, 1e-4));
      }
    }
    for (std::size_t k = 0; k < elements.size(); ++k) {
      squares[k] += (expected.squares[k] - 2 * shift[k] * expected.misses[k] + shift[k] * shift[k]) / 3;
    }
  }
  // Of the mean over samples: the squares that are missed, and what is not known of the rows that are known.
  for (std::size_t k = 0; k < elements.size(); ++k) {
    Long variance = squares[k];
    for (Index i = 0; i < layout.items; ++i) {
      variance += weights[i] * posterior.variances[layout.item_row(i) + elements[k]] / all_weights;
    }
    for (Index i = 0; i < kCold; ++i) {
      CHECK(posterior.variances[layout.item_row(i) + elements[k]] ==
            posterior.items.features->unrated_variance[elements[k]]);
    }
    CHECK(std::abs(posterior.items.features->unrated_variance[elements[k]] / variance - 1) < tolerance(1e-9, 1e-4));
  }
}

TEST_CASE("of both sides rows without ratings are those of each sample's regression, which the model keeps") {
  const FeaturesProblem problem = features_problem(60, 50, 0.4, 0.3, 22, 6);
  for (const int samples : {1, 4}) {
    const Factorization model = train_with(problem.data, gibbs_settings(3, 2, 8, samples, "users")).model;
    const FactorPosterior& posterior = *model.posterior;
    const FactorLayout layout = posterior.sample_layout(model.layout);
    for (const bool items : {false, true}) {
      CAPTURE(items);
      const SideFeatures& features = *(items ? posterior.items : posterior.users).features;
      const FeatureTable& table = table_of(problem.data, items);
      const std::size_t width = table.encoding.inputs();
      const std::size_t stride = layout.stride();
      REQUIRE(features.effects.size() == static_cast<std::size_t>(samples) * width * stride);
      REQUIRE(features.unrated_effects.size() == static_cast<std::size_t>(samples) * width * stride);
      REQUIRE(features.unrated_mean.size() == static_cast<std::size_t>(samples) * stride);
      REQUIRE(features.unrated_variance.size() == stride);
      for (int sample = 0; sample < samples; ++sample) {
        const auto s = static_cast<std::size_t>(sample);
        const Vector rows = sample_rows(model.view(), items, sample);
        for (std::size_t i = 0; i < 6; ++i) {
          for (const std::size_t k : variables(layout, items)) {
            Long row = features.unrated_mean[s * stride + k];
            for (std::size_t f = 0; f < width; ++f) {
              row += (static_cast<Long>(table.inputs[i * width + f]) - features.input_means[f]) *
                     features.unrated_effects[(s * width + f) * stride + k];
            }
            CHECK(std::abs(rows[i * stride + k] - row) < tolerance(1e-12, 1e-5));
            const std::size_t begin = items ? layout.item_row(0) : 0;
            CHECK(posterior.variances[begin + i * stride + k] == features.unrated_variance[k]);
            CHECK(features.unrated_variance[k] > 0);
          }
        }
      }
      // Their noise is the mean of the others'.
      const Index count = items ? layout.items : layout.users;
      double sum = 0;
      for (Index i = 6; i < count; ++i) sum += noise_weight(model.view(), items, i) / (count - 6);
      for (Index i = 0; i < 6; ++i) CHECK(noise_weight(model.view(), items, i) == doctest::Approx(sum));
    }
  }
}

TEST_CASE("bits are the same on any number of threads, after resuming, and whatever is held out") {
  const FeaturesProblem problem = features_problem(80, 60, 0.3, 0.3, 9, 10);
  for (const std::string svdpp : {"none", "both"}) {
    CAPTURE(svdpp);
    const TrainSettings settings = gibbs_settings(3, 2, 8, 3, svdpp);
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
    const TemporaryFolder folder;
    for (const int stop : {1, 5, 7}) {
      CAPTURE(stop);
      const CheckpointSettings first{.path = folder / "c"};
      train_with(
          held_out, settings, [&](const TrainProgress& progress) { return progress.counts.iterations < stop; }, first);
      CHECK((file_bytes(train_with(held_out, settings, {}, {.resume = folder / "c"}).model) == expected));
    }
    Dataset other = held_out;
    other.user_features->inputs[4] += Real{0.25};
    CHECK_THROWS_WITH_AS((void)train_with(other, settings, {}, {.resume = folder / "c"}),
                         doctest::Contains("checksum of the features"), Error);
    CHECK((file_bytes(train_with(other, settings).model) != expected));
  }
}

TEST_CASE("features of one side alone, and no sweep at all, are enough for a model") {
  const FeaturesProblem problem = features_problem(40, 30, 0.4, 0.3, 14, 5);
  for (const bool items : {false, true}) {
    CAPTURE(items);
    Dataset data = problem.data;
    (items ? data.user_features : data.item_features).reset();
    const Factorization model = train_with(data, gibbs_settings(2, 1, 4, 2, "both")).model;
    CHECK(model.posterior->items.features.has_value() == items);
    CHECK(model.posterior->users.features.has_value() == !items);
    CHECK(all_finite(model.theta));
    CHECK(model.posterior->variances[model.layout.user_row(0)] * (items ? 1 : -1) <= 0);
    const TemporaryFolder folder;
    (void)saved(model, folder / "m");
    CHECK_NOTHROW((void)load_model(folder / "m"));
  }
  TrainSettings none = gibbs_settings(2, 1, 4, 2, "both");
  none.parameters.erase("samples");
  none.iterations = 0;
  const Factorization model = train_with(problem.data, none).model;
  CHECK(all_finite(model.theta));
  CHECK(model.posterior->samples == 1);
  for (const Real effect : model.posterior->users.features->effects) CHECK(effect == 0);
}

TEST_CASE("a model's file keeps what each sample knows of features, and one that cannot be is refused") {
  const TemporaryFolder folder;
  const FeaturesProblem problem = features_problem(40, 30, 0.4, 0.3, 13, 4);
  const Factorization model = train_with(problem.data, gibbs_settings(3, 1, 4, 2, "both")).model;
  const std::string bytes = saved(model, folder / "m");
  const Factorization again = load_factorization(folder / "m");
  CHECK((saved(again, folder / "n") == bytes));
  const SideFeatures& kept = *model.posterior->items.features;
  const SideFeatures& features = *again.posterior->items.features;
  CHECK(features.encoding == kept.encoding);
  CHECK((features.effects == kept.effects));
  CHECK((features.unrated_effects == kept.unrated_effects));
  CHECK((features.unrated_mean == kept.unrated_mean));
  CHECK((features.unrated_variance == kept.unrated_variance));
  // Samples differ.
  const std::size_t half = kept.effects.size() / 2;
  CHECK(!std::equal(kept.effects.begin(), kept.effects.begin() + static_cast<std::ptrdiff_t>(half),
                    kept.effects.begin() + static_cast<std::ptrdiff_t>(half)));
  const auto refused = [&](auto&& damage, const char* message) {
    Factorization bad = model;
    damage(*bad.posterior->users.features);
    (void)saved(bad, folder / "bad");
    CHECK_THROWS_WITH_AS((void)load_model(folder / "bad"), doctest::Contains(message), Error);
  };
  const auto pin = static_cast<std::size_t>(model.posterior->sample_layout(model.layout).user_pin());
  refused([](SideFeatures& f) { f.unrated_variance[0] = -1; }, "\"unrated_user_variance\" holds -1");
  refused([&](SideFeatures& f) { f.unrated_mean[f.unrated_mean.size() / 2 + pin] = 1; },
          "\"unrated_user_mean\" holds 1 in row 1");
}

}  // namespace
}  // namespace odot
