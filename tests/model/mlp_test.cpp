// Predictions of networks, unknown ids, and features that come later.
#include "odot/model/mlp.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "mlp_models.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot {
namespace {

using test::random_mlp;

// A prediction in plain loops and double.
double plain_prediction(const Mlp& model, const std::vector<double>& user, const std::vector<double>& item) {
  std::vector<double> a = user;
  a.insert(a.end(), item.begin(), item.end());
  std::size_t at = 0;
  for (std::size_t layer = 0; layer + 1 < model.layers.size(); ++layer) {
    std::vector<double> next(model.layers[layer + 1], 0);
    for (double& sum : next) {
      for (const double input : a) sum += static_cast<double>(model.theta[at++]) * input;
    }
    for (double& sum : next) sum += static_cast<double>(model.theta[at++]);
    if (layer + 2 < model.layers.size() || model.output_relu) {
      for (double& value : next) value = std::max(value, 0.0);
    }
    a = next;
  }
  return model.scale * a[0];
}

// The inputs of one id; the mean over all for kUnknown.
std::vector<double> inputs_of(const MlpSide& side, Index count, Index id) {
  const std::size_t width = side.encoding.inputs();
  std::vector<double> out(width, 0);
  for (Index k = 0; k < count; ++k) {
    if (id != kUnknown && id != k) continue;
    for (std::size_t column = 0; column < width; ++column) {
      out[column] += static_cast<double>(side.inputs[k * width + column]) / (id == kUnknown ? count : 1);
    }
  }
  return out;
}

Triples some_pairs(std::size_t count, const Mlp& model) {
  Triples pairs;
  for (std::size_t k = 0; k < count; ++k) {
    pairs.user.push_back(k % 11 == 0 ? kUnknown : static_cast<Index>(k * 7 % model.users.size()));
    pairs.item.push_back(k % 13 == 0 ? kUnknown : static_cast<Index>(k * 5 % model.items.size()));
    pairs.value.push_back(static_cast<Real>(k % 5));
  }
  return pairs;
}

TEST_CASE("predictions and errors are those of plain loops, for known ids and unknown ones") {
  for (const bool relu : {false, true}) {
    for (const bool clip : {false, true}) {
      const Mlp model = random_mlp({6, 4}, relu);
      const Triples pairs = some_pairs(300, model);
      std::vector<double> found(pairs.size());
      model.predict(pairs, clip, found);
      double squares = 0, absolutes = 0;
      std::size_t clipped = 0;
      for (std::size_t k = 0; k < pairs.size(); ++k) {
        double expected = plain_prediction(model, inputs_of(model.user_side, model.users.size(), pairs.user[k]),
                                           inputs_of(model.item_side, model.items.size(), pairs.item[k]));
        if (clip && (expected < model.lowest || expected > model.highest)) ++clipped;
        if (clip) expected = std::clamp(expected, model.lowest, model.highest);
        REQUIRE(found[k] == doctest::Approx(expected).epsilon(sizeof(Real) == 4 ? 1e-5 : 1e-12));
        squares += std::pow(found[k] - static_cast<double>(pairs.value[k]), 2);
        absolutes += std::abs(found[k] - static_cast<double>(pairs.value[k]));
      }
      CHECK((clipped > 0) == clip);
      const Evaluation evaluation = model.evaluate(pairs, clip);
      CHECK(evaluation.rmse == doctest::Approx(std::sqrt(squares / 300)).epsilon(1e-12));
      CHECK(evaluation.mae == doctest::Approx(absolutes / 300).epsilon(1e-12));
      CHECK(evaluation.ratings == 300);
      CHECK(evaluation.unknown_users == 28);
      CHECK(evaluation.unknown_items == 24);
    }
  }
}

TEST_CASE("predictions have the same bits on any number of threads") {
  const Mlp model = random_mlp({33, 17});
  const Triples pairs = some_pairs(60'000, model);
  set_threads(1);
  std::vector<double> expected(pairs.size());
  model.predict(pairs, true, expected);
  const double rmse = model.evaluate(pairs, true).rmse;
  for (const int count : {2, 3, 8}) {
    set_threads(count);
    std::vector<double> found(pairs.size());
    model.predict(pairs, true, found);
    CHECK(found == expected);
    CHECK(model.evaluate(pairs, true).rmse == rmse);
  }
  set_threads(0);
}

TEST_CASE("an index out of range is an error") {
  const Mlp model = random_mlp({3});
  CHECK_THROWS_AS(model.evaluate(Triples{{99}, {0}, {1}}, true), Error);
  std::vector<double> out(1);
  CHECK_THROWS_AS(model.predict(Triples{{0}, {99}, {}}, true, out), Error);
}

TEST_CASE("later features make an id known and leave all else as it was") {
  Mlp model = random_mlp({5});
  const std::vector<Real> unknown = model.user_side.unknown;
  const std::vector<Real> old_row(model.user_side.row(0), model.user_side.row(0) + unknown.size());
  FeatureTable more{.path = "more", .ids = {}, .encoding = model.user_side.encoding, .inputs = {}};
  const Index before = model.users.size();
  more.ids.add("somebody");
  more.ids.add(model.users[0]);
  more.ids.add("else");
  for (std::size_t k = 0; k < 3 * unknown.size(); ++k) more.inputs.push_back(static_cast<Real>(k));
  CHECK(add_features(model.users, model.user_side, more) == 2);
  CHECK(model.users.size() == before + 2);
  CHECK(model.user_side.unknown == unknown);
  CHECK(std::vector<Real>(model.user_side.row(0), model.user_side.row(0) + unknown.size()) == old_row);
  const Index added = model.users.find("else");
  CHECK(*model.user_side.row(added) == static_cast<Real>(2 * unknown.size()));
}

}  // namespace
}  // namespace odot
