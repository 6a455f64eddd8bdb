// evaluate, predict and info on neural networks, and features of new users and items.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "odot/model/model_file.hpp"
#include "odot/ratings/read.hpp"
#include "program.hpp"
#include "support/mlp_problem.hpp"

namespace odot::test {
namespace {

// A folder with users.csv, items.csv, r.csv and a network in the file m.
struct Trained {
  TemporaryFolder folder;
  TrainReport report;

  Trained() {
    write_rated_features(folder, 30);
    const RatingList ratings = read_ratings({folder / "r.csv"}).list;
    TrainSettings settings{.method = "mlp"};
    settings.layers = {8};
    settings.iterations = 3;
    NetworkResult result =
        train_network(ratings, {}, read_features(folder / "users.csv"), read_features(folder / "items.csv"), settings);
    report = result.report;
    save_model(result.model, folder / "m");
  }

  Json json(const Words& arguments) const {
    const Outcome outcome = run(folder, arguments);
    CHECK_MESSAGE(outcome.code == 0, outcome.err);
    return Json::parse(outcome.out);
  }
};

TEST_CASE("evaluate, predict and info work on a network") {
  const Trained trained;
  const Json evaluation = trained.json({"evaluate", "m", "r.csv", "--json"});
  CHECK(evaluation["rmse"].get<double>() == doctest::Approx(trained.report.train.rmse).epsilon(1e-6));
  CHECK(evaluation["unknown_users"] == 0);
  const Outcome predicted = run(trained.folder, {"predict", "m", "r.csv", "-q"});
  CHECK(predicted.code == 0);
  CHECK(lines_of(predicted.out).size() == evaluation["ratings"].get<std::size_t>());
  const Json info = trained.json({"info", "m", "--json"});
  CHECK(info["layers"].size() == 3);
  CHECK(info["layers"][1] == 8);
  CHECK(info["parameters"].get<int>() == (info["layers"][0].get<int>() + 1) * 8 + 9);
  CHECK(info["user_features"]["age"] == "number from 20 to 49");
  CHECK(info["item_features"]["kind"] == "2 categories");
  CHECK(info["settings"]["method"] == "mlp");
  check_has(run(trained.folder, {"info", "m"}).out, {"layers", "user features.sex", "2 categories"});
}

TEST_CASE("features make new users known, and old ones keep theirs") {
  const Trained trained;
  const std::string known = fields_of(read_bytes(trained.folder / "r.csv"))[1][0];
  const std::string item = fields_of(read_bytes(trained.folder / "r.csv"))[1][1];
  write_bytes(trained.folder / "pairs", fmt::format("888,{0}\n999,{0}\n{1},{0}\n", item, known));
  write_bytes(trained.folder / "new.csv", fmt::format("sex,user_id,age\nF,999,49\n{},{},21\n", "M", known));
  const Json before = trained.json({"predict", "m", "pairs", "-o", "a", "--json"});
  CHECK(before["unknown_users"] == 2);
  const Outcome outcome = run(trained.folder, {"predict", "m", "pairs", "-o", "b", "--json", "--users", "new.csv"});
  CHECK(outcome.code == 0);
  CHECK(Json::parse(outcome.out)["unknown_users"] == 1);
  check_has(outcome.err, {"features of 1 new users; 1 that the model knows keep theirs"});
  const auto a = fields_of(read_bytes(trained.folder / "a"));
  const auto b = fields_of(read_bytes(trained.folder / "b"));
  CHECK(a[0] == b[0]);
  CHECK(a[1] != b[1]);
  CHECK(a[2] == b[2]);
  write_bytes(trained.folder / "e.csv", fmt::format("999,{},3\n", item));
  CHECK(trained.json({"evaluate", "m", "e.csv", "--json", "--users", "new.csv"})["unknown_users"] == 0);
}

TEST_CASE("bad features end the program with a message, and write nothing") {
  const Trained trained;
  write_bytes(trained.folder / "new.csv", "user_id,age,sex\n777,33,X\n");
  const auto refused = [&](const Words& words, int code, const Words& parts) {
    Words arguments{"predict", "m", "r.csv", "-o", "out"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    const Outcome outcome = run(trained.folder, arguments);
    CHECK(outcome.code == code);
    check_has(outcome.err, parts);
    for (const std::string& name : files_in(trained.folder)) CHECK(name.find("out") == std::string::npos);
  };
  refused({"--users", "new.csv"}, 1, {"new.csv:2: found the category \"X\" in sex", "\"F\", \"M\""});
  refused({"--items", "none.csv"}, 1, {"none.csv: found no such file"});
  refused({"--items", "new.csv"}, 1, {"new.csv", "item_id"});
  write_bytes(trained.folder / "out", "x");
  CHECK(run(trained.folder, {"predict", "m", "r.csv", "-o", "out", "--users", "out"}).code == 2);
}

TEST_CASE("features are wrong usage with a factorization") {
  const Trained trained;
  REQUIRE(run(trained.folder, {"train", "r.csv", "-o", "f", "-t", "2", "-q"}).code == 0);
  for (const std::string command : {"evaluate", "predict"}) {
    const Outcome outcome = run(trained.folder, {command, "f", "r.csv", "--users", "users.csv"});
    CHECK(outcome.code == 2);
    check_has(outcome.err, {"--users", "f is a factorization"});
  }
}

}  // namespace
}  // namespace odot::test
