// odot tune: commands that reproduce, logs that resume, what is refused.
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>

#include "odot/ratings/split.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

const Words kSearch{"tune",   "r",        "--rank", "2..8:log2", "--lambda", "0.1..20:log", "--biases",
                    "on,off", "--trials", "15",     "--log",     "log",      "--json",      "--quiet"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words words_of(const std::string& command) {
  Words words;
  for (std::size_t at = 0; at < command.size();) {
    const std::size_t end = std::min(command.find(' ', at), command.size());
    words.push_back(command.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Lines of a log without the seconds, which no two runs share, and the checksums, which have them in them.
Words timeless(const std::string& log) {
  Words lines;
  for (const std::string& line : lines_of(log)) {
    Json json = Json::parse(line);
    for (const char* each : {"seconds", "checksum"}) json.erase(each);
    lines.push_back(json.dump());
  }
  return lines;
}

// The report's command, run by itself.
Json run_command(const TemporaryFolder& folder, const Json& report) {
  Words words = words_of(report["command"].get<std::string>());
  REQUIRE(words.front() == "odot");
  words.erase(words.begin());
  const Outcome outcome = run(folder, with(words, {"--json", "--quiet"}));
  REQUIRE(outcome.code == 0);
  return Json::parse(outcome.out);
}

TEST_CASE("the command that tune prints gives its figure to the digit") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const Words& more :
       {Words{}, Words{"--metric", "mae", "--sampler", "random", "--holdout", "0.2", "--seed", "9"}}) {
    std::filesystem::remove(folder / "log");
    const Outcome outcome = run(folder, with(kSearch, more));
    REQUIRE(outcome.code == 0);
    const Json report = Json::parse(outcome.out);
    const Json again = run_command(folder, report);
    CHECK(again["valid_rmse"] == report["rmse"]);
    CHECK(again["valid_mae"] == report["mae"]);
    // It is the lowest in the log.
    const std::string metric = report["metric"];
    double lowest = 1e9;
    for (const std::string& line : lines_of(read_bytes(folder / "log"))) {
      const Json json = Json::parse(line);
      if (json.contains(metric)) lowest = std::min(lowest, json[metric].get<double>());
    }
    CHECK(lowest == report[metric].get<double>());
  }
  const Outcome folds = run(folder, {"tune", "r", "--rank", "1,2,4", "--folds", "3", "--trials", "6", "--json", "-q"});
  REQUIRE(folds.code == 0);
  const Json report = Json::parse(folds.out);
  CHECK(run_command(folder, report)["rmse"]["mean"] == report["rmse"]);
}

TEST_CASE("a search is the same on any number of threads, and goes on where its log ends") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome whole = run(folder, with(kSearch, {"--threads", "1"}));
  REQUIRE(whole.code == 0);
  const std::string log = read_bytes(folder / "log");
  const Words lines = lines_of(log);
  REQUIRE(lines.size() > 16);
  // Cut after some lines, in the middle of the next, as a kill might; no line at all; all lines.
  for (const std::size_t keep : {std::size_t{0}, std::size_t{1}, std::size_t{7}, lines.size()}) {
    std::string part;
    for (std::size_t k = 0; k < keep; ++k) part += lines[k] + "\n";
    if (keep < lines.size()) part += lines[keep].substr(0, 20);
    write_bytes(folder / "log", part);
    const Outcome rest = run(folder, with(kSearch, {"--threads", "3", "--resume"}));
    REQUIRE(rest.code == 0);
    CHECK(timeless(read_bytes(folder / "log")) == timeless(log));
    CHECK(Json::parse(rest.out)["command"] == Json::parse(whole.out)["command"]);
    // What was in the log was not trained again: its lines have their seconds still.
    CHECK(read_bytes(folder / "log").rfind(part.substr(0, part.rfind('\n') + 1), 0) == 0);
  }
  CHECK(run(folder, kSearch).code == 1);  // a log that is there is not overwritten
  const Outcome other = run(folder, with(kSearch, {"--resume", "--seed", "2"}));
  CHECK(other.code == 1);
  check_has(other.err, {"log:1: found the log of another search"});
  CHECK(timeless(read_bytes(folder / "log")) == timeless(log));
}

TEST_CASE("interrupted, a search prints its best; killed, it resumes to what an unbroken one finds") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words endless{"tune",  "r",   "--rank",   "2..8",       "--lambda", "0.1..20:log",
                      "--log", "log", "--trials", "1000000000", "--json",   "-q"};
  const auto ready = [&] { return lines_of(read_bytes(folder / "log")).size() > 5; };
  const Outcome interrupted = run(folder, with(endless, {"-o", "m"}), {.ready = ready, .signals = {SIGINT}});
  CHECK(interrupted.code == 130);
  check_has(interrupted.err, {"interrupted after", "no model is written"});
  CHECK(Json::parse(interrupted.out)["interrupted"] == true);
  CHECK(files_in(folder) == Words{"log", "r"});
  std::filesystem::remove(folder / "log");
  CHECK(run(folder, endless, {.ready = ready, .signals = {SIGKILL}}).signal == SIGKILL);
  Words finite = endless;
  const std::size_t lines = lines_of(read_bytes(folder / "log")).size();
  *std::ranges::find(finite, "1000000000") = std::to_string(lines + 20);
  const Outcome resumed = run(folder, with(finite, {"--resume"}));
  REQUIRE(resumed.code == 0);
  const Words log = timeless(read_bytes(folder / "log"));
  std::filesystem::remove(folder / "log");
  const Outcome unbroken = run(folder, finite);
  CHECK(timeless(read_bytes(folder / "log")) == log);
  CHECK(Json::parse(unbroken.out)["command"] == Json::parse(resumed.out)["command"]);
}

