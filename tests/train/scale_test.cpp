// Ratings times s give s times the errors, by every method, optimizer and line search, however large or small s is.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "odot/optim/registry.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/train/methods.hpp"
#include "support/mlp_problem.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// Units in which training is the same to the bit: the library's own are powers of four.
constexpr double kPowersOfFour[] = {0x1p-100, 0x1p-24, 0x1p50, 0x1p100};
// Between them steps differ, and so do the points where iterations end.
constexpr double kOthers[] = {1e-30, 1e-7, 3e-3, 30, 1e15, 1e30};
constexpr double kRounding = 1e-5;
constexpr double kIterations = 0.4;

RatingList ratings_of_scale(double scale,
                            const SyntheticSettings& settings = {.users = 60, .items = 40, .ratings = 900, .seed = 5}) {
  RatingList list = synthesize(settings).list;
  for (Real& value : list.ratings.value) value = static_cast<Real>(static_cast<double>(value) * scale);
  return list;
}

TrainResult train_at(double scale, TrainSettings settings) { return train(ratings_of_scale(scale), settings); }

// Precision that variances of biases have to fit, which have the square of the ratings' unit.
constexpr bool kSingle = sizeof(Real) == sizeof(float);
bool fits_posterior(double scale) { return !kSingle || (scale > 0x1p-48 && scale < 0x1p48); }

void check_scales(const TrainSettings& settings, bool posterior = false) {
  const TrainResult usual = train_at(1, settings);
  const double expected = usual.report.train.rmse;
  REQUIRE(expected > 0);
  const auto check_scale = [&](double scale, double tolerance) {
    CAPTURE(scale);
    TrainResult result = train_at(scale, settings);
    CHECK(result.report.train.rmse / scale == doctest::Approx(expected).epsilon(tolerance));
    CHECK(std::isfinite(result.report.optimisation.value));
    return result;
  };
  for (const double scale : kPowersOfFour) {
    if (posterior && !fits_posterior(scale)) continue;
    const TrainResult result = check_scale(scale, kRounding);
    CHECK(result.report.stop_reason == usual.report.stop_reason);
    CHECK(result.report.optimisation.counts.iterations == usual.report.optimisation.counts.iterations);
  }
  for (const double scale : kOthers) {
    if (!posterior || fits_posterior(scale)) check_scale(scale, kIterations);
  }
}

TrainSettings short_run(const std::string& method) {
  TrainSettings settings{.method = method};
  settings.rank = 3;
  settings.iterations = 40;
  return settings;
}

TEST_CASE("all factors at once, by every optimizer with every line search, at every scale of the ratings") {
  for (const Algorithm& optimizer : optimizers()) {
    for (const Algorithm& line_search : line_searches()) {
      CAPTURE(optimizer.name);
      CAPTURE(line_search.name);
      TrainSettings settings = short_run("full");
      settings.optimizer = optimizer.name;
      settings.line_search = line_search.name;
      check_scales(settings);
    }
  }
}

TEST_CASE("rows one by one, by every solver, at every scale of the ratings") {
  check_scales(short_run("blocks"));
  for (const Algorithm& optimizer : optimizers()) {
    for (const std::string line_search : {"constant", "lipschitz", "armijo", "exact"}) {
      CAPTURE(optimizer.name);
      CAPTURE(line_search);
      TrainSettings settings = short_run("blocks");
      settings.optimizer = optimizer.name;
      settings.line_search = line_search;
      settings.iterations = 15;
      check_scales(settings);
    }
  }
}

TEST_CASE("the other methods of factors, and what is given in the ratings' unit, at every scale of the ratings") {
  check_scales(short_run("nnmf"));
  check_scales(short_run("variational"), true);
  TrainSettings ordinal = short_run("variational");
  ordinal.likelihood = "ordinal";
  check_scales(ordinal);
  TrainSettings gibbs{.method = "gibbs"};
  gibbs.rank = 3;
  gibbs.parameters = {{"burn-in", 5}, {"samples", 20}, {"keep", 10}};
  check_scales(gibbs, true);
  // λ has the unit of the ratings.
  for (const double scale : kPowersOfFour) {
    TrainSettings settings = short_run("blocks");
    settings.regularisation = Regularisation{3, 0.1};
    const double usual = train_at(1, settings).report.train.rmse;
    settings.regularisation = Regularisation{3 * scale, 0.1 * scale};
    const TrainResult result = train_at(scale, settings);
    CHECK(result.report.train.rmse / scale == doctest::Approx(usual).epsilon(kRounding));
    CHECK(result.report.regularisation.lambda == 3 * scale);
  }
}

TEST_CASE("what is decided by a trial is the same at every scale of the ratings") {
  for (const std::string likelihood : {"normal", "ordinal"}) {
    CAPTURE(likelihood);
    TrainSettings settings = short_run("variational");
    settings.likelihood = likelihood;
    settings.iterations = 2;
    std::optional<TrainReport> usual;
    for (const double scale : {1.0, 0x1p-100, 0x1p-24, 0x1p40, 0x1p100}) {
      if (likelihood == "normal" && !fits_posterior(scale)) continue;
      CAPTURE(scale);
      // As many as a trial takes.
      const RatingList list = ratings_of_scale(scale, {.users = 300, .items = 200, .ratings = 24000, .seed = 5});
      const TrainReport report = train(list, settings).report;
      if (!usual) usual = report;
      CHECK(report.settings.svdpp == usual->settings.svdpp);
      CHECK(report.train.rmse / scale == doctest::Approx(usual->train.rmse).epsilon(kRounding));
    }
  }
}

