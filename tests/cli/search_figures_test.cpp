// The figures of cv and tune: means and deviations over folds, iterations by rung, the log and the report of the best.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

double mean(const Json& values) {
  double sum = 0;
  for (const Json& value : values) sum += value.get<double>();
  return sum / static_cast<double>(values.size());
}

// Of a sample: over one less than there are.
double deviation(const Json& values) {
  double squares = 0;
  for (const Json& value : values) squares += std::pow(value.get<double>() - mean(values), 2);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

TEST_CASE("cv: every figure of the report, and the report in words") {
  const Rated data;
  for (const Words& more : std::vector<Words>{{},
                                              {"--early-stop", "2", "--tolerance", "0", "--lambda", "0.01"},
                                              {"--method", "mlp", "--users", "users.csv", "--items", "items.csv",
                                               "--layers", "4", "-t", "4", "--step", "0.05"}}) {
    CAPTURE(more);
    const Words words = with({"cv", "t.csv", "--folds", "4", "--seed", "9", "--quiet"}, more);
    const Json report = Json::parse(data.done(with(words, {"--json"})).out);
    CHECK(keys_of(report) ==
          std::set<std::string>{"rmse", "mae", "best_iterations", "ratings", "folds", "seed", "train_seconds"});
    CHECK(report["ratings"] == data.train.size());
    CHECK(report["folds"] == 4);
    CHECK(report["seed"] == 9);
    CHECK(report["train_seconds"].get<double>() > 0);
    for (const char* key : {"rmse", "mae"}) {
      CAPTURE(key);
      const Json& figures = report[key];
      CHECK(keys_of(figures) == std::set<std::string>{"mean", "standard_deviation", "folds"});
      REQUIRE(figures["folds"].size() == 4);
      CHECK(figures["mean"].get<double>() == doctest::Approx(mean(figures["folds"])).epsilon(1e-12));
      CHECK(figures["standard_deviation"].get<double>() == doctest::Approx(deviation(figures["folds"])).epsilon(1e-9));
    }
    // No error is larger in the mean than in the root of the mean square.
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(report["mae"]["folds"][k].get<double>() < report["rmse"]["folds"][k].get<double>());
    }
    if (more.empty()) {
      CHECK(report["best_iterations"].is_null());
    } else {
      REQUIRE(report["best_iterations"].size() == 4);
      for (const Json& best : report["best_iterations"]) CHECK(best.get<int>() >= 0);
    }
    const Words lines = lines_of(data.done(words).out);
    REQUIRE(lines.size() == 7);
    const auto row = [&](const std::string& name, const Json& rmse, const Json& mae) {
      return fmt::format("{:<15} {:>8.4f} {:>8.4f}", name, rmse.get<double>(), mae.get<double>());
    };
    CHECK(lines[0] == fmt::format("{:<15} {:>8} {:>8}", "fold", "RMSE", "MAE"));
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(lines[k + 1] == row(std::to_string(k + 1), report["rmse"]["folds"][k], report["mae"]["folds"][k]));
    }
    CHECK(lines[5] == row("mean", report["rmse"]["mean"], report["mae"]["mean"]));
    CHECK(lines[6] == row("deviation", report["rmse"]["standard_deviation"], report["mae"]["standard_deviation"]));
  }
}

// A command's words after the program's name.
Words arguments_of(const std::string& command) {
  Words words = fields_of(command, ' ').at(0);
  words.erase(words.begin());
  return words;
}

// The log's lines after the first.
std::vector<Json> log_of(const Rated& data) {
  std::vector<Json> lines;
  for (const std::string& line : lines_of(read_bytes(data.folder / "log"))) lines.push_back(Json::parse(line));
  CHECK(lines.at(0).contains("search"));
  lines.erase(lines.begin());
  return lines;
}

