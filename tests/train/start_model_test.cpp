// Starting from a model whose users and items need not be those of the ratings.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/error.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

std::shared_ptr<const InitModel> init_from(const Factorization& model) {
  const TemporaryFolder folder;
  saved(model, folder / "m");
  std::string checksum;
  Factorization loaded = load_factorization(folder / "m", &checksum);
  return std::make_shared<InitModel>(InitModel{std::move(loaded), "m", checksum});
}

// The ratings of users whose number leaves `rest` when divided by three, with users in reverse order.
RatingList part_of(const RatingList& list, Index rest) {
  RatingList part;
  for (std::size_t k = list.ratings.size(); k-- > 0;) {
    if (list.ratings.user[k] % 3 == rest) continue;
    part.ratings.user.push_back(part.users.add(list.users[list.ratings.user[k]]));
    part.ratings.item.push_back(part.items.add(list.items[list.ratings.item[k]]));
    part.ratings.value.push_back(list.ratings.value[k]);
  }
  return part;
}

TrainSettings quick(const std::string& method, bool center, bool biases, int iterations) {
  TrainSettings settings{.method = method};
  settings.rank = 5;
  settings.center = center;
  settings.biases = biases;
  limit(settings, {.iterations = iterations});
  return settings;
}

TEST_CASE("known users and items are predicted as before at the start, whatever the mean, and others start as usual") {
  const Data data = everyday_data();
  const RatingList old_ratings = part_of(data.train, 0);
  const RatingList new_ratings = part_of(data.train, 1);
  struct Case {
    bool old_center, old_biases, new_center, new_biases;
    bool same;
  };
  for (const Case& now : {Case{true, true, true, true, true}, Case{false, true, true, true, true},
                          Case{true, true, false, true, true}, Case{false, false, true, true, true},
                          Case{false, false, false, false, true}, Case{true, false, true, false, false}}) {
    CAPTURE(now.old_center);
    CAPTURE(now.old_biases);
    CAPTURE(now.new_center);
    CAPTURE(now.new_biases);
    const FactorResult before = train(old_ratings, {}, quick("blocks", now.old_center, now.old_biases, 5));
    TrainSettings settings = quick("full", now.new_center, now.new_biases, 0);
    const Factorization random = train(new_ratings, {}, settings).model;
    settings.init = init_from(before.model);
    const FactorResult after = train(new_ratings, {}, settings);
    const Factorization& model = after.model;
    REQUIRE(after.report.init_known.has_value());
    Index known_users = 0;
    double worst = 0;
    for (Index user = 0; user < model.users.size(); ++user) {
      const Index old_user = before.model.users.find(model.users[user]);
      if (old_user == kUnknown) {
        const Real* row = model.theta.data() + model.layout.user_row(user);
        CHECK(std::equal(row, row + model.layout.stride(), random.theta.data() + model.layout.user_row(user)));
        continue;
      }
      ++known_users;
      for (Index item = 0; item < model.items.size(); ++item) {
        const Index old_item = before.model.items.find(model.items[item]);
        if (old_item == kUnknown) continue;
        worst = std::max(worst, std::abs(model.predict(user, item) - before.model.predict(old_user, old_item)));
      }
    }
    CHECK(after.report.init_known->users == known_users);
    CHECK(known_users < model.users.size());
    CHECK(known_users > 0);
    // Without biases, predictions shift by as much as the means differ.
    CHECK(worst <= (now.same ? 1e-5 : std::abs(model.mean - before.model.mean) + 1e-5));
    if (!now.same) CHECK(worst > 1e-4);
    CHECK(model.settings.at("init-model") == settings.init->checksum);
  }
}

TEST_CASE("a model of the same ratings is where training goes on") {
  const Data data = everyday_data();
  for (const std::string method : {"blocks", "full", "nnmf"}) {
    CAPTURE(method);
    const bool factors_only = method == "nnmf";
    TrainSettings settings = quick(method, !factors_only, !factors_only, 10);
    const FactorResult before = train_on(data, settings);
    settings.init = init_from(before.model);
    std::vector<double> objectives;
    train_on(data, settings, [&](const TrainProgress& progress) {
      objectives.push_back(progress.objective);
      return true;
    });
    CHECK(objectives.front() == doctest::Approx(before.report.optimisation.value).epsilon(1e-5));
    CHECK(objectives.back() < objectives.front());
  }
}

TEST_CASE("variational starts from a model of any method") {
  const Data data = everyday_data();
  for (const std::string method : {"blocks", "variational"}) {
    CAPTURE(method);
    TrainSettings settings{.method = method};
    settings.rank = 5;
    settings.clip = false;
    settings.iterations = 10;
    const FactorResult before = train_on(data, settings);
    TrainSettings after{.method = "variational"};
    after.rank = 5;
    after.clip = false;
    after.iterations = 10;
    const double unaided = train_on(data, after).report.valid->rmse;
    after.init = init_from(before.model);
    std::vector<double> train_rmse;
    const FactorResult result = train_on(data, after, [&](const TrainProgress& progress) {
      train_rmse.push_back(progress.train_rmse);
      return true;
    });
    CHECK(result.report.init_known->users == before.report.users);
    CHECK(train_rmse.front() == doctest::Approx(before.report.train.rmse).epsilon(1e-5));
    CHECK(result.report.valid->rmse < 1.02 * unaided);
  }
}

std::string refusal(const TrainSettings& settings) {
  try {
    check(settings);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("models that do not go with the settings or the ratings are refused") {
  const Data data = everyday_data();
  const auto with_biases = init_from(train_on(data, quick("blocks", true, true, 2)).model);
  const auto plain_factors = init_from(train_on(data, quick("blocks", false, false, 2)).model);
  const auto has = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  TrainSettings settings = quick("blocks", true, true, 2);
  settings.init = with_biases;
  settings.rank = 6;
  has(refusal(settings), "rank is 6, but must be 5, as in the model m");
  settings.rank = 5;
  CHECK(refusal(settings) == "");
  settings.biases = false;
  has(refusal(settings), "has biases");
  settings.init = plain_factors;
  has(refusal(settings), "trained without a mean");
  settings.center = false;
  CHECK(refusal(settings) == "");

  settings = quick("nnmf", false, false, 2);
  settings.init = with_biases;
  has(refusal(settings), "it has biases");
  Factorization negative = plain_factors->model;
  negative.theta[negative.layout.item_row(3) + 2] = -1;
  settings.init = init_from(negative);
  has(refusal(settings), "it has a negative factor of item '" + std::string(negative.items[3]) + "'");
  for (Real& factor : negative.theta) factor = std::abs(factor);
  settings.init = init_from(negative);
  CHECK(refusal(settings) == "");

  settings = quick("blocks", true, true, 2);
  settings.init = with_biases;
  RatingList strangers;
  strangers.users.add("nobody");
  strangers.items.add("nothing");
  strangers.ratings = {{0}, {0}, {Real{3}}};
  CHECK_THROWS_WITH_AS(train(strangers, {}, settings), doctest::Contains("knows none of the users and items"), Error);
}

TEST_CASE("nnmf starts from no model with a mean, even of factors that are not negative") {
  const Data data = everyday_data();
  TrainSettings settings = quick("nnmf", false, false, 2);
  Factorization model = train_on(data, settings).model;
  settings.init = init_from(model);
  CHECK_NOTHROW(check(settings));
  model.mean = 3;
  settings.init = init_from(model);
  CHECK_THROWS_WITH_AS(check(settings), doctest::Contains("it has a mean"), Error);
}

}  // namespace
}  // namespace odot
