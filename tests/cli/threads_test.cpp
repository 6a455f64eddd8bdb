// That --threads and --memory-limit are obeyed, by looking at the program while it runs.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "effects.hpp"

namespace odot::test {
namespace {

struct Seen {
  long threads = 0;  ///< most at a time
  long peak = 0;     ///< memory, KiB
};

long number_after(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::stol(text.substr(at + name.size()));
}

// Runs the program, whose exit code must be 0, and looks at it about once in a millisecond.
Seen look_at(const Session& session, const std::string& words) {
  const std::string self = std::to_string(::getpid());
  Seen seen;
  Conditions conditions;
  conditions.ready = [&] {
    for (int k = 0; k < 20; ++k) {
      const Words children = words_of(read_bytes("/proc/self/task/" + self + "/children"));
      if (children.empty()) break;
      const std::string status = read_bytes("/proc/" + children[0] + "/status");
      seen.threads = std::max(seen.threads, number_after(status, "\nThreads:"));
      seen.peak = std::max(seen.peak, number_after(status, "\nVmHWM:"));
      ::usleep(500);
    }
    return false;
  };
  session.done(words_of(words), conditions);
  return seen;
}

bool can_look() {
  if (std::filesystem::exists("/proc/self/task/" + std::to_string(::getpid()) + "/children")) return true;
  MESSAGE("skipped: this system does not tell the children of a process");
  return false;
}

TEST_CASE("as many threads as --threads says, and by default one for each core") {
  if (!can_look()) return;
  const Session session;
  write_rated_features(session.folder, 30);
  session.done(words_of("synth -o r --users 1000 --items 500 --ratings 30000 -q"));
  session.done(words_of("synth -o more --users 1100 --items 500 --ratings 30000 --seed 2 -q"));
  session.done(words_of("train r -t 1 --rank 8 -q -o m"));
  session.done(words_of("convert r -o r.odr -q"));
  const long cores = std::max(1L, static_cast<long>(std::thread::hardware_concurrency()));
  // Threads of a run of milliseconds may be missed; more than there should be are never seen.
  const auto threads = [&](const std::string& words, long expected) {
    long most = 0;
    for (int look = 0; look < 60 && most < expected; ++look) most = std::max(most, look_at(session, words).threads);
    return most;
  };
  const std::string more = std::to_string(cores + 1);
  // Commands that are not here do nothing in parallel.
  for (const std::string command :
       {"train r -t 2 -q", "train r --method full -t 3 -q", "train r --method nnmf -t 3 -q",
        "train r --method variational -t 3 -q", "train r --method gibbs -t 3 -q",
        "train r.csv --method mlp --users users.csv --items items.csv -t 2 -q", "train r.odr -t 9 -q",
        "cv r --folds 2 -t 2 -q", "tune r --rank 2,3 --trials 2 -t 2 -q", "evaluate m r", "evaluate m r --top 5",
        "recommend m -o o", "predict m r -o o", "fold-in m more --update -o o", "convert r -o o",
        "split r --train a --test b", "info r", "synth -o o"}) {
    CAPTURE(command);
    CHECK(threads(command + " --threads " + more, cores + 1) == cores + 1);
    CHECK(threads(command, cores) == cores);
  }
  CHECK(threads("train r -t 2 -q --threads 1", 1) == 1);
  CHECK(threads("train r -t 2 -q --threads 0", cores) == cores);
  write_bytes(session.folder / "config", "threads = " + more + "\n");
  for (const std::string command :
       {"train r -t 2 -q", "cv r --folds 2 -t 2 -q", "tune r --rank 2,3 --trials 2 -t 2 -q"}) {
    CAPTURE(command);
    CHECK(threads(command + " --config config", cores + 1) == cores + 1);
  }
}

// A variable of the environment, which the program inherits, for a while.
class Variable {
 public:
  Variable(const std::string& name, const std::string& text) : name_(name) {
    if (const char* const before = std::getenv(name.c_str())) before_ = before;
    ::setenv(name.c_str(), text.c_str(), 1);
  }
  ~Variable() { before_ ? ::setenv(name_.c_str(), before_->c_str(), 1) : ::unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

TEST_CASE("without --threads, OMP_NUM_THREADS says how many; binding leaves all processors, or those it names") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  const auto threads = [&](const std::string& more) -> int {
    return Json::parse(session.done(words_of("train r -t 1 -q --json" + more)).out)["threads"];
  };
  const int all = threads("");
  {
    const Variable three("OMP_NUM_THREADS", "3");
    CHECK(threads("") == 3);
    CHECK(threads(" --threads 0") == 3);
    CHECK(threads(" --threads 2") == 2);
    const Variable bound("OMP_PROC_BIND", "true");
    CHECK(threads("") == 3);
  }
  for (const auto& [name, text] : {std::pair{"OMP_PROC_BIND", "true"}, std::pair{"OMP_PROC_BIND", "spread"},
                                   std::pair{"OMP_PLACES", "cores"}, std::pair{"OMP_PLACES", "threads"}}) {
    CAPTURE(name);
    const Variable variable(name, text);
    CHECK(threads("") == all);
  }
  cpu_set_t mine;
  REQUIRE(::sched_getaffinity(0, sizeof mine, &mine) == 0);
  std::size_t first = 0;
  while (!CPU_ISSET(first, &mine)) ++first;
  const Variable one("OMP_PLACES", "{" + std::to_string(first) + "}");
  CHECK(threads("") == 1);
}

TEST_CASE("--threads must be a number that can be used, for every command") {
  const Session session;
  for (const std::string command :
       {"train r", "cv r", "tune r --rank 1,2", "evaluate m r", "predict m r", "recommend m", "similar m --item 1",
        "fold-in m r -o o", "export m --format csv -o o", "import l -o o", "split r --train a --test b",
        "convert r -o o", "synth -o o", "info r", "completion bash", "man train"}) {
    for (const std::string wrong : {"x", "-1", "1.5"}) {
      session.refused(2, words_of(command + " --threads=" + wrong), {"--threads is '" + wrong + "'"});
    }
  }
}

TEST_CASE("less memory for the ratings where --memory-limit says so") {
  if (!can_look()) return;
  const Session session;
  session.done(words_of("synth -o r.odr --users 20000 --items 500 --ratings 2000000 -q"));
  const std::string command = "train r.odr --method blocks --rank 1 -t 1 -q";
  const long all = look_at(session, command).peak;
  const long some = look_at(session, command + " --memory-limit 1M").peak;
  CHECK(some < 0.8 * static_cast<double>(all));
}

}  // namespace
}  // namespace odot::test