TEST_CASE("tune: the log's figures, iterations by rung, and the report of the best") {
  const Rated data;
  for (const std::string metric : {"rmse", "mae"}) {
    for (const Words& measured : std::vector<Words>{{"--valid", "v.csv"}, {"--folds", "3"}, {"--holdout", "0.3"}}) {
      CAPTURE(measured);
      std::filesystem::remove(data.folder / "log");
      const Words words = with({"tune",     "t.csv", "--rank", "1..9",        "--lambda", "0.01..30:log", "--trials",
                                "9",        "-t",    "18",     "--tolerance", "0",        "--seed",       "4",
                                "--metric", metric,  "--log",  "log",         "--quiet",  "-o",           "m"},
                               measured);
      const Json report = Json::parse(data.done(with(words, {"--json"})).out);
      CHECK(keys_of(report) == std::set<std::string>{"metric", "rmse", "mae", "point", "trial", "rung", "command",
                                                     "trials", "trainings", "seconds", "interrupted"});
      const std::vector<Json> log = log_of(data);
      CHECK(report["metric"] == metric);
      CHECK(report["trials"] == 9);
      // Nine points, the best three of them, the best of these.
      CHECK(report["trainings"] == 13);
      CHECK(report["interrupted"] == false);
      CHECK(report["seconds"].get<double>() > 0);
      REQUIRE(log.size() == 13);
      int by_rung[3] = {};
      const Json* best = nullptr;
      for (const Json& line : log) {
        CAPTURE(line.dump());
        const int rung = line["rung"];
        REQUIRE((rung >= 0 && rung < 3));
        ++by_rung[rung];
        const int iterations = rung == 0 ? 2 : rung == 1 ? 6 : 18;
        CHECK(line["status"] == "done");
        CHECK(line["iterations"] == iterations);
        CHECK(line["seconds"].get<double>() >= 0);
        const std::string options =
            fmt::format("--rank {} --lambda {}", line["point"]["rank"].dump(), line["point"]["lambda"].dump());
        check_has(line["options"], {options});
        check_has(line["command"],
                  {measured[0] == "--folds" ? "odot cv t.csv --folds 3" : "odot train t.csv " + measured[0], options,
                   fmt::format("--iterations {} --seed 4", iterations)});
        CHECK(line.contains("best_iteration") == false);
        CHECK(line.contains("folds") == (measured[0] == "--folds"));
        if (line.contains("folds")) {
          for (const char* key : {"rmse", "mae"}) {
            REQUIRE(line["folds"][key].size() == 3);
            CHECK(line[key].get<double>() == doctest::Approx(mean(line["folds"][key])).epsilon(1e-12));
          }
        }
        if (!best || line[metric].get<double>() < (*best)[metric].get<double>()) best = &line;
      }
      CHECK(by_rung[0] == 9);
      CHECK(by_rung[1] == 3);
      CHECK(by_rung[2] == 1);
      for (const char* key : {"rmse", "mae", "point", "trial", "rung", "command"}) {
        CAPTURE(key);
        CHECK(report[key] == (*best)[key]);
      }
      // The command says the same, and the model is of all ratings with the same options.
      const Json again = Json::parse(data.done(with(arguments_of((*best)["command"]), {"--json", "--quiet"})).out);
      const bool folds = measured[0] == "--folds";
      CHECK((folds ? again["rmse"]["mean"] : again["valid_rmse"]) == report["rmse"]);
      CHECK((folds ? again["mae"]["mean"] : again["valid_mae"]) == report["mae"]);
      const auto settings = settings_of(data, "m");
      CHECK(settings.at("rank") == report["point"]["rank"].dump());
      CHECK(settings.at("iterations") == fmt::format("{}", (*best)["iterations"].get<int>()));
      CHECK(!settings.contains("holdout"));
      std::filesystem::remove(data.folder / "log");
      check_has(data.done(words).out,
                {"search          9 points, 13 trainings, ",
                 fmt::format("held-out RMSE   {:.4f}, MAE {:.4f}\n", report["rmse"].get<double>(),
                             report["mae"].get<double>()),
                 "command         " + report["command"].get<std::string>() + "\n", "written to      m\n"});
    }
  }
}

