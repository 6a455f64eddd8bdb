// A run that is cut anywhere and resumed ends as the unbroken one: every method, optimizer and line search, and every
// reason to stop.
#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

const Words kOptimizers{"gd", "adgd", "heavy-ball", "nesterov", "adagrad", "rmsprop", "adam", "bfgs", "lbfgs"};
const Words kLineSearches{"constant", "decreasing", "lipschitz", "armijo", "weak-wolfe", "strong-wolfe", "exact"};

const Words kFactors{"train", "t.csv", "--valid", "v.csv", "--rank", "2", "--threads", "1"};
const Words kNetwork{"train",     "t.csv",   "--valid",   "v.csv",    "--method", "mlp",       "--users",
                     "users.csv", "--items", "items.csv", "--layers", "4",        "--threads", "1"};

Words iterations(int count) { return {"-t", fmt::format("{}", count)}; }

// What a run leaves: its report, trace and model.
struct Result {
  Json report;
  std::vector<Json> trace;
  std::string model;
  bool operator==(const Result&) const = default;
};

Result result_of(const Rated& data, const Words& words, int code = 0) {
  const Json report = report_of(data, with(words, {"-o", "m", "--trace", "t"}), code);
  return {report, trace_of(data, "t"), read_bytes(data.folder / "m")};
}

// The run cut after some iterations and resumed is the run. Each part is told the same, but for the iterations.
void check_resumed(const Rated& data, const Words& words, int cut, const Words& end, int code = 0) {
  CAPTURE(words);
  CAPTURE(end);
  const Result whole = result_of(data, with(words, end), code);
  REQUIRE(whole.trace.size() > static_cast<std::size_t>(cut));
  std::filesystem::remove(data.folder / "t");
  report_of(data, with(with(words, iterations(cut)), {"--trace", "t", "--checkpoint", "ck"}));
  const Result resumed = result_of(data, with(with(words, end), {"--resume", "ck"}), code);
  CHECK(resumed.report == whole.report);
  CHECK((resumed.trace == whole.trace));
  CHECK((resumed.model == whole.model));
}

TEST_CASE("every optimizer with every line search goes on where it was") {
  const Rated data;
  for (const std::string& optimizer : kOptimizers) {
    for (const std::string& line_search : kLineSearches) {
      // With so large a λ none of them diverges.
      const Words words =
          with(kFactors, {"--optimizer", optimizer, "--line-search", line_search, "--tolerance", "0", "--lambda", "8"});
      check_resumed(data, words, 3, iterations(8));
    }
  }
}

TEST_CASE("the table of optimizers and line searches is the program's") {
  const Rated data;
  const auto known = [&](const std::string& option) {
    const std::string message = run(data.folder, {"train", "t.csv", "--method", "full", option, "x"}).err;
    const std::size_t at = message.find("known are ");
    REQUIRE(at != std::string::npos);
    std::set<std::string> names;
    const Words words = fields_of(message.substr(at + 10, message.find('\n') - at - 10), ' ').at(0);
    for (const std::string& word : words) {
      names.insert(word.substr(0, word.find(',')));
    }
    return names;
  };
  CHECK(known("--optimizer") == std::set<std::string>(kOptimizers.begin(), kOptimizers.end()));
  CHECK(known("--line-search") == std::set<std::string>(kLineSearches.begin(), kLineSearches.end()));
}

TEST_CASE(
    "sweeps of blocks, nnmf and variational and epochs of a network go on where they were, with early stopping and "
    "without") {
  const Rated data;
  const std::vector<Words> sweeping{{},
                                    {"--method", "nnmf"},
                                    {"--method", "variational", "--svdpp", "both"},
                                    {"--method", "variational"},
                                    {"--block-rows", "5"},
                                    {"--method", "blocks", "--optimizer", "lbfgs"},
                                    {"--method", "blocks", "--optimizer", "adam", "--line-search", "armijo"},
                                    {"--lambda", "0", "--method", "full"}};
  const std::vector<Words> networks{{"--batch-size", "32"},
                                    {"--batch-size", "32", "--line-search", "decreasing", "--optimizer", "rmsprop"},
                                    {"--batch-size", "0"},
                                    {"--batch-size", "0", "--line-search", "armijo", "--optimizer", "lbfgs"}};
  for (const char* patience : {"0", "30"}) {
    for (const Words& more : sweeping) {
      check_resumed(data, with(with(kFactors, more), {"--tolerance", "0", "--early-stop", patience}), 2, iterations(6));
    }
    for (const Words& more : networks) {
      check_resumed(data, with(with(kNetwork, more), {"--early-stop", patience}), 2, iterations(5));
    }
  }
}

