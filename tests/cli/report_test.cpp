// Results: the keys and values of reports, traces and evaluations, and that they agree with each other.
#include <cmath>
#include <set>

#include "program.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

Json json_of(const TemporaryFolder& folder, const Words& words) {
  CAPTURE(words);
  const Outcome outcome = run(folder, words);
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  return Json::parse(outcome.out);
}

struct Synthetic {
  Synthetic() { REQUIRE(run(folder, {"synth", "-o", "r.csv", "--ratings", "8000", "--users", "300", "-q"}).code == 0); }
  TemporaryFolder folder;
};

doctest::Approx near(const Json& value) { return doctest::Approx(value.get<double>()).epsilon(1e-9); }

TEST_CASE("the report of train") {
  const Synthetic data;
  const Json report = json_of(
      data.folder, {"train", "r.csv", "--holdout", "0.1", "--json", "-t", "7", "--threads", "2", "--method", "full"});
  for (const char* key : {"train_rmse", "valid_rmse", "valid_mae", "objective"}) {
    CAPTURE(key);
    REQUIRE(report.at(key).is_number_float());
    CHECK(report[key].get<double>() > 0);
  }
  for (const char* key : {"iterations", "evaluations", "passes", "ratings", "valid_ratings", "users", "items", "rank",
                          "threads", "peak_memory_bytes"}) {
    CAPTURE(key);
    REQUIRE(report.at(key).is_number_integer());
    CHECK(report[key].get<long>() > 0);
  }
  CHECK(report["stop_reason"] == "iterations");
  CHECK(report["iterations"] == 7);
  CHECK(report["rank"] == 16);
  CHECK(report["threads"] == 2);
  CHECK(report["users"] == 300);
  CHECK(report["ratings"].get<int>() + report["valid_ratings"].get<int>() == 8000);
  CHECK(report["valid_ratings"] > 700);
  CHECK(report["valid_ratings"] <= 800);
  CHECK(report["passes"].get<long>() >= 2 * report["evaluations"].get<long>());
  std::set<std::string> seconds;
  for (const auto& [name, value] : report.at("seconds").items()) {
    CHECK(value.get<double>() >= 0);
    seconds.insert(name);
  }
  CHECK(seconds == std::set<std::string>{"load", "train", "evaluate"});
  // Without held-out ratings there is nothing to say about them.
  const Json plain = json_of(data.folder, {"train", "r.csv", "--json", "-t", "1"});
  CHECK(plain.at("valid_rmse").is_null());
  CHECK(plain.at("valid_mae").is_null());
}

TEST_CASE("the report for people") {
  const Synthetic data;
  const Outcome outcome = run(data.folder, {"train", "r.csv", "--holdout", "0.1", "-o", "m", "-t", "2"});
  CHECK(outcome.code == 0);
  check_has(outcome.out, {"train RMSE", "held-out RMSE", "held-out MAE", "2 sweeps", "written to      m\n"});
  const Outcome text = run(data.folder, {"evaluate", "m", "r.csv"});
  check_has(text.out, {"RMSE", "MAE", "8000", "unknown users   0"});
}

TEST_CASE("evaluate agrees with the report of train") {
  const Synthetic data;
  const Words train{"train", "r.csv", "--method", "blocks", "-o", "m", "--json", "-t", "5"};
  const Json whole = json_of(data.folder, train);
  const Json on_training = json_of(data.folder, {"evaluate", "m", "r.csv", "--json"});
  std::set<std::string> keys;
  for (const auto& [name, value] : on_training.items()) keys.insert(name);
  CHECK(keys == std::set<std::string>{"rmse", "mae", "ratings", "unknown_users", "unknown_items"});
  CHECK(on_training["rmse"].get<double>() == near(whole["train_rmse"]));
  CHECK(on_training["ratings"] == 8000);

  // On files made by split: --valid, and --holdout with the same fraction and seed, which holds out the same.
  const Json split = json_of(data.folder, {"split", "r.csv", "--fraction", "0.2", "--seed", "5", "--train", "a.csv",
                                           "--test", "b.csv", "--json"});
  CHECK(split["train"].get<int>() + split["test"].get<int>() == 8000);
  CHECK(lines_of(read_bytes(data.folder / "a.csv")).size() == split["train"]);
  CHECK(lines_of(read_bytes(data.folder / "b.csv")).size() == split["test"]);
  const Json valid = json_of(data.folder, {"train", "a.csv", "--valid", "b.csv", "-o", "ma", "--json", "-t", "5"});
  const Json held = json_of(data.folder, {"train", "r.csv", "--holdout", "0.2", "--seed", "5", "-o", "mh", "--json"});
  for (const auto& [model, report] : {std::pair{"ma", valid}, std::pair{"mh", held}}) {
    const Json test = json_of(data.folder, {"evaluate", model, "b.csv", "--json"});
    CHECK(test["rmse"].get<double>() == near(report["valid_rmse"]));
    CHECK(test["mae"].get<double>() == near(report["valid_mae"]));
    CHECK(test["ratings"] == report["valid_ratings"]);
    CHECK(json_of(data.folder, {"evaluate", model, "a.csv", "--json"})["rmse"].get<double>() ==
          near(report["train_rmse"]));
  }
}