TEST_CASE("a diverging or impossible trial ends itself only") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome =
      run(folder, {"tune", "r", "--optimizer", "gd", "--line-search", "constant", "--step", "1e-4,1e9", "--rank", "2,4",
                   "--trials", "24", "--no-halving", "--log", "log", "--json", "-q"});
  REQUIRE(outcome.code == 0);
  const std::string log = read_bytes(folder / "log");
  check_has(log, {"\"status\":\"done\"", "\"status\":\"diverged\""});
  CHECK(lines_of(log).size() == 25);
  const Outcome mixed = run(folder, {"tune", "r", "--method", "blocks,full", "--optimizer", "newton,adam", "--trials",
                                     "12", "--log", "log2", "--json", "-q"});
  REQUIRE(mixed.code == 0);
  check_has(read_bytes(folder / "log2"), {"\"status\":\"done\"", "\"status\":\"invalid\""});
  const Outcome none = run(folder, {"tune", "r", "--optimizer", "gd", "--line-search", "constant", "--step", "1e9,1e10",
                                    "--trials", "3", "-q"});
  CHECK(none.code == 1);
  check_has(none.err, {"all 3 trainings diverged", "smaller values of --step", "--line-search exact"});
}

TEST_CASE("a space with a mistake is refused before any file is read") {
  const TemporaryFolder folder;
  const std::vector<std::pair<Words, std::string>> cases{
      {{"--rnak", "8..128"}, "did you mean --rank?"},
      {{"--rank", "8..128:lgo"}, "--rank is '8..128:lgo': unknown scale ':lgo'; did you mean :log?"},
      {{"--rank", "128..8"}, "not below the upper bound"},
      {{"--optimizer", "lbfgs,gdd"}, "unknown optimizer 'gdd'"},
      {{"--rank", "0..8"}, "from 1 to 1024"},
      {{"--biases", "on,of"}, "expected on,off"},
      {{"--rank", "16"}, "nothing to search"},
      {{"--rank", "4,8", "--unobserved"}, "unknown option --unobserved"},
      {{"--rank", "4,8", "--seed", "1..4"}, "--seed is '1..4', but cannot be searched: give it one value"},
      {{"--rank", "4,8", "--time-limit", "1,2"}, "--time-limit is '1,2', but cannot be searched"},
      {{"--rank", "4,8", "--resume"}, "--resume needs --log"},
      {{"--rank", "4,8", "--duration", "5x"}, "--duration is '5x'"},
      {{"--rank", "4,8", "--iterations", "3..9"}, "--no-halving"},
      {{"--rank", "4,8", "--valid", "v", "--folds", "3"}, "contradict each other"},
  };
  for (const auto& [words, message] : cases) {
    CAPTURE(message);
    const Outcome outcome = run(folder, with({"tune", "missing"}, words));
    CHECK(outcome.code == 2);
    check_has(outcome.err, {message, "Try `odot tune --help`"});
  }
}

