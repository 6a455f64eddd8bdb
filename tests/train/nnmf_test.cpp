// Non-negative factors: never upwards, never negative, the same bits, and the ratings that are refused.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "train/cases.hpp"
#include "train/initial_factors.hpp"
#include "train/method_task.hpp"

namespace odot {
namespace {

using namespace test;

TrainSettings nnmf(int sweeps) {
  TrainSettings settings{.method = "nnmf"};
  limit(settings, {.iterations = sweeps});
  return settings;
}

FactorizationProblem non_negative(FactorizationProblem problem) {
  for (Real& value : problem.ratings.value) value = std::abs(value);
  return problem;
}

std::size_t negatives(ConstSpan theta) {
  std::size_t count = 0;
  for (const Real value : theta) count += !(value >= 0);
  return count;
}

TEST_CASE("the objective never rises, is what the method says it is, and no factor is ever negative") {
  for (const int rank : {1, 3, 10}) {
    for (const double lambda : {0.0, 0.3, 5.0}) {
      for (const auto& [per_rating, unobserved] : {std::pair{0.0, 0.0}, {0.3, 0.0}, {0.3, 0.2}}) {
        const FactorizationProblem problem =
            with_unobserved(non_negative(small_problem(rank, false, lambda, per_rating)), unobserved, 0.5);
        CAPTURE(describe(problem));
        const Vector start = initial_non_negative_factors(problem.layout, 2, 3);
        const MethodRun run = run_method(run_nnmf, problem, nnmf(60), start);
        REQUIRE(run.iterates.size() == 61);
        check_never_rises(run);
        for (const Vector& theta : run.iterates) CHECK(negatives(theta) == 0);
        CHECK(run.objectives.back() < run.objectives.front());
        CHECK(run.outcome.passes == 1 + 2 * 60);
        CHECK((run.theta == run.iterates.back()));
        CHECK(run.outcome.summary.value == doctest::Approx(run.objectives.back()).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("it does so with long rows and long columns") {
  for (const bool column : {false, true}) {
    const FactorizationProblem problem =
        non_negative(column ? long_column_problem(3, false, 0.1, true) : long_row_problem(3, false, 4, false));
    const MethodRun run = run_method(run_nnmf, problem, nnmf(5), initial_non_negative_factors(problem.layout, 2, 3));
    check_never_rises(run);
    for (const Vector& theta : run.iterates) CHECK(negatives(theta) == 0);
    CHECK(run.objectives.back() < run.objectives.front());
  }
}

TEST_CASE("a sweep updates U by the old V and then V by the new U") {
  for (const double unobserved : {0.0, 0.2}) {
    CAPTURE(unobserved);
    const FactorizationProblem problem = with_unobserved(non_negative(small_problem(3, false, 0.4)), unobserved, 0.5);
    const FactorLayout& layout = problem.layout;
    const Vector start = initial_non_negative_factors(layout, 2, 5);
    std::vector<Long> theta = widen(start);
    for (const bool items : {false, true}) {
      // θ ← θ ∘ (W∘X)Vᵀ / ((W∘UV)Vᵀ + λθ) is θ − θ ∘ ∇f/2 / ((W∘UV)Vᵀ + λθ).
      const std::vector<Long> gradient = naive_evaluate(problem, theta).gradient;
      FactorizationProblem unrated = with_unobserved(problem, unobserved, 0);
      for (Real& value : unrated.ratings.value) value = 0;
      const std::vector<Long> denominator = naive_evaluate(unrated, theta).gradient;
      for (std::size_t k = items ? layout.item_row(0) : 0; k < (items ? layout.size() : layout.item_row(0)); ++k) {
        if (denominator[k] > 0) theta[k] -= theta[k] * gradient[k] / denominator[k];
      }
    }
    const MethodRun run = run_method(run_nnmf, problem, nnmf(1), start);
    double worst = 0;
    for (std::size_t k = 0; k < theta.size(); ++k) {
      const auto error = static_cast<double>(std::abs(run.theta[k] - theta[k]));
      if (!(error <= worst)) worst = error;
    }
    CHECK(worst <= tolerance(1e-13, 1e-5));
  }
}

TEST_CASE("the start is positive, scatters around the mean of the ratings, and is not all alike") {
  const FactorLayout layout{200, 300, 8, false};
  for (const double mean : {0.3, 3.5, 70.0}) {
    const Vector theta = initial_non_negative_factors(layout, mean, 1);
    double sum = 0;
    double least = mean;
    double most = 0;
    for (Index user = 0; user < 200; ++user) {
      for (Index item = 0; item < 300; ++item) {
        double prediction = 0;
        for (std::size_t k = 0; k < 8; ++k) {
          const auto u = static_cast<double>(theta[layout.user_row(user) + k]);
          CHECK(u > 0);
          prediction += u * static_cast<double>(theta[layout.item_row(item) + k]);
        }
        sum += prediction;
        least = std::min(least, prediction);
        most = std::max(most, prediction);
      }
    }
    CHECK(sum / 60000 == doctest::Approx(mean).epsilon(0.02));
    CHECK(least < 0.9 * mean);
    CHECK(most > 1.1 * mean);
  }
  CHECK((initial_non_negative_factors(layout, 3, 1) == initial_non_negative_factors(layout, 3, 1)));
  CHECK((initial_non_negative_factors(layout, 3, 1) != initial_non_negative_factors(layout, 3, 2)));
}

TEST_CASE("negative ratings are refused, and the lowest is named") {
  const RatingList list = list_of({0, 0, 1}, {0, 1, 1}, {3, Real(-0.5), 2});
  CHECK_THROWS_WITH_AS(train(list, {}, nnmf(3)), doctest::Contains("-0.5"), Error);
  CHECK_THROWS_WITH_AS(train(list, {}, nnmf(3)), doctest::Contains("not negative"), Error);
  TrainSettings settings = nnmf(3);
  settings.center = true;
  CHECK_THROWS_WITH_AS(train(list_of({0}, {0}, {1}), {}, settings), doctest::Contains("nnmf"), Error);
}

TEST_CASE("ratings that are hardly any") {
  const auto rmse = [](const RatingList& list) {
    TrainSettings settings = nnmf(200);
    settings.rank = 3;
    settings.regularisation = Regularisation{0};
    const FactorResult result = train(list, list.ratings, settings);
    CHECK(all_finite(result.model.theta));
    CHECK(negatives(result.model.theta) == 0);
    CHECK(std::isfinite(result.model.predict(kUnknown, 0)));
    CHECK(std::isfinite(result.model.predict(0, kUnknown)));
    CHECK(result.report.optimisation.reason != StopReason::diverged);
    return result.report.train.rmse;
  };
  CHECK(rmse(list_of({0}, {0}, {4})) <= 1e-5);
  CHECK(rmse(list_of({0, 0, 0}, {0, 1, 2}, {1, 5, 2})) <= 1e-3);
  CHECK(rmse(list_of({0, 1, 2}, {0, 0, 0}, {1, 5, 2})) <= 1e-3);
  CHECK(rmse(list_of({0, 0, 1, 1}, {0, 1, 0, 1}, {0, 0, 0, 0})) == 0);
  CHECK(rmse(list_of({0, 0, 1, 1}, {0, 1, 0, 1}, {0, 3, 0, 1})) <= 1e-2);
  CHECK(rmse(list_of({0, 0, 1, 1}, {0, 1, 0, 1}, {1e6, 3e6, 2e6, 6e6})) <= 1e3);
}

TEST_CASE("it learns, whatever the scale of the ratings") {
  const Data data = everyday_data();
  const TrainReport report = train_on(data, nnmf(100)).report;
  CHECK(report.valid->rmse < 0.9 * summarize(data.valid.value).deviation);
  CHECK(report.optimisation.counts.iterations == 100);
  CHECK_FALSE(report.settings.line_search);
  REQUIRE(report.unobserved);
  CHECK(report.unobserved->entries == 600 * 300 - data.train.ratings.size());
  Data large = data;
  for (Real& value : large.train.ratings.value) value *= 20;
  for (Real& value : large.valid.value) value *= 20;
  const TrainReport scaled = train_on(large, nnmf(100)).report;
  CHECK(scaled.valid->rmse == doctest::Approx(20 * report.valid->rmse).epsilon(tolerance(1e-9, 1e-3)));
  CHECK(scaled.train.rmse == doctest::Approx(20 * report.train.rmse).epsilon(tolerance(1e-9, 1e-3)));
  CHECK(scaled.optimisation.value == doctest::Approx(400 * report.optimisation.value).epsilon(tolerance(1e-9, 1e-3)));
}

TEST_CASE("the same model file on any number of threads") {
  TrainSettings settings = nnmf(10);
  settings.rank = 5;
  for (const Data& data : {everyday_data(), half_by_one_user()}) {
    set_threads(1);
    const FactorResult one = train_on(data, settings);
    for (const int count : {2, 5}) {
      CAPTURE(count);
      set_threads(count);
      const FactorResult many = train_on(data, settings);
      CHECK((file_bytes(many.model) == file_bytes(one.model)));
      CHECK(many.report.optimisation.value == one.report.optimisation.value);
      CHECK(many.report.unobserved->near_one == one.report.unobserved->near_one);
    }
    set_threads(0);
  }
}

TEST_CASE("it stops as it is told") {
  const Data data = everyday_data();
  TrainSettings settings = nnmf(0);
  const TrainReport none = train_on(data, settings).report;
  CHECK(none.optimisation.reason == StopReason::iterations);
  CHECK(none.passes == 1);
  limit(settings, {.iterations = 10000, .tolerance = 1e-3});
  CHECK(train_on(data, settings).report.optimisation.reason == StopReason::tolerance);
  limit(settings, {.iterations = 10000, .seconds = 1e-9});
  CHECK(train_on(data, settings).report.optimisation.reason == StopReason::time);
  limit(settings, {.iterations = 50});
  const FactorResult stopped =
      train_on(data, settings, [](const TrainProgress& progress) { return progress.counts.iterations < 3; });
  CHECK(stopped.report.optimisation.reason == StopReason::interrupted);
  CHECK(stopped.report.passes == 7);
  settings.iterations = 3;
  CHECK((train_on(data, settings).model.theta == stopped.model.theta));
}

}  // namespace
}  // namespace odot