TEST_CASE("the trace has a line for the start and one for each iteration, and ends as the report says") {
  const Synthetic data;
  const Json report = json_of(data.folder, {"train", "r.csv", "--holdout", "0.1", "--trace", "t", "--json", "-t", "9",
                                            "--no-clip", "--optimizer", "lbfgs"});
  const Words lines = lines_of(read_bytes(data.folder / "t"));
  REQUIRE(lines.size() == 10);
  double before = INFINITY;
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const Json line = Json::parse(lines[k]);
    CHECK(line.at("iteration") == k);
    CHECK(line.at("objective").get<double>() < before);
    before = line["objective"].get<double>();
    for (const char* key : {"train_rmse", "valid_rmse", "gradient_norm", "step", "trials", "evaluations", "passes",
                            "restarts", "seconds"}) {
      CAPTURE(key);
      CHECK(line.at(key).is_number());
    }
  }
  const Json last = Json::parse(lines.back());
  for (const char* key : {"objective", "valid_rmse", "gradient_norm"}) {
    CHECK(last[key].get<double>() == near(report[key]));
  }
  // Training knows its error from the residuals of its passes, the report computes it anew, in single precision.
  CHECK(last["train_rmse"].get<double>() == doctest::Approx(report["train_rmse"].get<double>()).epsilon(1e-5));
  for (const char* key : {"evaluations", "passes", "restarts"}) CHECK(last[key] == report[key]);
}

TEST_CASE("--config gives options, and the command line wins") {
  const Synthetic data;
  write_bytes(data.folder / "c",
              "# settings\nrank = 3\niterations = 2\nbiases = no\noptimizer = gd\nquiet = yes\njson = no\n");
  const Words train{"train", "r.csv", "--config", "c", "--json"};
  const Outcome outcome = run(data.folder, train);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err == "");
  const Json report = Json::parse(outcome.out);
  CHECK(report["rank"] == 3);
  CHECK(report["iterations"] == 2);
  CHECK(report["optimizer"] == "gd");
  const Json other =
      json_of(data.folder, {"train", "r.csv", "--config", "c", "--json", "-k", "4", "--biases", "-o", "m"});
  CHECK(other["rank"] == 4);
  CHECK(other["optimizer"] == "gd");
  CHECK(json_of(data.folder, {"info", "m", "--json"})["biases"] == true);
  json_of(data.folder, {"train", "r.csv", "--config", "c", "--json", "-o", "m2"});
  CHECK(json_of(data.folder, {"info", "m2", "--json"})["biases"] == false);
}

TEST_CASE("unknown users and items are predicted and counted, and clipping can be switched off") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "30", "--lambda", "0"}).code == 0);
  const std::string pairs = "1,1\nnew,1\n1,new\nnew,new\n";
  const Outcome outcome = run(folder, {"predict", "m", "-"}, {.input = pairs});
  CHECK(outcome.code == 0);
  check_has(outcome.err, {"predicted 4 pairs, 2 of unknown users, 2 of unknown items"});
  REQUIRE(lines_of(outcome.out).size() == 4);
  const Json info = json_of(folder, {"info", "m", "--json"});
  CHECK(std::stod(fields_of(outcome.out)[3][2]) == doctest::Approx(info["mean"].get<double>()).epsilon(1e-6));
  write_bytes(folder / "p", pairs);
  const Json counts = json_of(folder, {"predict", "m", "p", "-o", "out", "--json"});
  CHECK(counts == Json{{"predictions", 4}, {"unknown_users", 2}, {"unknown_items", 2}});
  CHECK(read_bytes(folder / "out") == outcome.out);
  write_bytes(folder / "e", "1,1,3\nnew,1,3\n1,new,4\nnew,new,1\n");
  const Json evaluation = json_of(folder, {"evaluate", "m", "e", "--json"});
  CHECK(evaluation["unknown_users"] == 2);
  CHECK(evaluation["unknown_items"] == 2);
  CHECK(evaluation["ratings"] == 4);

  // A model that fits 1 and 5 leaves that range in places, unless it is held to it.
  const auto range = [&](const Words& options) {
    Words words{"predict", "m", "r", "-q"};
    words.insert(words.end(), options.begin(), options.end());
    std::pair<double, double> found{INFINITY, -INFINITY};
    for (const Words& line : fields_of(run(folder, words).out)) {
      found = {std::min(found.first, std::stod(line[2])), std::max(found.second, std::stod(line[2]))};
    }
    return found;
  };
  CHECK(range({}).first >= 1);
  CHECK(range({}).second <= 5);
  const auto free = range({"--no-clip"});
  CHECK((free.first < 1 || free.second > 5));
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "30", "--lambda", "0", "--no-clip"}).code == 0);
  CHECK(range({}) == free);
  CHECK(range({"--clip"}).second <= 5);
}

