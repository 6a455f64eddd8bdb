// Settings that cannot be used, and ratings that are hardly any.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "support/optim_problems.hpp"
#include "support/temporary_folder.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

// The message that these settings are refused with, or "accepted".
template <class Change>
std::string refusal(Change change) {
  TrainSettings settings{.method = "full"};
  change(settings);
  try {
    check(settings);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("settings that cannot be used are refused by name") {
  using S = TrainSettings;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(refusal([](S&) {}) == "accepted");
  CHECK(refusal([](S& s) { s.rank = 1; }) == "accepted");
  CHECK(refusal([](S& s) { s.rank = 1024; }) == "accepted");
  CHECK(refusal([](S& s) { s.regularisation = Regularisation{}; }) == "accepted");
  for (const int rank : {0, -1, 1025}) {
    const std::string message = refusal([&](S& s) { s.rank = rank; });
    CHECK(contains(message, "rank"));
    CHECK(contains(message, std::to_string(rank)));
    CHECK(contains(message, "1024"));
  }
  for (const double bad : {-1.0, -1e-9, kNaN, kInfinity}) {
    CHECK(contains(refusal([&](S& s) { s.regularisation = Regularisation{bad, 0}; }), "lambda is"));
    CHECK(contains(refusal([&](S& s) { s.regularisation = Regularisation{0, bad}; }), "lambda-per-rating"));
    CHECK(contains(refusal([&](S& s) { s.tolerance = bad; }), "tolerance"));
    CHECK(contains(refusal([&](S& s) { s.gradient_tolerance = bad; }), "gradient-tolerance"));
    CHECK(contains(refusal([&](S& s) { s.time_limit = bad; }), "time-limit"));
  }
  CHECK(contains(refusal([](S& s) { s.iterations = -1; }), "iterations"));
  const std::string misspelt = refusal([](S& s) { s.optimizer = "lbgfs"; });
  CHECK(contains(misspelt, "lbgfs"));
  CHECK(contains(misspelt, "lbfgs"));
  CHECK(contains(refusal([](S& s) { s.line_search = "armiho"; }), "armijo"));
  CHECK(contains(refusal([](S& s) { s.parameters["momentun"] = 0.5; }), "momentum"));
  const std::string foreign = refusal([](S& s) {
    s.optimizer = "nesterov";
    s.parameters["beta1"] = 0.5;
  });
  CHECK(contains(foreign, "beta1"));
  CHECK(contains(foreign, "nesterov"));
  CHECK(refusal([](S& s) {
          s.optimizer = "adam";
          s.parameters["beta1"] = 0.5;
        }) == "accepted");
  CHECK(contains(refusal([](S& s) {
                   s.optimizer = "adam";
                   s.parameters["beta1"] = 1;
                 }),
                 "beta1"));
  const std::string crossed = refusal([](S& s) {
    s.line_search = "weak-wolfe";
    s.parameters = {{"c1", 0.5}, {"c2", 0.1}};
  });
  CHECK(contains(crossed, "c1"));
  CHECK(contains(crossed, "c2"));
}

TEST_CASE("train() checks its settings too, and needs ratings") {
  const RatingList one = list_of({0}, {0}, {4});
  TrainSettings settings{.method = "full"};
  settings.rank = 0;
  CHECK_THROWS_WITH_AS(train(one, {}, settings), doctest::Contains("rank"), Error);
  CHECK_THROWS_WITH_AS(odot::train({}, {}), doctest::Contains("no ratings"), Error);
}

// Trains with every optimizer, with and without mean and biases, and checks that nothing goes wrong.
void check_trains(const RatingList& list, double rmse) {
  for (const Algorithm& optimizer : optimizers()) {
    for (const bool center : {false, true}) {
      for (const bool biases : {false, true}) {
        for (const bool regularised : {false, true}) {
          CAPTURE(optimizer.name);
          CAPTURE(center);
          CAPTURE(biases);
          CAPTURE(regularised);
          TrainSettings settings{.method = "full"};
          settings.rank = 3;
          settings.optimizer = optimizer.name;
          settings.center = center;
          settings.biases = biases;
          if (!regularised) settings.regularisation = Regularisation{0};
          const FactorResult result = train(list, list.ratings, settings);
          CAPTURE(to_string(result.report.optimisation.reason));
          CHECK(result.report.optimisation.reason != StopReason::diverged);
          CHECK(all_finite(result.model.theta));
          // Of so few ratings λ may leave nothing but the mean.
          if (center || !regularised) CHECK(result.report.train.rmse <= rmse);
          CHECK(result.report.valid->rmse == doctest::Approx(result.report.train.rmse).epsilon(tolerance(1e-9, 1e-5)));
          CHECK(std::isfinite(result.model.predict(kUnknown, 0)));
          CHECK(std::isfinite(result.model.predict(0, kUnknown)));
        }
      }
    }
  }
}

TEST_CASE("a model says how it was trained, and so does the same from its file") {
  const RatingList ratings = list_of({0, 0, 1, 1, 2}, {0, 1, 1, 2, 0}, {4, 2, 5, 1, 3});
  for (const std::string method : {"full", "blocks", "nnmf", "variational", "gibbs"}) {
    CAPTURE(method);
    const bool nnmf = method == "nnmf";
    TrainSettings settings{.method = method};
    settings.rank = 2;
    settings.clip = method == "full";
    settings.iterations = 2;
    const FactorResult result = train(RatingData(RatingList(ratings)), {}, settings);
    const TemporaryFolder folder;
    save_model(result.model, folder / "m");
    const Factorization loaded = load_factorization(folder / "m");
    for (const Factorization* model : {&result.model, &loaded}) {
      CHECK(model->clip == settings.clip);
      CHECK(model->non_negative == nnmf);
      if (method == "variational" || method == "gibbs") {
        CHECK_FALSE(model->regularisation.has_value());
      } else {
        CHECK((model->regularisation == result.report.regularisation));
      }
      CHECK(model->training_pin.has_value() == !nnmf);
      if (!nnmf) CHECK(*model->training_pin == std::sqrt(summarize(ratings.ratings.value).scale()));
      CHECK(model->folded_in_users == 0);
    }
  }
}

TEST_CASE("one single rating is learnt") { check_trains(list_of({0}, {0}, {4}), 0.4); }

TEST_CASE("ratings that are all equal are learnt") {
  std::vector<Index> users;
  std::vector<Index> items;
  for (Index k = 0; k < 60; ++k) {
    users.push_back(k / 6);
    items.push_back((k / 6 + k % 6) % 9);
  }
  for (const double value : {3.0, 0.0, -2.0, 1e6}) {
    CAPTURE(value);
    check_trains(list_of(users, items, std::vector<Real>(users.size(), static_cast<Real>(value))),
                 0.1 * std::max(1.0, std::abs(value)));
  }
}

TEST_CASE("one user is learnt, and one item") {
  const std::vector<Index> zeros(5, 0);
  const std::vector<Index> others = {0, 1, 2, 3, 4};
  const std::vector<Real> values = {1, 5, 2, 4, 3};
  check_trains(list_of(zeros, others, values), 1.45);
  check_trains(list_of(others, zeros, values), 1.45);
}

TEST_CASE("without regularisation one user's ratings are met exactly") {
  TrainSettings settings{.method = "full"};
  settings.rank = 2;
  settings.regularisation = Regularisation{0};
  settings.optimizer = "lbfgs";
  limit(settings, {.iterations = 200});
  const FactorResult result = train(list_of({0, 0, 0}, {0, 1, 2}, {1, 5, 2}), {}, settings);
  CHECK(result.report.regularisation.lambda == 0);
  CHECK(result.report.train.rmse <= tolerance(1e-8, 1e-5));
}

}  // namespace
}  // namespace odot