TEST_CASE("ratings that cannot be read leave no log") {
  const TemporaryFolder folder;
  CHECK(run(folder, {"tune", "missing", "--rank", "2,4", "--log", "log"}).code == 1);
  CHECK(files_in(folder).empty());
}

TEST_CASE("a search of networks, whose layers and steps are options like others") {
  const TemporaryFolder folder;
  write_rated_features(folder, 34);
  const Words network{"--method", "mlp", "--users", "users.csv", "--items", "items.csv"};
  const Outcome outcome = run(
      folder, with(with({"tune", "r.csv"}, network),
                   {"--layers", "4/6,3/none", "--step", "0.001..0.05:log", "--batch-size", "16..64", "--output-relu",
                    "on,off", "--trials", "9", "-t", "18", "--log", "log", "-o", "m", "--json", "-q"}));
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(outcome.out);
  const Json again = run_command(folder, report);
  CHECK(again["valid_rmse"] == report["rmse"]);
  CHECK(again["method"] == "mlp");
  std::set<std::string> layers;
  Json best;
  for (const std::string& line : lines_of(read_bytes(folder / "log"))) {
    const Json json = Json::parse(line);
    if (!json.contains("point")) continue;
    CHECK(json["status"] == "done");
    layers.insert(json["point"]["layers"].get<std::string>());
    if (json["rmse"] == report["rmse"]) best = json;
  }
  CHECK(layers == std::set<std::string>{"4", "6,3", "none"});
  // The model is trained as long as the best training was at its best, which early stopping looks for.
  CHECK(best["best_iteration"] == again["best_iteration"]);
  const Json settings = Json::parse(run(folder, {"info", "m", "--json"}).out)["settings"];
  CHECK(settings["iterations"] == best["best_iteration"]);
  CHECK(settings["layers"] == report["point"]["layers"]);

  const Outcome folds =
      run(folder, with(with({"cv", "r.csv", "--folds", "3"}, network), {"--layers", "4", "-t", "5", "--json", "-q"}));
  CAPTURE(folds.err);
  REQUIRE(folds.code == 0);
  const Json cv = Json::parse(folds.out);
  CHECK(cv["rmse"]["folds"].size() == 3);
  CHECK(cv["best_iterations"].size() == 3);
  check_has(run(folder, with(with({"tune", "r.csv"}, network), {"--layers", "4/x"})).err, {"--layers is 'x'"});
  check_has(run(folder, with(with({"tune", "r.csv"}, network), {"--layers", "4//3"})).err, {"a choice is empty"});
}