TEST_CASE("info describes models and ratings") {
  const Synthetic data;
  const Json ratings = json_of(data.folder, {"info", "r.csv", "--json"});
  CHECK(ratings["kind"] == "ratings");
  CHECK(ratings["ratings"] == 8000);
  CHECK(ratings["users"] == 300);
  CHECK(ratings["lowest"] == 0.5);
  CHECK(ratings["highest"] == 5.0);
  CHECK(ratings["distinct_values"] == 10);
  REQUIRE(run(data.folder, {"train", "r.csv", "-o", "m", "-k", "5", "-t", "1", "--seed", "9", "--optimizer", "lbfgs"})
              .code == 0);
  const Json model = json_of(data.folder, {"info", "m", "--json"});
  CHECK(model["kind"] == "model");
  CHECK(model["rank"] == 5);
  CHECK(model["users"] == 300);
  CHECK(model["settings"]["optimizer"] == "lbfgs");
  CHECK(model["settings"]["seed"] == 9);
  const Outcome text = run(data.folder, {"info", "m"});
  check_has(text.out, {"kind", "model", "settings.optimizer", "lbfgs"});
}

TEST_CASE("synth, train and predict together") {
  const TemporaryFolder folder;
  const Words synth{"synth", "--users", "100", "--items",  "60",   "--ratings", "3000", "--noise",
                    "0.1",   "--round", "0",   "--lowest", "none", "--highest", "none", "-q"};
  const auto made = [&](const Words& more) {
    Words words = synth;
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(folder, words);
    CHECK(outcome.code == 0);
    CHECK(outcome.err == "");
    return outcome.out;
  };
  const std::string text = made({"-o", "-", "--seed", "4"});
  CHECK(lines_of(text).size() == 3000);
  CHECK((made({"-o", "-", "--seed", "4", "--threads", "3"}) == text));
  CHECK((made({"-o", "-", "--seed", "5"}) != text));
  made({"-o", "r.tsv", "--seed", "4", "--separator", "tab"});
  CHECK(fields_of(read_bytes(folder / "r.tsv"), '\t').front() == fields_of(text).front());
  const Json report = json_of(folder, {"train", "r.tsv", "--holdout", "0.1", "-o", "m", "--json"});
  CHECK(report["valid_rmse"].get<double>() <
        0.9 * json_of(folder, {"info", "r.tsv", "--json"})["deviation"].get<double>());
  const Outcome predicted = run(folder, {"predict", "m", "r.tsv", "-q"});
  CHECK(lines_of(predicted.out).size() == 3000);
  double squares = 0;
  const auto ratings = fields_of(read_bytes(folder / "r.tsv"), '\t');
  const auto predictions = fields_of(predicted.out, '\t');
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    CHECK(ratings[k][0] == predictions[k][0]);
    CHECK(ratings[k][1] == predictions[k][1]);
    squares += std::pow(std::stod(ratings[k][2]) - std::stod(predictions[k][2]), 2);
  }
  const Json evaluation = json_of(folder, {"evaluate", "m", "r.tsv", "--json"});
  CHECK(std::sqrt(squares / 3000) == doctest::Approx(evaluation["rmse"].get<double>()).epsilon(1e-5));
}

TEST_CASE("two runs and any number of threads give the same model, byte for byte") {
  const Synthetic data;
  const auto model = [&](const std::string& threads) {
    REQUIRE(run(data.folder, {"train", "r.csv", "--holdout", "0.1", "-o", "m", "-q", "-t", "10", "--threads", threads})
                .code == 0);
    return read_bytes(data.folder / "m");
  };
  const std::string expected = model("1");
  REQUIRE(expected.size() > 1000);
  for (const std::string threads : {"1", "2", "3", "8"}) {
    CAPTURE(threads);
    CHECK((model(threads) == expected));
  }
}

}  // namespace
}  // namespace odot::test