TEST_CASE("what is told of a run, early stopping and a start from a model are in the ratings' unit") {
  for (const double scale : {0x1p-60, 1.0, 0x1p60}) {
    CAPTURE(scale);
    TrainSettings settings = short_run("full");
    settings.iterations = 8;
    settings.early_stop = 50;
    Data data = hold_out(ratings_of_scale(scale), 0.1, 1);
    const Triples valid = data.valid;
    std::vector<double> figures;
    const TrainResult first = train({std::move(data.train), valid}, settings, [&](const TrainProgress& progress) {
      figures = {progress.train_rmse, *progress.valid_rmse(), progress.best->valid_rmse, std::sqrt(progress.objective),
                 std::pow(progress.gradient_norm, 2.0 / 3)};
      return true;
    });
    CHECK(figures[2] == doctest::Approx(first.model->evaluate(valid, *first.report.settings.clip).rmse).epsilon(1e-4));
    for (double& figure : figures) figure /= scale;
    static std::vector<double> usual;
    if (usual.empty()) usual = figures;
    for (std::size_t k = 0; k < figures.size(); ++k) CHECK(figures[k] == doctest::Approx(usual[k]).epsilon(1e-4));
    // It begins where the model is.
    settings.early_stop.reset();
    settings.iterations = 0;
    settings.init =
        std::make_shared<const InitModel>(InitModel{dynamic_cast<const Factorization&>(*first.model), "m", "sum"});
    const double again = train(hold_out(ratings_of_scale(scale), 0.1, 1).train, settings).report.train.rmse;
    CHECK(again == doctest::Approx(first.report.train.rmse).epsilon(1e-4));
  }
}

TEST_CASE("posteriors whose variances no file can hold are refused before training") {
  for (const std::string method : {"variational", "gibbs"}) {
    for (const double exponent : {-1.0, 1.0}) {
      TrainSettings settings{.method = method};
      settings.rank = 3;
      const double scale = std::pow(2.0, exponent * (kSingle ? 70 : 450));
      CHECK_THROWS_WITH_AS(train_at(scale, settings), doctest::Contains("keeps variances"), Error);
      CHECK_THROWS_WITH_AS(train_at(scale, settings), doctest::Contains("or method blocks"), Error);
    }
  }
}

TEST_CASE("networks at every scale of the ratings") {
  TrainSettings settings{.method = "mlp"};
  settings.layers = {8};
  settings.batch_size = 32;
  settings.iterations = 5;
  settings.parameters = {{"step", 0.01}};
  const NetworkResult usual = train_on(mlp_problem(500), settings);
  REQUIRE(usual.report.train.rmse > 0);
  for (const double scale : {0x1p-100, 0x1p-24, 0x1p50, 0x1p100, 1e-30, 1e30}) {
    CAPTURE(scale);
    const bool exact = std::exp2(std::round(std::log2(scale))) == scale;
    const MlpProblem problem = mlp_problem(500, scale);
    const NetworkResult result = train_on(problem, settings);
    CHECK(result.report.train.rmse / scale ==
          doctest::Approx(usual.report.train.rmse).epsilon(exact ? kRounding : 0.05));
    const TemporaryFolder folder;
    save_model(result.model, folder / "m");
    CHECK(load_model(folder / "m")->evaluate(problem.valid, false).rmse ==
          result.model.evaluate(problem.valid, false).rmse);
  }
}

TEST_CASE("ratings in a file that cannot be had in another unit are trained in theirs, or refused") {
  const TemporaryFolder folder;
  double usual = 0;
  for (const double scale : {1.0, 0x1p12, 0x1p-12, 1e-9, 1e9}) {
    CAPTURE(scale);
    std::string text;
    for (int user = 0; user < 40; ++user) {
      for (int item = 0; item < 20; ++item) {
        text += fmt::format("{},{},{}\n", user, item, scale * (3 + std::sin(user + 2 * item) + user * 0.01 * item));
      }
    }
    write_bytes(folder / "text", text);
    OutputFile file(folder / "odr");
    convert_to_odr({folder / "text"}, {}, std::size_t{1} << 20, file);
    file.commit();
    const auto rmse = [&] { return train(open_ratings({folder / "odr"}).data, short_run("blocks")).report.train.rmse; };
    if (scale == 1e-9 || scale == 1e9) {
      CHECK_THROWS_WITH_AS(rmse(), doctest::Contains("give them as text, or in another unit"), Error);
    } else if (usual == 0) {
      usual = rmse();
    } else {
      CHECK(rmse() / scale == doctest::Approx(usual).epsilon(1e-3));
    }
  }
}

}  // namespace
}  // namespace odot
