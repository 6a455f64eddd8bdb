// Equal settings and ratings give equal model files, byte for byte.
#include <doctest/doctest.h>

#include "odot/core/parallel.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("any number of threads and any run give the same model file") {
  const Data data = everyday_data();
  TrainSettings standard{.method = "full"};
  standard.iterations = 15;
  TrainSettings by_count = standard;
  by_count.regularisation = Regularisation{0, 0.05};
  by_count.optimizer = "lbfgs";
  TrainSettings armijo = plain(33, 0.5, "gd", 15);
  armijo.line_search = "armijo";
  TrainSettings variational{.method = "variational"};
  variational.rank = 5;
  variational.iterations = 4;
  TrainSettings gibbs{.method = "gibbs"};
  gibbs.rank = 5;
  gibbs.iterations = 6;
  gibbs.svdpp = "both";
  gibbs.parameters = {{"burn-in", 2}, {"keep", 3}};
  for (const TrainSettings& settings :
       {standard, by_count, armijo, plain(10, 2, "gd", 15), plain(3, 1, "adgd", 15), variational, gibbs}) {
    CAPTURE(settings.method);
    CAPTURE(settings.optimizer);
    set_threads(1);
    const FactorResult one = train_on(data, settings);
    const std::string expected = file_bytes(one.model);
    REQUIRE(expected.size() > 900 * sizeof(Real));
    for (const int count : {1, 2, 3, 8}) {
      CAPTURE(count);
      set_threads(count);
      const FactorResult many = train_on(data, settings);
      CHECK(file_bytes(many.model) == expected);
      CHECK(many.report.valid->rmse == one.report.valid->rmse);
      CHECK(many.report.optimisation.value == one.report.optimisation.value);
      CHECK(many.report.passes == one.report.passes);
    }
    set_threads(0);
  }
}

TEST_CASE("one user with half of all ratings: the same model file on any number of threads") {
  const Data data = half_by_one_user();
  for (const std::string method : {"full", "variational", "gibbs"}) {
    CAPTURE(method);
    TrainSettings settings{.method = method};
    settings.rank = 5;
    settings.iterations = 10;
    set_threads(1);
    const std::string expected = file_bytes(train_on(data, settings).model);
    for (const int count : {2, 3, 8}) {
      CAPTURE(count);
      set_threads(count);
      CHECK(file_bytes(train_on(data, settings).model) == expected);
    }
    set_threads(0);
  }
}

TEST_CASE("another seed gives another model, watching changes nothing") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "full"};
  settings.iterations = 5;
  const FactorResult one = train_on(data, settings);
  int seen = 0;
  const FactorResult watched = train_on(data, settings, [&](const TrainProgress& progress) {
    progress.valid_rmse();
    ++seen;
    return true;
  });
  CHECK(seen == 6);
  CHECK(file_bytes(watched.model) == file_bytes(one.model));
  CHECK(file_bytes(train(data.train, {}, settings).model) == file_bytes(one.model));
  settings.seed = 2;
  CHECK(train_on(data, settings).model.theta != one.model.theta);
}

TEST_CASE("the model's settings are all that decides the result, and nothing else") {
  const Data data = everyday_data();
  TrainSettings settings{.method = "full"};
  settings.rank = 7;
  settings.seed = 12;
  settings.optimizer = "gd";
  settings.line_search = "armijo";
  settings.parameters = {{"c1", 0.01}};
  limit(settings, {.iterations = 4, .tolerance = 1e-7, .gradient_tolerance = 1e-9});
  const FactorResult result = train_on(data, settings);
  const auto& recorded = result.model.settings;
  const auto value = [&](const std::string& name) {
    const auto found = recorded.find(name);
    return found == recorded.end() ? "missing" : found->second;
  };
  CHECK(value("rank") == "7");
  CHECK(value("seed") == "12");
  CHECK(value("optimizer") == "gd");
  CHECK(value("line-search") == "armijo");
  CHECK(value("c1") == "0.01");
  CHECK(value("backtrack") == "0.5");
  CHECK(std::stod(value("lambda-per-rating")) ==
        doctest::Approx(result.report.regularisation.per_rating).epsilon(1e-12));
  CHECK(std::stod(value("lambda")) == doctest::Approx(result.report.regularisation.lambda).epsilon(1e-12));
  CHECK(value("center") == "true");
  CHECK(value("biases") == "true");
  CHECK(value("clip") == "true");
  CHECK(value("iterations") == "4");
  CHECK(std::stod(value("tolerance")) == 1e-7);
  CHECK(std::stod(value("gradient-tolerance")) == 1e-9);
  for (const auto& setting : recorded) {
    const std::string& name = setting.first;
    const std::string& text = setting.second;
    CAPTURE(name);
    CHECK(name.find("thread") == std::string::npos);
    CHECK(name.find("quiet") == std::string::npos);
    CHECK_FALSE(text.empty());
  }
  // Each of them has a place in the record: changing it changes the record.
  const auto changed = [&](auto change) {
    TrainSettings other = settings;
    change(other);
    return train_on(data, other).model.settings != recorded;
  };
  CHECK(changed([](TrainSettings& s) { s.rank = 8; }));
  CHECK(changed([](TrainSettings& s) { s.regularisation = Regularisation{3, 0}; }));
  CHECK(changed([](TrainSettings& s) { s.regularisation = Regularisation{0, 0.1}; }));
  CHECK(changed([](TrainSettings& s) { s.center = false; }));
  CHECK(changed([](TrainSettings& s) { s.biases = false; }));
  CHECK(changed([](TrainSettings& s) { s.clip = false; }));
  CHECK(changed([](TrainSettings& s) { s.optimizer = "nesterov"; }));
  CHECK(changed([](TrainSettings& s) { s.line_search = "weak-wolfe"; }));
  CHECK(changed([](TrainSettings& s) { s.parameters["backtrack"] = 0.4; }));
  CHECK(changed([](TrainSettings& s) { s.iterations = 5; }));
  CHECK(changed([](TrainSettings& s) { s.tolerance = 0; }));
  CHECK(changed([](TrainSettings& s) { s.gradient_tolerance = 0; }));
  CHECK(changed([](TrainSettings& s) { s.seed = 13; }));
}

}  // namespace
}  // namespace odot