TEST_CASE("a fold's network measures users of whom it has features but no ratings; train does the same") {
  const TemporaryFolder folder;
  write_rated_features(folder, 30);
  const Words network{"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--layers", "3", "-t", "2"};
  // Folds by hand: the same ratings to train on, the same to measure on.
  const Outcome outcome =
      run(folder, with(with({"cv", "r.csv", "--folds", "2", "--seed", "4"}, network), {"--json", "-q"}));
  REQUIRE(outcome.code == 0);
  const Json cv = Json::parse(outcome.out);
  const Words lines = lines_of(read_bytes(folder / "r.csv"));
  const std::size_t header = std::isdigit(static_cast<unsigned char>(lines[0][0])) != 0 ? 0 : 1;
  const std::vector<std::size_t> numbers = fold_numbers(lines.size() - header, 2, 4);
  for (std::size_t fold = 0; fold < 2; ++fold) {
    std::string train = header > 0 ? lines[0] + "\n" : "";
    std::string test = train;
    for (std::size_t k = 0; k < numbers.size(); ++k) (numbers[k] == fold ? test : train) += lines[k + header] + "\n";
    write_bytes(folder / "train.csv", train);
    write_bytes(folder / "test.csv", test);
    const Outcome one = run(
        folder, with(with({"train", "train.csv", "--valid", "test.csv", "--seed", "4"}, network), {"--json", "-q"}));
    CAPTURE(one.err);
    REQUIRE(one.code == 0);
    CHECK(Json::parse(one.out)["valid_rmse"].get<double>() == doctest::Approx(cv["rmse"]["folds"][fold].get<double>()));
  }
}

TEST_CASE("early stopping in cv and tune keeps the best iterate of each training") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words overfit{"--rank", "8", "--lambda", "0.01", "--tolerance", "0", "-t", "30", "--json", "-q"};
  const Json without = Json::parse(run(folder, with({"cv", "r", "--folds", "3"}, overfit)).out);
  const Json stopped = Json::parse(run(folder, with({"cv", "r", "--folds", "3", "--early-stop", "3"}, overfit)).out);
  CHECK(without["best_iterations"].is_null());
  CHECK(stopped["best_iterations"].size() == 3);
  CHECK(stopped["rmse"]["mean"].get<double>() < without["rmse"]["mean"].get<double>());

  const Outcome outcome =
      run(folder, {"tune", "r", "--rank", "2,4,8", "--lambda", "0.01", "--tolerance", "0", "--early-stop", "2",
                   "--no-halving", "--trials", "5", "-o", "m", "--json", "-q"});
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(outcome.out);
  const Json again = run_command(folder, report);
  CHECK(again["valid_rmse"] == report["rmse"]);
  CHECK(again["best_iteration"] < again["iterations"]);
  const Json settings = Json::parse(run(folder, {"info", "m", "--json"}).out)["settings"];
  CHECK(settings["iterations"] == again["best_iteration"]);
}

TEST_CASE("options from a file are fixed, and the command reads it") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  write_bytes(folder / "c", "lambda = 3\nholdout = 0.3\niterations = 9\nseed = 5\nrank = 6\n");
  const Outcome outcome = run(folder, {"tune", "r", "--config=c", "--rank", "2,3", "--trials", "4", "--json", "-q"});
  CAPTURE(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(outcome.out);
  check_has(report["command"].get<std::string>(), {"--config c", "--holdout 0.3", "--rank ", "--seed 5"});
  const Json again = run_command(folder, report);
  CHECK(again["valid_rmse"] == report["rmse"]);
  CHECK(again["lambda"] == 3);
}

TEST_CASE("interrupted while the model is trained, or without a disk for it, a search still tells what it found") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome full = run(folder, {"tune", "r", "--rank", "1,2", "--trials", "2", "-o", "/dev/full", "-q"});
  CHECK(full.code == 1);
  check_has(full.out, {"held-out RMSE", "command         odot train r"});
  CHECK(full.out.find("written to") == std::string::npos);
  check_has(full.err, {"No space left on device"});

  // One training of a tenth of a second or more, then the model's.
  const Words slow{"tune", "r",           "--rank", "99,100", "--trials", "1",     "--no-halving", "-t",
                   "4000", "--tolerance", "0",      "-o",     "m",        "--log", "log"};
  const Outcome stopped = run(
      folder, slow, {.ready = [&] { return lines_of(read_bytes(folder / "log")).size() > 1; }, .signals = {SIGINT}});
  CHECK(stopped.code == 130);
  check_has(stopped.out, {"held-out RMSE", "command         odot train r"});
  check_has(stopped.err, {"no model is written"});
  CHECK(!std::filesystem::exists(folder / "m"));
}

