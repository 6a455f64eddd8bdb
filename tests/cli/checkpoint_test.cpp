// Checkpoints and --resume, --init-model and --early-stop as a user meets them; and kill -9 at any moment.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <random>

#include "program.hpp"

namespace odot::test {
namespace {

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The report, less what the clock and the machine decide.
Json report_of(const Outcome& outcome) {
  REQUIRE_MESSAGE(outcome.code == 0, outcome.err);
  Json report = Json::parse(outcome.out);
  report.erase("seconds");
  report.erase("peak_memory_bytes");
  return report;
}

std::vector<Json> trace_of(const std::string& text) {
  std::vector<Json> lines;
  for (const std::string& line : lines_of(text)) {
    lines.push_back(Json::parse(line));
    lines.back().erase("seconds");
  }
  return lines;
}

// How many iterations, sweeps or epochs a checkpoint has behind it.
int iterations_in(const std::string& checkpoint) {
  std::uint64_t length = 0;
  std::memcpy(&length, checkpoint.data(), sizeof length);
  const Json metadata = Json::parse(checkpoint.substr(sizeof length, length))["__metadata__"];
  for (const char* key : {"state.epoch.epochs", "state.sweeps", "state.counts.iterations"}) {
    if (metadata.contains(key)) return std::stoi(metadata[key].get<std::string>());
  }
  FAIL("no count of iterations");
  return 0;
}

// The iteration of the last whole line of a trace.
int last_traced(const std::string& trace) {
  const std::size_t end = trace.rfind('\n');
  if (end == std::string::npos) return 0;
  return Json::parse(lines_of(trace.substr(0, end + 1)).back())["iteration"].get<int>();
}

struct Killed {
  Words words;  // a training that takes a second or more with its checkpoints
  int interval;
};

TEST_CASE("a run that is killed again and again loses at most an interval each time and ends as an unbroken one") {
  constexpr int kMostStarts = 200;
  std::mt19937 generator(7);
  std::uniform_int_distribution<int> pause(20, 150);
  for (const Killed& killed : std::vector<Killed>{
           {{"--optimizer", "lbfgs", "--line-search", "strong-wolfe", "-t", "3000", "--early-stop", "3000"}, 10},
           {{"--method", "blocks", "-t", "1500"}, 3},
           {{"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--early-stop", "800", "--layers", "8",
             "--batch-size", "32", "-t", "800"},
            2}}) {
    CAPTURE(killed.words);
    const TemporaryFolder folder;
    write_rated_features(folder, 31);
    Words words = with({"train", "r.csv", "--holdout", "0.2", "--json", "--quiet", "--threads", "1"}, killed.words);
    if (killed.words[1] != "mlp") words = with(words, {"--tolerance", "0"});
    const Json unbroken = report_of(run(folder, with(words, {"-o", "whole", "--trace", "whole.jsonl"})));
    words = with(words, {"-o", "m", "--trace", "t", "--checkpoint", "ck", "--checkpoint-every",
                         fmt::format("{}", killed.interval)});
    int kills = 0;
    int starts = 0;
    Outcome outcome;
    do {
      REQUIRE(++starts <= kMostStarts);
      const bool resumes = std::filesystem::exists(folder / "ck");
      const auto begin = std::chrono::steady_clock::now();
      // Longer and longer, so that a slow machine comes to an end.
      const std::chrono::milliseconds life(pause(generator) + 3 * starts);
      outcome = run(folder, resumes ? with(words, {"--resume", "ck"}) : words,
                    {.ready = [&] { return std::chrono::steady_clock::now() - begin >= life; }, .signals = {SIGKILL}});
      if (outcome.signal != SIGKILL) continue;
      ++kills;
      // Killed between writing the model and its end, it has written all of it.
      if (std::filesystem::exists(folder / "m")) CHECK((read_bytes(folder / "m") == read_bytes(folder / "whole")));
      if (std::filesystem::exists(folder / "ck") && std::filesystem::exists(folder / "t")) {
        const int lost = last_traced(read_bytes(folder / "t")) - iterations_in(read_bytes(folder / "ck"));
        CHECK(lost <= killed.interval);
      }
    } while (outcome.signal == SIGKILL);
    MESSAGE(kills << " kills");
    CHECK(kills >= 1);
    CHECK(report_of(outcome) == unbroken);
    CHECK((read_bytes(folder / "m") == read_bytes(folder / "whole")));
    CHECK((trace_of(read_bytes(folder / "t")) == trace_of(read_bytes(folder / "whole.jsonl"))));
  }
}

TEST_CASE("an interrupted run leaves a checkpoint from which it goes on") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words words{"train",        "r",  "--optimizer",        "adam",    "--tolerance", "0", "--json",
                    "--checkpoint", "ck", "--checkpoint-every", "1000000", "--trace",     "t"};
  const auto ready = [&] {
    return std::filesystem::exists(folder / "t") && lines_of(read_bytes(folder / "t")).size() > 3;
  };
  const Outcome stopped = run(folder, with(words, {"-t", "2000000000"}), {.ready = ready, .signals = {SIGINT}});
  CHECK(stopped.code == 130);
  check_has(stopped.err, {"interrupted after", "no model is saved; --resume ck goes on"});
  const int done = Json::parse(stopped.out)["iterations"].get<int>();
  CHECK(iterations_in(read_bytes(folder / "ck")) == done);
  CHECK(files_in(folder) == Words{"ck", "r", "t"});
  const std::string more = fmt::format("{}", done + 20);
  const Json resumed = report_of(run(folder, with(words, {"-t", more, "--resume", "ck", "-o", "m"})));
  CHECK(lines_of(read_bytes(folder / "t")).size() == static_cast<std::size_t>(done) + 21);
  Words afresh = words;
  afresh.resize(7);
  const Json whole = report_of(run(folder, with(afresh, {"-t", more, "-o", "whole"})));
  CHECK(resumed == whole);
  CHECK((read_bytes(folder / "m") == read_bytes(folder / "whole")));
}

TEST_CASE("a full disk under a checkpoint is told, and training goes on") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Outcome outcome = run(folder, {"train", "r", "-t", "2", "-o", "m", "--checkpoint", "/dev/full", "--quiet"});
  CHECK(outcome.code == 0);
  check_has(outcome.err, {"odot: warning: cannot write /dev/full: No space left on device; training goes on"});
  CHECK(files_in(folder) == Words{"m", "r"});
}

