// What models of ratings at any scale are used for gives the same at every scale, before and after they were in a file.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "odot/model/exchange.hpp"
#include "odot/model/model_file.hpp"
#include "odot/model/recommend.hpp"
#include "odot/train/fold_in.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kTolerance = 1e-3;
constexpr bool kSingle = sizeof(Real) == sizeof(float);

RatingList ratings_of_scale(double scale) {
  RatingList list = synthesize({.users = 60, .items = 40, .ratings = 900, .seed = 5}).list;
  for (Real& value : list.ratings.value) value = static_cast<Real>(static_cast<double>(value) * scale);
  return list;
}

// All that is read off a model, in units of `scale`.
struct Uses {
  std::vector<double> predictions;
  std::vector<double> deviations;
  std::vector<double> folded;
  double libmf = 0;
  double probable = 0;
  std::vector<Index> best;
  double similar = 0;
};

std::vector<double> over(std::vector<double> values, double scale) {
  for (double& value : values) value /= scale;
  return values;
}

// `model` gets rows.
Uses uses_of(Factorization& model, double scale, const std::string& folder) {
  Uses uses;
  const RatingList list = ratings_of_scale(scale);
  const Triples& pairs = list.ratings;
  uses.predictions.resize(pairs.size());
  uses.deviations.resize(pairs.size());
  model.predict(pairs, true, uses.predictions);
  if (model.knows_deviations()) model.deviations(pairs, uses.deviations);
  export_npy(model, folder + "/npy");
  if (!model.link) {
    export_csv(model, folder + "/csv");
    export_libmf(model, folder + "/libmf");
    uses.libmf = import_libmf(folder + "/libmf").model.predict(0, 0) / scale;
  }
  if (model.link) {
    std::vector<double> probabilities(pairs.size() * model.link->values.size());
    model.probabilities(pairs, probabilities);
    uses.probable = probabilities[0];
  }
  const std::vector<Index> users{0, 7};
  for (const RankBy by : {RankBy::mean, RankBy::lower}) {
    if (by != RankBy::mean && !model.knows_deviations()) continue;
    const TopLists lists = recommend(model, users, {.top = 3, .by = by});
    for (std::size_t user = 0; user < users.size(); ++user) {
      for (const Scored& one : lists[user]) uses.best.push_back(one.index);
    }
  }
  uses.similar = similar(model.view(), Among::items, 3, 1, Similarity::cosine)[0].score;
  RatingList again = list;
  fold_in(model, again, {.update = true});
  uses.folded.resize(pairs.size());
  model.predict(reindex(list, model.users, model.items), false, uses.folded);
  uses.predictions = over(uses.predictions, scale);
  uses.deviations = over(uses.deviations, scale);
  uses.folded = over(uses.folded, scale);
  return uses;
}

void check_near(const std::vector<double>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  double farthest = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double away = std::abs(values[k] - expected[k]);
    farthest = std::max(farthest, std::isfinite(away) ? away : 1e9);
  }
  CHECK(farthest < kTolerance);
}

TEST_CASE("models are saved, loaded, predicted from, exported and folded into at every scale of the ratings") {
  for (const std::string method : {"blocks", "full", "nnmf", "variational", "gibbs", "ordinal"}) {
    CAPTURE(method);
    TrainSettings settings{.method = method};
    if (method == "ordinal") settings = {.method = "variational", .likelihood = "ordinal"};
    settings.rank = 3;
    if (method != "gibbs") settings.iterations = 10;
    if (method == "gibbs") settings.parameters = {{"burn-in", 5}, {"samples", 20}, {"keep", 10}};
    const bool limited = kSingle && (method == "variational" || method == "gibbs");
    std::optional<Uses> usual;
    for (const double scale : {1.0, 0x1p-100, 0x1p-46, 0x1p-4, 0x1p4, 0x1p46, 0x1p100}) {
      if (limited && std::abs(std::log2(scale)) > 48) continue;
      CAPTURE(scale);
      const TemporaryFolder folder;
      const TrainResult trained = train(ratings_of_scale(scale), settings);
      save_model(*trained.model, folder / "model");
      const std::unique_ptr<Model> loaded = load_model(folder / "model");
      CHECK(saved(*loaded, folder / "again") == read_bytes(folder / "model"));
      const Uses uses = uses_of(dynamic_cast<Factorization&>(*loaded), scale, folder.path().string());
      const std::string folded = saved(*loaded, folder / "folded");
      CHECK(saved(*load_model(folder / "folded"), folder / "again") == folded);
      if (!usual) usual = uses;
      check_near(uses.predictions, usual->predictions);
      check_near(uses.deviations, usual->deviations);
      check_near(uses.folded, usual->folded);
      CHECK(uses.libmf == doctest::Approx(usual->libmf).epsilon(kTolerance));
      CHECK(uses.probable == doctest::Approx(usual->probable).epsilon(kTolerance));
      CHECK(uses.best == usual->best);
      CHECK(uses.similar == doctest::Approx(usual->similar).epsilon(kTolerance));
    }
  }
}

TEST_CASE("a model of equal ratings gets rows at every scale") {
  for (const double scale : {1.0, 0x1p-100, 0x1p100}) {
    CAPTURE(scale);
    TrainSettings settings{.method = "blocks"};
    settings.rank = 2;
    settings.iterations = 3;
    const auto equal = [&] {
      RatingList list = ratings_of_scale(1);
      std::fill(list.ratings.value.begin(), list.ratings.value.end(), static_cast<Real>(3 * scale));
      return list;
    };
    const TrainResult trained = train(equal(), settings);
    auto& model = dynamic_cast<Factorization&>(*trained.model);
    RatingList list = equal();
    fold_in(model, list, {.update = true});
    CHECK(model.evaluate(reindex(list, model.users, model.items), false).rmse < 1e-3 * scale);
  }
}

}  // namespace
}  // namespace odot