TEST_CASE("a config of tune is one that the command can read, and is read once") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const std::string name : {"trials", "metric", "log", "resume", "folds", "output"}) {
    write_bytes(folder / "c", name + " = 2\n");
    const Outcome outcome = run(folder, {"tune", "r", "--rank", "2,3", "--config", "c"});
    CHECK(outcome.code == 2);
    check_has(outcome.err, {"c: unknown option", name});
  }
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const Outcome pipe = run(folder, {"tune", "r", "--rank", "2,3", "--config", "pipe"});
  CHECK(pipe.code == 2);
  check_has(pipe.err, {"--config pipe must be a regular file"});
  CHECK(run(folder, {"tune", "r", "--rank", "8..", "--help"}).code == 0);
}

TEST_CASE("points that come again are not trained again") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  REQUIRE(run(folder,
              {"tune", "r", "--method", "blocks", "--rank", "1,2", "--trials", "12", "-t", "3", "--log", "log", "-q"})
              .code == 0);
  std::map<std::string, std::set<std::string>> figures;
  std::map<std::string, int> trained;
  for (const std::string& line : lines_of(read_bytes(folder / "log"))) {
    const Json json = Json::parse(line);
    if (!json.contains("command")) continue;
    const auto command = json["command"].get<std::string>();
    figures[command].insert(json["rmse"].dump());
    trained[command] += json["seconds"] != 0;
  }
  CHECK(figures.size() == 3);  // two ranks for one iteration, the better one for three
  for (const auto& [command, values] : figures) CHECK(values.size() == 1);
  for (const auto& [command, times] : trained) CHECK(times == 1);
}

TEST_CASE("what is no log is left alone") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  for (const std::string text : {"my only note", "{\"search\":{\"ratings\":[\"other", "my\nnotes\n"}) {
    write_bytes(folder / "log", text);
    const Outcome outcome = run(folder, with(kSearch, {"--resume"}));
    CHECK(outcome.code == 1);
    check_has(outcome.err, {"log:", "expected"});
    CHECK(read_bytes(folder / "log") == text);
  }
}

TEST_CASE("a log of other ratings or another config under the same name is not gone on with") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  write_bytes(folder / "c", "tolerance = 0.01\n");
  REQUIRE(run(folder, with(kSearch, {"--config", "c"})).code == 0);
  CHECK(run(folder, with(kSearch, {"--config", "c", "--resume"})).code == 0);
  write_bytes(folder / "c", "tolerance = 0.1\n");
  CHECK(run(folder, with(kSearch, {"--config", "c", "--resume"})).code == 1);
  std::filesystem::remove(folder / "log");
  REQUIRE(run(folder, kSearch).code == 0);
  const std::string log = read_bytes(folder / "log");
  std::string other = small_ratings();
  const std::size_t last = other.find_last_of("12345");
  other[last] = other[last] == '1' ? '2' : '1';
  write_bytes(folder / "r", other);
  const Outcome outcome = run(folder, with(kSearch, {"--resume"}));
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"log:1: found the log of another search", "needs the same ratings"});
  CHECK(read_bytes(folder / "log") == log);
}

TEST_CASE("-o writes the model that the best options give on all ratings") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, with(kSearch, {"-o", "m"}));
  REQUIRE(outcome.code == 0);
  Words words = words_of(Json::parse(outcome.out)["command"].get<std::string>());
  words.erase(words.begin());
  const auto holdout = std::ranges::find(words, "--holdout");
  words.erase(holdout, holdout + 2);
  REQUIRE(run(folder, with(words, {"-o", "by-hand", "-q"})).code == 0);
  CHECK(read_bytes(folder / "m") == read_bytes(folder / "by-hand"));
}

}  // namespace
}  // namespace odot::test
