// Training networks: they learn, stop when they should, and refuse what they cannot do.
#include "odot/train/train.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "objective/mlp_objective.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "support/mlp_problem.hpp"

namespace odot {
namespace {

using test::file_bytes;
using test::mlp_problem;
using test::MlpProblem;
using test::NetworkResult;
using test::train_network;
using test::train_on;

TrainSettings quick(int epochs) {
  TrainSettings settings{.method = "mlp"};
  settings.layers = {16, 16};
  settings.batch_size = 32;
  settings.iterations = epochs;
  settings.parameters = {{"step", 0.01}};
  return settings;
}

double deviation(const Triples& ratings) { return summarize(ratings.value).deviation; }

std::string refusal(const TrainSettings& settings) {
  try {
    check(settings);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("ratings that are a function of features are learnt, on any scale") {
  for (const double scale : {1.0, 1000.0}) {
    CAPTURE(scale);
    const MlpProblem problem = mlp_problem(3000, scale);
    const NetworkResult result = train_on(problem, quick(30));
    const double mean_predictor = deviation(problem.valid);
    CHECK(result.report.valid->rmse < 0.2 * mean_predictor);
    CHECK(result.report.train.rmse < 0.2 * mean_predictor);
    // The same start and the same steps in units of the ratings.
    CHECK(result.report.valid->rmse / scale ==
          doctest::Approx(train_on(mlp_problem(), quick(30)).report.valid->rmse).epsilon(0.5));
  }
}

TEST_CASE("full batches and every line search, too") {
  const MlpProblem problem = mlp_problem(500);
  const double start = deviation(problem.train.ratings);
  for (const auto& pair : std::vector<std::pair<std::string, std::string>>{{"adam", "constant"},
                                                                           {"lbfgs", "strong-wolfe"},
                                                                           {"gd", "armijo"},
                                                                           {"bfgs", "weak-wolfe"},
                                                                           {"nesterov", "exact"}}) {
    const std::string& optimizer = pair.first;
    const std::string& rule = pair.second;
    CAPTURE(optimizer);
    TrainSettings settings = quick(60);
    settings.layers = {8};
    settings.batch_size = 0;
    settings.early_stop = 0;
    settings.optimizer = optimizer;
    settings.line_search = rule;
    if (rule != "constant") settings.parameters.clear();
    int seen = 0;
    double last = std::numeric_limits<double>::infinity();
    bool rose = false;
    const NetworkResult result = train_on(problem, settings, [&](const TrainProgress& progress) {
      CHECK(progress.counts.iterations == seen++);
      rose = rose || progress.objective > last;
      last = progress.objective;
      return true;
    });
    CHECK(last == result.report.optimisation.value);
    if (rule != "constant") CHECK_FALSE(rose);
    CHECK(result.report.train.rmse < 0.7 * start);
    CHECK(result.report.passes == result.report.optimisation.counts.evaluations);
  }
}

TEST_CASE("epochs, steps and passes are counted, and the objective is that of the epoch's batches") {
  const MlpProblem problem = mlp_problem(1000);
  REQUIRE(problem.train.ratings.size() == 900);
  TrainSettings settings = quick(3);
  settings.early_stop = 0;
  settings.parameters["step"] = 1e-12;  // the weights stay, so that every epoch's batches give the whole error
  std::vector<double> objectives;
  std::vector<long> passes;
  std::vector<int> epochs;
  const NetworkResult result = train_on(problem, settings, [&](const TrainProgress& progress) {
    epochs.push_back(progress.counts.iterations);
    objectives.push_back(progress.objective);
    passes.push_back(progress.passes);
    CHECK(progress.train_rmse == doctest::Approx(std::sqrt(progress.objective)));
    CHECK(progress.valid_rmse().has_value());
    CHECK(std::isnan(progress.gradient_norm));
    return true;
  });
  CHECK(epochs == std::vector<int>{0, 1, 2, 3});
  CHECK(passes == std::vector<long>{0, 1, 2, 3});
  CHECK(result.report.passes == 3);
  CHECK(result.report.optimisation.counts.iterations == 3);
  CHECK(result.report.optimisation.counts.evaluations == 3 * 29 + 1);
  for (const double objective : objectives) CHECK(objective == doctest::Approx(objectives[0]).epsilon(1e-4));
  CHECK(result.report.stop_reason == "iterations");
  CHECK(result.report.optimisation.value == objectives.back());
}

TEST_CASE("early stopping keeps the best epoch's weights") {
  // Few ratings with noise: the held-out error turns soon.
  MlpProblem problem = mlp_problem(400);
  std::mt19937 generator(9);
  std::normal_distribution<double> noise(0, 1);
  for (Triples* list : {&problem.train.ratings, &problem.valid}) {
    for (Real& value : list->value) value = static_cast<Real>(static_cast<double>(value) + noise(generator));
  }
  TrainSettings settings = quick(400);
  settings.layers = {64, 64};
  std::vector<double> valid;
  const NetworkResult result = train_on(problem, settings, [&](const TrainProgress& progress) {
    valid.push_back(*progress.valid_rmse());
    return true;
  });
  CHECK(result.report.stop_reason == "early_stop");
  const auto best = static_cast<std::size_t>(std::min_element(valid.begin() + 1, valid.end()) - valid.begin());
  CHECK(result.report.best_iteration == static_cast<int>(best));
  CHECK(result.report.optimisation.counts.iterations == static_cast<int>(best) + 3);
  CHECK(result.report.optimisation.counts.iterations + 1 == static_cast<int>(valid.size()));
  CHECK(result.report.valid->rmse == valid[best]);

  settings.early_stop = 0;
  settings.iterations = result.report.optimisation.counts.iterations;
  const NetworkResult last = train_on(problem, settings);
  CHECK_FALSE(last.report.best_iteration.has_value());
  CHECK(last.report.valid->rmse == valid.back());
  // Without held-out ratings there is nothing to stop by.
  settings.early_stop = 1;
  CHECK(
      train_network(problem.train, {}, problem.users, problem.items, settings).report.optimisation.counts.iterations ==
      settings.iterations);
}

TEST_CASE("the observer can stop, and time can") {
  const MlpProblem problem = mlp_problem(500);
  const NetworkResult stopped =
      train_on(problem, quick(50), [](const TrainProgress& progress) { return progress.counts.iterations < 2; });
  CHECK(stopped.report.stop_reason == "interrupted");
  CHECK(stopped.report.optimisation.counts.iterations == 2);
  TrainSettings settings = quick(1'000'000);
  settings.early_stop = 0;
  settings.time_limit = 0.05;
  CHECK(train_on(problem, settings).report.stop_reason == "time");
  CHECK(train_on(problem, quick(0)).report.optimisation.counts.iterations == 0);
  settings = quick(50);
  settings.optimizer = "gd";
  settings.parameters["step"] = 1e6;
  CHECK(train_on(problem, settings).report.stop_reason == "diverged");
}

TEST_CASE("the same bits on any number of threads, another seed another model") {
  const MlpProblem problem = mlp_problem();
  TrainSettings settings = quick(3);
  settings.batch_size = 500;
  set_threads(1);
  const std::string expected = file_bytes(train_on(problem, settings).model);
  for (const int count : {2, 3, 8}) {
    set_threads(count);
    CHECK(file_bytes(train_on(problem, settings).model) == expected);
  }
  set_threads(0);
  const auto watch = [](const TrainProgress& progress) { return progress.valid_rmse().has_value(); };
  CHECK(file_bytes(train_on(problem, settings, watch).model) == expected);
  settings.seed = 2;
  CHECK(file_bytes(train_on(problem, settings).model) != expected);
}

TEST_CASE("mini-batches are those that the seed draws") {
  const MlpProblem problem = mlp_problem(300);
  TrainSettings settings = quick(1);
  settings.optimizer = "gd";
  settings.early_stop = 0;
  settings.seed = 7;
  const Mlp trained = train_on(problem, settings).model;
  const Triples ratings = reindex(problem.train, trained);
  // The epoch, step by step.
  const auto epoch = [&](std::uint64_t batch_seed) {
    Mlp model = trained;
    model.theta = initial_parameters(model.layers, summarize(ratings.value).mean / model.scale, 7);
    MlpObjective objective(model, ratings, 32, batch_seed);
    Vector gradient(model.theta.size());
    for (std::size_t batch = 0; batch < objective.batches(); ++batch) {
      objective.value_gradient(model.theta, gradient);
      add_scaled(model.theta, -0.01, gradient, model.theta);
    }
    return distance(model.theta, trained.theta);
  };
  CHECK(epoch(7) < 1e-5);
  CHECK(epoch(1) > 1e-4);
}

TEST_CASE("users without ratings are predicted from their features, unknown ones as an average") {
  const MlpProblem problem = mlp_problem();
  const Mlp model = train_on(problem, quick(30)).model;
  double error = 0;
  std::vector<double> found(1);
  for (Index item = 0; item < 40; ++item) {
    const Real* u = problem.users.inputs.data();
    const Real* v = problem.items.inputs.data() + item * 2;
    const double truth = 3 + 2 * std::abs(static_cast<double>(u[0] - v[0])) + static_cast<double>(u[1] * v[1]);
    model.predict(Triples{{model.users.find("u0")}, {model.items.find("i" + std::to_string(item))}, {}}, true, found);
    error += std::pow(found[0] - truth, 2) / 40;
  }
  CHECK(std::sqrt(error) < 0.3 * deviation(problem.valid));
  model.predict(Triples{{kUnknown}, {kUnknown}, {}}, true, found);
  CHECK(std::isfinite(found[0]));
}

TEST_CASE("the output's ReLU predicts no negative ratings and refuses them") {
  MlpProblem problem = mlp_problem();
  TrainSettings settings = quick(20);
  settings.output_relu = true;
  CHECK(train_on(problem, settings).report.valid->rmse < 0.3 * deviation(problem.valid));
  problem.train.ratings.value[0] = -1;
  CHECK_THROWS_WITH_AS(train_on(problem, settings), doctest::Contains("output-relu"), Error);
}

TEST_CASE("ids without features, and data without ratings or features, are refused") {
  MlpProblem problem = mlp_problem(100);
  problem.train.users.add("17");
  CHECK_THROWS_WITH_AS(train_on(problem, quick(1)),
                       doctest::Contains("user '17' of the ratings has no features in u.csv"), Error);
  problem = mlp_problem(100);
  problem.train.items.add("x");
  CHECK_THROWS_WITH_AS(train_on(problem, quick(1)),
                       doctest::Contains("item 'x' of the ratings has no features in i.csv"), Error);
  problem = mlp_problem(100);
  problem.train.ratings = {};
  CHECK_THROWS_AS(train_on(problem, quick(1)), Error);
  problem = mlp_problem(100);
  for (FeatureTable* table : {&problem.users, &problem.items}) {
    table->encoding.columns.clear();
    table->inputs.clear();
  }
  CHECK_THROWS_WITH_AS(train_on(problem, quick(1)), doctest::Contains("could be an input"), Error);
}

TEST_CASE("settings that cannot be used are refused with a remedy") {
  const auto with = [](auto change) {
    TrainSettings settings{.method = "mlp"};
    change(settings);
    return refusal(settings);
  };
  CHECK(refusal({}).empty());
  CHECK(has(with([](TrainSettings& s) { s.line_search = "armijo"; }), "batch-size 0"));
  CHECK(with([](TrainSettings& s) { s.line_search = "decreasing"; }).empty());
  CHECK(with([](TrainSettings& s) { s.line_search = "armijo", s.batch_size = 0; }).empty());
  CHECK(has(with([](TrainSettings& s) { s.parameters["step"] = 0; }), "step auto"));
  CHECK(has(with([](TrainSettings& s) { s.batch_size = 3; }), "at least 16"));
  CHECK(has(with([](TrainSettings& s) { s.layers = {0}; }), "from 1 to"));
  CHECK(has(with([](TrainSettings& s) { s.layers = {1 << 30}; }), "from 1 to"));
  CHECK(has(with([](TrainSettings& s) { s.iterations = -1; }), "iterations"));
  CHECK(has(with([](TrainSettings& s) { s.early_stop = -1; }), "early-stop"));
  CHECK(has(with([](TrainSettings& s) { s.time_limit = -1; }), "time-limit"));
  CHECK(has(with([](TrainSettings& s) { s.optimizer = "adamm"; }), "unknown optimizer"));
  CHECK(has(with([](TrainSettings& s) { s.parameters["c1"] = 0.1; }), "c1"));
  // bfgs has a limit of its own, which this network exceeds.
  TrainSettings large = quick(1);
  large.layers = {200, 200};
  large.batch_size = 0;
  large.optimizer = "bfgs";
  large.parameters.clear();
  CHECK_THROWS_WITH_AS(train_on(mlp_problem(100), large), doctest::Contains("lbfgs"), Error);
}

TEST_CASE("the model's settings are all that decides the result") {
  const MlpProblem problem = mlp_problem(100);
  TrainSettings unclipped = quick(1);
  unclipped.clip = false;
  CHECK_FALSE(train_on(problem, unclipped).model.clip);
  CHECK(train_on(problem, quick(1)).model.clip);
  const auto recorded = train_on(problem, quick(1)).model.settings;
  CHECK(recorded.at("method") == "mlp");
  CHECK(recorded.at("layers") == "16,16");
  CHECK(recorded.at("step") == "0.01");
  CHECK(recorded.at("beta1") == "0.9");
  const auto changed = [&](auto change) {
    TrainSettings settings = quick(1);
    change(settings);
    return train_on(problem, settings).model.settings != recorded;
  };
  CHECK(changed([](TrainSettings& s) { s.layers = {8}; }));
  CHECK(changed([](TrainSettings& s) { s.output_relu = true; }));
  CHECK(changed([](TrainSettings& s) { s.batch_size = 64; }));
  CHECK(changed([](TrainSettings& s) { s.iterations = 2; }));
  CHECK(changed([](TrainSettings& s) { s.early_stop = 2; }));
  CHECK(changed([](TrainSettings& s) { s.optimizer = "rmsprop"; }));
  CHECK(changed([](TrainSettings& s) { s.line_search = "decreasing"; }));
  CHECK(changed([](TrainSettings& s) { s.parameters["beta1"] = 0.8; }));
  CHECK(changed([](TrainSettings& s) { s.seed = 2; }));
  CHECK(changed([](TrainSettings& s) { s.clip = false; }));
}

}  // namespace
}  // namespace odot