TEST_CASE("cut at the start and at the end") {
  const Rated data;
  for (const int cut : {0, 4}) {
    check_resumed(data, with(kFactors, {"--method", "full", "--early-stop", "9"}), cut, iterations(4));
    check_resumed(data, kFactors, cut, iterations(4));
    check_resumed(data, with(kNetwork, {"--batch-size", "32"}), cut, iterations(4));
  }
}

struct Ending {
  std::string reason;
  Words words;
  int code = 0;
};

TEST_CASE("a resumed run ends for every reason as the unbroken one, and says the same") {
  const Rated data;
  const std::vector<Ending> endings{
      {"tolerance", {}},
      {"tolerance", {"--method", "blocks", "--tolerance", "0.01"}},
      {"tolerance", {"--method", "full", "--tolerance", "0.01"}},
      {"tolerance", {"--method", "nnmf", "--tolerance", "0.01"}},
      {"tolerance", {"--method", "variational", "--tolerance", "0.01"}},
      {"early_stop", {"--method", "variational", "--svdpp", "both", "--tolerance", "0", "--early-stop", "3"}},
      {"gradient", {"--method", "full", "--tolerance", "0", "--gradient-tolerance", "0.1"}},
      {"early_stop", {"--tolerance", "0", "--early-stop", "3", "--lambda", "0.01"}},
      {"early_stop", {"--optimizer", "lbfgs", "--tolerance", "0", "--early-stop", "3", "--lambda", "4"}},
      {"early_stop", {"--method", "nnmf", "--tolerance", "0", "--early-stop", "3", "--lambda", "0"}},
      {"diverged",
       {"--optimizer", "gd", "--line-search", "constant", "--step", "0.02", "--tolerance", "0", "--keep-diverged"},
       1},
      {"line_search",
       {"--optimizer", "gd", "--line-search", "armijo", "--max-trials", "1", "--initial-step", "0.02", "--backtrack",
        "0.9", "--tolerance", "0"}},
  };
  for (const Ending& ending : endings) {
    CAPTURE(ending.reason);
    const Words words = with(kFactors, ending.words);
    check_resumed(data, words, 2, iterations(20000), ending.code);
    CHECK(report_of(data, with(words, iterations(20000)), ending.code)["stop_reason"] == ending.reason);
  }
  const Words network = with(kNetwork, {"--batch-size", "16", "--step", "0.1", "--early-stop", "2"});
  check_resumed(data, network, 1, iterations(500));
  CHECK(report_of(data, with(network, iterations(500)))["stop_reason"] == "early_stop");
}

TEST_CASE("a time limit counts what was before") {
  const Rated data;
  for (const Words& words : {kFactors, with(kFactors, {"--method", "full"}), with(kFactors, {"--method", "nnmf"}),
                             with(kFactors, {"--method", "variational"}), with(kNetwork, {"--batch-size", "32"})}) {
    CAPTURE(words);
    const Words limited = with(words, {"--time-limit", "1e-9", "-t", "50"});
    CHECK(report_of(data, limited)["stop_reason"] == "time");
    CHECK(report_of(data, limited)["iterations"] == 0);
    report_of(data, with(with(words, iterations(3)), {"--checkpoint", "ck", "-o", "m3"}));
    const Json resumed = report_of(data, with(limited, {"--resume", "ck", "-o", "m"}));
    CHECK(resumed["stop_reason"] == "time");
    CHECK(resumed["iterations"] == 3);
    CHECK((tensors_of(read_bytes(data.folder / "m")) == tensors_of(read_bytes(data.folder / "m3"))));
  }
}

TEST_CASE("gibbs goes on with the same samples only: which are kept depends on how many there are") {
  const Rated data;
  const Words words = with(kFactors, {"--method", "gibbs", "--burn-in", "1", "--keep", "2"});
  report_of(data, with(words, {"-t", "5", "--checkpoint", "ck"}));
  CHECK(report_of(data, with(words, {"-t", "5", "--resume", "ck"}))["iterations"] == 5);
  const Outcome outcome = run(data.folder, with(words, {"-t", "6", "--resume", "ck"}));
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"samples was 4"});
}

}  // namespace
}  // namespace odot::test
