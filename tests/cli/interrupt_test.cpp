// Signals and divergence: what is kept, what is said, what the exit code is.
#include <algorithm>
#include <csignal>

#include "program.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

// A training that would not end by itself.
const Words kEndless{"train",        "r",          "--optimizer", "gd", "--line-search", "constant", "--step", "1e-9",
                     "--iterations", "2000000000", "--tolerance", "0",  "--trace",       "trace",    "--json"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Signals once training has made a few iterations.
Conditions in_training(const TemporaryFolder& folder, const std::vector<int>& signals) {
  const auto ready = [&] {
    const std::string trace = read_bytes(folder / "trace");
    return std::count(trace.begin(), trace.end(), '\n') > 5;
  };
  return {.ready = ready, .signals = signals};
}

TEST_CASE("an interrupt ends after the current iteration with the model saved and the report printed") {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(number);
    const TemporaryFolder folder;
    write_bytes(folder / "r", small_ratings());
    const Outcome outcome = run(folder, with(kEndless, {"-o", "m"}), in_training(folder, {number}));
    CHECK(outcome.code == 130);
    check_has(outcome.err, {"odot: interrupted after", "the model so far is saved"});
    const Json report = Json::parse(outcome.out);
    CHECK(report["stop_reason"] == "interrupted");
    CHECK(report["iterations"] == lines_of(read_bytes(folder / "trace")).size() - 1);
    CHECK(files_in(folder) == Words{"m", "r", "trace"});
    const Outcome evaluated = run(folder, {"evaluate", "m", "r", "--json"});
    REQUIRE(evaluated.code == 0);
    CHECK(Json::parse(evaluated.out)["rmse"].get<double>() ==
          doctest::Approx(report["train_rmse"].get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("an interrupt without -o prints the report and says that nothing is saved") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, kEndless, in_training(folder, {SIGINT}));
  CHECK(outcome.code == 130);
  check_has(outcome.err, {"interrupted after", "nothing is saved"});
  CHECK(Json::parse(outcome.out)["stop_reason"] == "interrupted");
  CHECK(files_in(folder) == Words{"r", "trace"});
}

TEST_CASE("a second signal ends the program at once, without a model and without a temporary file") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, with(kEndless, {"-o", "m"}), in_training(folder, {SIGINT, SIGTERM}));
  CHECK(outcome.code == -1);
  CHECK((outcome.signal == SIGINT || outcome.signal == SIGTERM));
  CHECK(outcome.out == "");
  CHECK(files_in(folder) == Words{"r", "trace"});
}

TEST_CASE("a signal while reading ends the program at once and leaves nothing behind") {
  for (const Words& words : std::vector<Words>{{"train", "-", "-o", "out"},
                                               {"predict", "m", "-", "-o", "out"},
                                               {"split", "-", "--train", "out", "--test", "other"}}) {
    CAPTURE(words);
    const TemporaryFolder folder;
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "1"}).code == 0);
    const Words before = files_in(folder);
    const std::size_t outputs = words[0] == "split" ? 2 : 1;
    const auto ready = [&] { return files_in(folder).size() == before.size() + outputs; };
    const Outcome outcome = run(folder, words, {.keep_input_open = true, .ready = ready, .signals = {SIGINT}});
    CHECK(outcome.signal == SIGINT);
    CHECK(files_in(folder) == before);
  }
}

TEST_CASE("interrupted, cross-validation says in which fold it was and prints nothing") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const auto ready = [&] { return read_bytes(folder / "said").find("fold 1 of 400") != std::string::npos; };
  const Outcome outcome = run(folder, {"cv", "r", "--folds", "400", "--method", "full", "-t", "200", "--json"},
                              {.err_file = folder / "said", .ready = ready, .signals = {SIGINT}});
  CHECK(outcome.code == 130);
  CHECK(outcome.out == "");
  check_has(read_bytes(folder / "said"), {"odot: interrupted in fold ", " of 400\n"});
  CHECK(files_in(folder) == Words{"r", "said"});
}

TEST_CASE("a diverging run stops, names the remedy and writes no model") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words diverging{"train", "r", "--optimizer", "gd", "--line-search", "constant", "--step", "1e3", "-o", "m"};
  const Outcome outcome = run(folder, diverging);
  CHECK(outcome.code == 1);
  CHECK(outcome.out == "");
  check_has(outcome.err, {"odot: training diverged after", "smaller --step", "--line-search exact"});
  CHECK(files_in(folder) == Words{"r"});

  const Outcome kept = run(folder, with(diverging, {"--keep-diverged", "--json"}));
  CHECK(kept.code == 1);
  CHECK(Json::parse(kept.out)["stop_reason"] == "diverged");
  CHECK(Json::parse(kept.out)["train_rmse"].is_number());
  CHECK(files_in(folder) == Words{"m", "r"});
  CHECK(run(folder, {"evaluate", "m", "r"}).code == 0);
}

}  // namespace
}  // namespace odot::test