TEST_CASE("tune with early stopping logs the best iterations, and its model is of so many") {
  const Rated data;
  const Words words{"tune",    "t.csv",  "--rank",       "2,3,4", "--lambda",    "0.01",  "--trials",    "3",
                    "-t",      "60",     "--early-stop", "2",     "--valid",     "v.csv", "--log",       "log",
                    "--quiet", "--json", "-o",           "m",     "--tolerance", "0",     "--no-halving"};
  const Json report = Json::parse(data.done(words).out);
  int best = -1;
  for (const Json& line : log_of(data)) {
    CHECK(line["rung"] == 0);
    CHECK(line["iterations"] == line["best_iteration"].get<int>() + 2);
    const Json again = Json::parse(data.done(with(arguments_of(line["command"]), {"--json", "--quiet"})).out);
    CHECK(again["best_iteration"] == line["best_iteration"]);
    CHECK(again["iterations"] == line["iterations"]);
    CHECK(again["valid_rmse"] == line["rmse"]);
    CHECK(again["valid_mae"] == line["mae"]);
    if (line["trial"] == report["trial"]) best = line["best_iteration"];
  }
  CHECK(settings_of(data, "m").at("iterations") == fmt::format("{}", best));
}

TEST_CASE("tune: a log is gone on with by the same search only, whatever else is different") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  write_bytes(folder / "v", "1,1,3\n2,2,4\n");
  const auto search = [&](const Words& more) {
    return run(folder, with({"tune", "r", "--log", "log", "--trials", "2", "-q"}, more));
  };
  REQUIRE(search({"--lambda", "0.1,10", "--rank", "2", "-t", "9"}).code == 0);
  const std::string log = read_bytes(folder / "log");
  CHECK(search({"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--resume"}).code == 0);
  for (const Words& other : std::vector<Words>{{"--lambda", "0.1,20", "--rank", "2", "-t", "9"},
                                               {"--lambda", "0.1,10", "--rank", "3", "-t", "9"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "18"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--no-biases"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--seed", "2"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--sampler", "random"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--metric", "mae"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--no-halving"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--holdout", "0.2"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--folds", "2"},
                                               {"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--valid", "v"}}) {
    CAPTURE(other);
    const Outcome outcome = search(with(other, {"--resume"}));
    CHECK(outcome.code == 1);
    check_has(outcome.err, {"log:1: found the log of another search"});
    CHECK(read_bytes(folder / "log") == log);
  }
  // Where the held-out ratings are given, the seed decides nothing but the points.
  std::filesystem::remove(folder / "log");
  const Words measured{"--lambda", "0.1,10", "--rank", "2", "-t", "9", "--valid", "v"};
  REQUIRE(search(measured).code == 0);
  CHECK(search(with(measured, {"--seed", "2", "--resume"})).code == 1);
}

TEST_CASE("cv: a fold that diverges ends it, and says in which fold and what may help") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, {"cv", "r", "--folds", "3", "--optimizer", "gd", "--line-search", "constant",
                                       "--step", "1e6", "-q", "--json"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.empty());
  check_has(outcome.err, {"training diverged in fold 1 of 3", "--line-search exact, or a smaller --step"});
}

TEST_CASE("a log that is gone on with has either error") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words search{"tune", "r",        "--rank", "2,4,8", "--lambda", "0.1..20:log", "--trials",
                     "6",    "--metric", "mae",    "--log", "log",      "--json",      "-q"};
  const Outcome whole = run(folder, search);
  REQUIRE(whole.code == 0);
  const Outcome again = run(folder, with(search, {"--resume"}));
  REQUIRE(again.code == 0);
  const auto untimed = [](const Outcome& outcome) {
    Json report = Json::parse(outcome.out);
    report.erase("seconds");
    return report;
  };
  CHECK(untimed(again) == untimed(whole));
}

}  // namespace
}  // namespace odot::test
