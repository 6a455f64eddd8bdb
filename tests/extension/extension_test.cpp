// What is added from outside by a file and a row, a method, its option and a kind of models, is known wherever the
// library's own are: to every command, in help, manual pages, completion, config files, searches and model files.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "cli/program.hpp"

namespace odot::test {
namespace {

struct Extended : Session {
  Extended() { write_bytes(folder / "r.csv", small_ratings()); }

  Words train(const Words& more) const {
    Words words{"train", "r.csv", "--method", "means", "-q", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

// The prediction of each item, by definition.
std::map<std::string, double> shrunken_means(double shrinkage) {
  const std::vector<Words> ratings = fields_of(small_ratings());
  double total = 0;
  for (const Words& fields : ratings) total += std::stod(fields[2]);
  const double mean = total / static_cast<double>(ratings.size());
  std::map<std::string, std::pair<double, double>> sums;
  for (const Words& fields : ratings) {
    auto& [sum, count] = sums[fields[1]];
    sum += std::stod(fields[2]) - mean;
    count += 1;
  }
  std::map<std::string, double> means;
  for (const auto& [item, of] : sums) means[item] = mean + of.first / (of.second + shrinkage);
  return means;
}

double error_of(const std::map<std::string, double>& means) {
  double squares = 0;
  const std::vector<Words> ratings = fields_of(small_ratings());
  for (const Words& fields : ratings) squares += std::pow(means.at(fields[1]) - std::stod(fields[2]), 2);
  return std::sqrt(squares / static_cast<double>(ratings.size()));
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> all;
  for (const std::string& line : lines_of(text)) all.push_back(Json::parse(line));
  return all;
}

TEST_CASE("a method from outside trains, with its own option, a model that evaluate and predict can use") {
  const Extended session;
  const Json report = Json::parse(session.done(session.train({"--shrinkage", "3", "-o", "m"})).out);
  const auto means = shrunken_means(3);
  CHECK(report["method"] == "means");
  CHECK(report["shrinkage"] == 3);
  CHECK(report["rank"].is_null());
  CHECK(report["train_rmse"].get<double>() == doctest::Approx(error_of(means)).epsilon(1e-6));
  CHECK(error_of(means) < error_of(shrunken_means(1e9)) - 1e-4);

  const Json measured = Json::parse(session.done({"evaluate", "m", "r.csv", "-q", "--json"}).out);
  CHECK(measured["rmse"] == report["train_rmse"]);
  write_bytes(session.folder / "pairs", "1,2\n30,17\nnobody,17\n1,nothing\n");
  const std::vector<Words> predicted = fields_of(session.done({"predict", "m", "pairs", "-q"}).out);
  REQUIRE(predicted.size() == 4);
  CHECK(std::stod(predicted[0][2]) == doctest::Approx(means.at("2")).epsilon(1e-6));
  CHECK(std::stod(predicted[1][2]) == doctest::Approx(means.at("17")).epsilon(1e-6));
  CHECK(predicted[2][2] == predicted[1][2]);
  CHECK(std::stod(predicted[3][2]) == doctest::Approx(shrunken_means(1e9).at("2")).epsilon(1e-6));

  const Json standard = Json::parse(session.done(session.train({})).out);
  CHECK(standard["shrinkage"] == 10);
  CHECK(standard["train_rmse"].get<double>() == doctest::Approx(error_of(shrunken_means(10))).epsilon(1e-6));
  check_has(session.done({"train", "r.csv", "--method", "means", "-q"}).out,
            {"item means, shrinkage 10", "means: 1 iterations"});
}

TEST_CASE("the model file holds what a kind from outside has, its format and the settings") {
  const Extended session;
  session.done(session.train({"--shrinkage", "3", "--no-clip", "-o", "m"}));
  CHECK(read_bytes(session.folder / "m").find("\"format\":\"test-item-means\"") != std::string::npos);
  const Json told = Json::parse(session.done({"info", "m", "--json"}).out);
  CHECK(told["users"] == 30);
  CHECK(told["items"] == 20);
  CHECK(told["mean"].get<double>() == doctest::Approx(shrunken_means(1e12).at("1")));
  CHECK(told["highest"] == 5);
  CHECK(told["settings"]["method"] == "means");
  CHECK(told["settings"]["shrinkage"] == 3);
  CHECK(told["settings"]["clip"] == false);
  CHECK(told["settings"]["seed"] == 1);
  CHECK_FALSE(told["settings"].contains("rank"));
}

TEST_CASE("help, manual page and completion know the method and its option, with range and default") {
  const Extended session;
  for (const std::string command : {"train", "cv", "tune"}) {
    CAPTURE(command);
    check_has(session.done({command, "--help"}).out,
              {"\nItem means (--method means):\n", "--shrinkage X", "each item's; from 0 to 100000\n",
               " (default 10)\n", "the mean rating of each item; no factors", "means: 1"});
    check_has(session.done({"man", command}).out,
              {".SS Item means (\\-\\-method means)\n", "\\fB\\-\\-shrinkage\\fR \\fIX\\fR", "(default 10)",
               ".TP\n\\fBmeans\\fR\nthe mean rating of each item; no factors\n"});
  }
  const auto count = [](const std::string& text, const std::string& part) {
    int found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  const std::string bash = session.done({"completion", "bash"}).out;
  CHECK(count(bash, " --shrinkage") == 3);
  CHECK(count(bash, " means'") == 3);
  const std::string zsh = session.done({"completion", "zsh"}).out;
  CHECK(count(zsh, "--shrinkage=[ratings of the mean value that are added to each item'\\''s]:X:") == 3);
  CHECK(count(zsh, " means)'") == 3);
}

TEST_CASE("a dumped config has the option, and trains the same bytes") {
  const Extended session;
  const std::string standard = session.done({"train", "--method", "means", "--dump-config"}).out;
  check_has(standard, {"\nmethod = means\n", "\nshrinkage = 10\n", "\niterations = 1\n"});
  CHECK(standard.find("rank") == std::string::npos);
  write_bytes(session.folder / "c",
              session.done({"train", "--method", "means", "--shrinkage", "3", "--no-clip", "--dump-config"}).out);
  session.done(session.train({"--shrinkage", "3", "--no-clip", "-o", "said"}));
  session.done({"train", "r.csv", "--config", "c", "-q", "-o", "read"});
  CHECK((read_bytes(session.folder / "said") == read_bytes(session.folder / "read")));
}

TEST_CASE("cv and tune measure the method, and tune searches its option") {
  const Extended session;
  const auto measured = [&](const std::string& shrinkage) {
    const Words words{"cv", "r.csv", "--method", "means", "--shrinkage", shrinkage, "-q", "--json"};
    return Json::parse(session.done(words).out)["rmse"]["mean"].get<double>();
  };
  CHECK(measured("1") != measured("50"));

  session.done({"tune", "r.csv", "--method", "means", "--shrinkage", "1..50:log", "--trials", "3", "--log", "l", "-q",
                "-o", "m"});
  const std::vector<Json> log = json_lines(read_bytes(session.folder / "l"));
  REQUIRE(log.size() >= 4);
  std::set<std::string> points;
  for (std::size_t k = 1; k < log.size(); ++k) {
    CHECK(log[k]["status"] == "done");
    const std::string value = log[k]["point"]["shrinkage"].dump();
    CHECK(std::stod(value) >= 1);
    CHECK(std::stod(value) <= 50);
    points.insert(value);
    check_has(log[k]["command"].get<std::string>(), {"--method means --shrinkage " + value});
  }
  CHECK(points.size() == 3);
  const Json told = Json::parse(session.done({"info", "m", "--json"}).out);
  CHECK(points.count(told["settings"]["shrinkage"].dump()) == 1);
}

TEST_CASE("held-out ratings, early stopping, traces and interruptions are the method's too") {
  const Extended session;
  const Json report = Json::parse(
      session.done(session.train({"--holdout", "0.2", "--early-stop", "1", "--trace", "t", "-t", "1"})).out);
  const std::vector<Json> trace = json_lines(read_bytes(session.folder / "t"));
  REQUIRE(trace.size() == 2);
  CHECK(trace[0]["iteration"] == 0);
  CHECK(trace[1]["iteration"] == 1);
  const bool better = trace[1]["valid_rmse"] < trace[0]["valid_rmse"];
  CHECK(report["best_iteration"] == (better ? 1 : 0));
  CHECK(report["valid_rmse"] == std::min(trace[0]["valid_rmse"], trace[1]["valid_rmse"]));
  const Json start = Json::parse(session.done(session.train({"-t", "0"})).out);
  CHECK(start["train_rmse"].get<double>() == doctest::Approx(error_of(shrunken_means(1e12))).epsilon(1e-6));
}

TEST_CASE("the option is checked as all are, and is of no use to others, nor theirs to the method") {
  const Extended session;
  for (const std::string command : {"train", "cv"}) {
    CAPTURE(command);
    session.done({command, "r.csv", "--shrinkage", "0.5", "-q"});  // which says what method is meant
    session.refused(2, {command, "r.csv", "--method", "full", "--shrinkage", "0.5"},
                    {"--shrinkage is of no use to method full, only to means"});
    session.refused(2, {command, "r.csv", "--method", "means", "--shrinkage", "-1"},
                    {"--shrinkage is '-1', but must be a number from 0 to 100000"});
    session.refused(2, {command, "r.csv", "--method", "means", "--rank", "3"},
                    {"--rank is of no use to method means, only to variational, gibbs, blocks, full, nnmf"});
    session.refused(2, {command, "r.csv", "--method", "means", "--optimizer", "adam"},
                    {"--optimizer is of no use to method means"});
  }
  session.refused(2, {"tune", "r.csv", "--method", "means", "--shrinkage", "-1..5"}, {"--shrinkage is '-1'", "100000"});
  session.refused(2, {"tune", "r.csv", "--method", "blocks", "--shrinkage", "1..5"},
                  {"--shrinkage is of no use to method blocks"});
  session.refused(2, {"train", "r.csv", "--method", "mean"}, {"unknown method 'mean': known are means, "});
}

TEST_CASE("a method that does not say that it has checkpoints refuses them before any work") {
  const Extended session;
  for (const std::string option : {"--checkpoint", "--resume"}) {
    session.refused(2, {"train", "there is no such file", "--method", "means", option, "c"},
                    {option + " is of no use to method means, only to variational, gibbs, blocks, full, nnmf, mlp"});
  }
}

TEST_CASE("commands that need what the kind has not say so") {
  const Extended session;
  session.done(session.train({"-o", "m"}));
  const std::string found = "m: found a table of item means, which ";
  const std::string expected = "expected a factorization";
  session.refused(1, {"recommend", "m"}, {found + "ranks no items", expected});
  session.refused(1, {"similar", "m", "--item", "3"}, {found + "ranks no items", expected});
  session.refused(1, {"evaluate", "m", "r.csv", "--top", "3", "-q"}, {found, expected});
  session.refused(1, {"fold-in", "m", "r.csv", "-o", "n"}, {found + "folds nothing in", expected});
  for (const std::string format : {"csv", "libmf"}) {
    session.refused(1, {"export", "m", "--format", format, "-o", "x"}, {found + "has no factors", expected});
  }
  session.refused(1, {"train", "r.csv", "--init-model", "m"}, {"m: ", "table of item means", expected.substr(9)});
  session.refused(2, {"predict", "m", "r.csv", "--users", "u"}, {"m is a table of item means"});
  // Arrays any kind has.
  session.done({"export", "m", "--format", "npy", "-o", "arrays", "-q"});
  CHECK(files_in(session.folder).size() > 3);
  CHECK(read_bytes(session.folder / "arrays/item_deviation.npy").substr(1, 5) == "NUMPY");
}

}  // namespace
}  // namespace odot::test