TEST_CASE("wrong usage of checkpoints and models to start from") {
  const TemporaryFolder folder;
  write_rated_features(folder, 31);
  REQUIRE(run(folder, {"train", "r.csv", "-k", "3", "-t", "2", "-o", "m", "--checkpoint", "ck", "-q"}).code == 0);
  REQUIRE(run(folder, {"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t", "1",
                       "-o", "network", "-q"})
              .code == 0);
  const Words before = files_in(folder);
  const auto refused = [&](int code, const Words& more, const Words& parts) {
    CAPTURE(more);
    const Outcome outcome = run(folder, with({"train", "r.csv", "-o", "out"}, more));
    CHECK(outcome.code == code);
    CHECK(outcome.out.empty());
    check_has(outcome.err, parts);
    CHECK(files_in(folder) == before);
  };
  refused(2, {"--checkpoint-every", "10"}, {"--checkpoint-every is of no use without --checkpoint"});
  for (const char* wrong : {"0", "-1", "1.5", "0s", "ten", "s", "5y", "inf", "1e20"}) {
    refused(2, {"--checkpoint", "c", "--checkpoint-every", wrong}, {"--checkpoint-every is '", wrong, "30s"});
  }
  refused(2, {"--checkpoint", "-"}, {"--checkpoint needs a file"});
  refused(2, {"--checkpoint", "r.csv"}, {"--checkpoint r.csv would overwrite the input r.csv"});
  refused(2, {"--checkpoint", "out"}, {"the same file"});
  refused(2, {"--resume", "out"}, {"-o out would overwrite the input out"});
  refused(1, {"--checkpoint", "no/where"}, {"cannot write no/where", "does the folder exist?"});
  refused(1, {"--resume", "nowhere"}, {"cannot load the checkpoint nowhere: there is no such file"});
  refused(1, {"--resume", "r.csv"}, {"cannot load the checkpoint r.csv: it is no checkpoint"});
  refused(1, {"--resume", "m"}, {"cannot load the checkpoint m: it is a model"});
  refused(1, {"--resume", "ck"}, {"it is of another run: rank was 3 there, and is 9 here"});
  refused(1, {"--resume", "ck", "-k", "3", "--holdout", "0.1"}, {"the number of training ratings was 480 there"});
  refused(2, {"--init-model", "m", "-k", "4"}, {"--rank is 4, but must be 3, as in the model m"});
  refused(2, {"--init-model", "m", "--no-biases"}, {"--init-model m has biases"});
  refused(2, {"--init-model", "m", "--method", "nnmf"}, {"cannot start nnmf"});
  refused(1, {"--init-model", "network"}, {"network", "a factorization was expected"});
  refused(1, {"--init-model", "ck"}, {"ck", "--resume"});
  refused(2, {"--init-model", "out"}, {"would overwrite"});
  refused(2, {"--early-stop", "2"}, {"--early-stop needs", "--valid or --holdout"});
  refused(2, {"--early-stop", "-2", "--holdout", "0.1"}, {"--early-stop"});
  refused(2, {"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--init-model", "m"},
          {"--init-model is of no use to method mlp"});
}

TEST_CASE("early stopping and starting from a model are reported and traced") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words words{"train", "r", "--holdout", "0.3", "--lambda", "0.01", "--tolerance", "0", "-t", "200"};
  const Json report = report_of(run(folder, with(words, {"--early-stop", "2", "--trace", "t", "-o", "m", "--json"})));
  CHECK(report["stop_reason"] == "early_stop");
  CHECK(report["iterations"].get<int>() == report["best_iteration"].get<int>() + 2);
  const std::vector<Json> trace = trace_of(read_bytes(folder / "t"));
  double best = trace[0]["valid_rmse"].get<double>();
  for (const Json& line : trace) {
    best = std::min(best, line["valid_rmse"].get<double>());
    CHECK(line["best_valid_rmse"] == best);
  }
  CHECK(trace.back()["best_iteration"] == report["best_iteration"]);
  CHECK(report["valid_rmse"].get<double>() == doctest::Approx(best).epsilon(1e-6));
  const Outcome text = run(folder, with(words, {"--early-stop", "2"}));
  check_has(text.out,
            {fmt::format("sweeps, the best is {}", report["best_iteration"].get<int>()), "stopped by: early_stop"});
  CHECK(report_of(run(folder, with(words, {"--json"})))["best_iteration"].is_null());

  const std::string more = small_ratings() + "99,1,4\n99,2,3\n";
  write_bytes(folder / "more", more);
  const Json started = report_of(run(folder, {"train", "more", "--init-model", "m", "-t", "3", "--json", "-o", "m2"}));
  CHECK(started["rank"] == report["rank"]);
  CHECK(started["init_known_users"] == 30);
  CHECK(started["init_known_items"] == 20);
  check_has(run(folder, {"train", "more", "--init-model", "m", "-t", "3"}).out,
            {"start           30 users and 20 items from the model, 1 and 0 new"});
}

}  // namespace
}  // namespace odot::test
