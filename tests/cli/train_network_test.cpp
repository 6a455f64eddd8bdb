// odot train --method mlp as a program.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "program.hpp"

namespace odot::test {
namespace {

// A folder with ratings of 30 users and 20 items in r.csv, and features of these, and of user 31 who has rated
// nothing, in users.csv and items.csv.
struct Data {
  TemporaryFolder folder;

  Data() { write_rated_features(folder, 31); }

  Outcome train(const Words& more) const {
    Words words{"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv"};
    words.insert(words.end(), more.begin(), more.end());
    return run(folder, words);
  }

  Json report(const Words& more) const {
    Words words = more;
    words.insert(words.end(), {"--json", "--quiet"});
    const Outcome outcome = train(words);
    REQUIRE_MESSAGE(outcome.code == 0, outcome.err);
    return Json::parse(outcome.out);
  }
};

TEST_CASE("a network is trained, reported and traced") {
  const Data data;
  const Json report = data.report(
      {"--holdout", "0.2", "-t", "4", "--early-stop", "0", "--layers", "8,4", "--batch-size", "32", "--trace", "t"});
  CHECK(report["method"] == "mlp");
  CHECK((report["layers"] == Json{6, 8, 4, 1}));
  CHECK(report["iterations"] == 4);
  CHECK(report["passes"].get<int>() == 4);
  CHECK(report["batch_size"] == 32);
  CHECK(report["optimizer"] == "adam");
  CHECK(report["line_search"] == "constant");
  CHECK(report["users"] == 30);
  CHECK(report["items"] == 20);
  CHECK(report["rank"].is_null());
  CHECK(report["lambda"].is_null());
  CHECK(report["gradient_norm"].is_null());
  const Words lines = lines_of(read_bytes(data.folder / "t"));
  REQUIRE(lines.size() == 5);
  for (std::size_t epoch = 0; epoch < lines.size(); ++epoch) {
    const Json line = Json::parse(lines[epoch]);
    CHECK(line["iteration"] == epoch);
    CHECK(line["passes"] == epoch);
    CHECK(line["valid_rmse"].is_number());
  }
  CHECK(Json::parse(lines.back())["valid_rmse"] == report["valid_rmse"]);
  const Outcome text = data.train({"-t", "2", "--layers", "none"});
  check_has(text.out, {"network 6-1", "mlp, adam with constant: 2 epochs", "iterations"});
  check_has(text.err, {"users.csv: features of 31 users, 3 inputs", "one of 2 categories, 1 input", "\"film\""});
}

TEST_CASE("someone with features alone is measured as predicted") {
  const Data data;
  write_bytes(data.folder / "valid", "31,5,4\n1,1,3\n99,2,2\n");
  const Json report = data.report({"--valid", "valid", "-t", "3", "-o", "m"});
  CHECK(report["valid_unknown_users"] == 1);
  const Outcome evaluated = run(data.folder, {"evaluate", "m", "valid", "--json", "--quiet"});
  REQUIRE(evaluated.code == 0);
  CHECK(Json::parse(evaluated.out)["rmse"] == report["valid_rmse"]);
  CHECK(Json::parse(evaluated.out)["unknown_users"] == 1);
}

TEST_CASE("the same network on any number of threads") {
  const Data data;
  for (const char* threads : {"1", "2", "5"}) {
    data.report({"-t", "3", "--batch-size", "0", "--threads", threads, "-o", fmt::format("full{}", threads)});
    data.report({"-t", "3", "--batch-size", "300", "--threads", threads, "-o", fmt::format("mini{}", threads)});
  }
  for (const std::string kind : {"full", "mini"}) {
    CHECK((read_bytes(data.folder / (kind + "1")) == read_bytes(data.folder / (kind + "2"))));
    CHECK((read_bytes(data.folder / (kind + "1")) == read_bytes(data.folder / (kind + "5"))));
  }
  CHECK((read_bytes(data.folder / "full1") != read_bytes(data.folder / "mini1")));
}

TEST_CASE("line searches go with all ratings at once") {
  const Data data;
  const Json report =
      data.report({"-t", "20", "--batch-size", "0", "--optimizer", "lbfgs", "--line-search", "strong-wolfe"});
  const Json start = data.report({"-t", "0", "--batch-size", "0"});
  CHECK(report["objective"].get<double>() < start["objective"].get<double>());
}

TEST_CASE("wrong usage of the network is told before any work") {
  const Data data;
  const auto refused = [&](const Words& arguments, const Words& parts) {
    CAPTURE(arguments.back());
    const Outcome outcome = run(data.folder, arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    check_has(outcome.err, parts);
    CHECK(files_in(data.folder) == Words{"items.csv", "r.csv", "users.csv"});
  };
  refused({"train", "r.csv", "--method", "mlp", "--users", "users.csv", "-o", "m"}, {"needs --items FILE"});
  refused({"train", "r.csv", "--method", "mlp", "-o", "m"}, {"needs --users FILE"});
  const auto wrong = [&](const Words& more, const Words& parts) {
    Words words{"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-o", "m"};
    words.insert(words.end(), more.begin(), more.end());
    refused(words, parts);
  };
  wrong({"--layers", "8,,4"}, {"--layers is '8,,4'"});
  wrong({"--layers", "1e9"}, {"65536"});
  wrong({"--batch-size", "3"}, {"--batch-size is 3", "at least 16"});
  wrong({"--early-stop", "2"}, {"--early-stop needs", "--valid or --holdout"});
  wrong({"--line-search", "armijo"}, {"armijo", "constant or decreasing", "batch-size 0"});
  wrong({"--step", "auto"}, {"step auto"});
  wrong({"--user-features", "age:number"}, {"--user-features", "numeric"});
  wrong({"--rank", "8"}, {"--rank is of no use to method mlp", "blocks, full, nnmf"});
  wrong({"--optimizer", "newton"}, {"--optimizer newton needs method blocks"});
}

TEST_CASE("bad features end training, and nothing is written") {
  const Data data;
  const auto fails = [&](const Words& more, const Words& parts) {
    Words words = more;
    words.insert(words.end(), {"-o", "m"});
    const Outcome outcome = data.train(words);
    CHECK(outcome.code == 1);
    check_has(outcome.err, parts);
    CHECK(files_in(data.folder).size() == 4);
  };
  write_bytes(data.folder / "bad", "user_id,age\n1,20\n1,21\n");
  const auto train_with = [&](const std::string& users, const Words& more, const Words& parts) {
    Words words{"train", "r.csv", "--method", "mlp", "--users", users, "--items", "items.csv", "-o", "m"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(data.folder, words);
    CHECK(outcome.code == 1);
    check_has(outcome.err, parts);
    CHECK(files_in(data.folder).size() == 4);
  };
  train_with("bad", {}, {"bad:3", "\"1\""});
  train_with("nowhere", {}, {"nowhere", "no such file"});
  write_bytes(data.folder / "bad", "user_id,age\n1,20\n2,21\n");
  train_with("bad", {}, {"of the ratings has no features in bad"});
  fails({"--user-features", "agee:numeric"}, {"users.csv", "agee", "age"});
  fails({"--user-features", "sex:numeric"}, {"users.csv:2", "sex"});
  fails({"--step", "1e9"}, {"diverged", "--step"});
}

}  // namespace
}  // namespace odot::test
