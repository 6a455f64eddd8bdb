// Outputs that belong together when the program is killed between them, limits of files' sizes, signals of batch
// systems, and names of compressed files.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "program.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_CASE("between two files a kill leaves marks: readers refuse both, and a retry works") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const Words words{"split", "r", "--train", "train", "--test", "test", "-q"};
  REQUIRE(run(folder, words).code == 0);
  // The program waits here for whoever replaces the file at the moment.
  const int mark = ::open((folder / "train.odot-unfinished").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
  REQUIRE(::flock(mark, LOCK_EX) == 0);
  const auto waits = [&] { return fs::exists(folder / "test.odot-unfinished"); };
  const Outcome killed = run(folder, with(words, {"--seed", "2"}), {.ready = waits, .signals = {SIGKILL}});
  CHECK(killed.signal == SIGKILL);
  ::close(mark);
  for (const char* name : {"train", "test"}) {
    const Outcome refused = run(folder, {"info", name});
    CHECK(refused.code == 1);
    check_has(refused.err, {name, "has not finished", ".odot-unfinished", "run that command again"});
  }
  REQUIRE(run(folder, words).code == 0);
  CHECK(files_in(folder) == Words{"r", "test", "train"});
  CHECK(run(folder, {"train", "train", "--valid", "test", "-q", "-t", "1"}).code == 0);
}

TEST_CASE("a limit of files' sizes is an error of the file, and a checkpoint that exceeds it does not end training") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  const std::vector<std::pair<int, unsigned long>> limits{{RLIMIT_FSIZE, 2000}};
  for (const Words& words :
       std::vector<Words>{{"train", "r", "-q", "-t", "1", "-o", "m"},
                          {"convert", "r", "-q", "-o", "r.odr"},
                          {"synth", "-q", "-o", "s", "--ratings", "5000", "--users", "500", "--items", "500"},
                          {"split", "r", "--train", "a", "--test", "b"}}) {
    CAPTURE(words);
    const Outcome outcome = run(folder, words, {.limits = limits});
    CHECK(outcome.code == 1);
    check_has(outcome.err, {"odot: cannot write ", "File too large"});
    CHECK(files_in(folder) == Words{"r"});
  }
  const Outcome trained = run(
      folder, {"train", "r", "-q", "-t", "3", "--tolerance", "0", "--checkpoint", "c", "--json"}, {.limits = limits});
  CHECK(trained.code == 0);
  CHECK(Json::parse(trained.out)["iterations"] == 3);
  check_has(trained.err, {"warning: cannot write c: File too large", "training goes on"});
  CHECK(files_in(folder) == Words{"r"});
}

// A training that would not end by itself.
const Words kEndless{"train",        "r",          "--optimizer", "gd", "--line-search", "constant", "--step", "1e-9",
                     "--iterations", "2000000000", "--tolerance", "0",  "--trace",       "trace",    "-o",     "m"};

TEST_CASE("signals of batch systems end training with the model saved, however often they come") {
  for (const int number : {SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM}) {
    CAPTURE(number);
    const TemporaryFolder folder;
    write_bytes(folder / "r", small_ratings());
    const auto ready = [&] { return lines_of(read_bytes(folder / "trace")).size() > 5; };
    std::vector<int> signals{number};
    if (number != SIGALRM) signals.push_back(number == SIGXCPU ? SIGUSR1 : SIGXCPU);
    const Outcome outcome = run(folder, kEndless, {.ready = ready, .signals = signals});
    CHECK(outcome.code == 130);
    check_has(outcome.err, {"odot: interrupted after", "the model so far is saved"});
    CHECK(files_in(folder) == Words{"m", "r", "trace"});
  }
}

TEST_CASE("outside training they end the program with a message and without a temporary") {
  for (const auto& [number, name] : std::map<int, std::string>{{SIGUSR1, "SIGUSR1"},
                                                               {SIGUSR2, "SIGUSR2"},
                                                               {SIGXCPU, "SIGXCPU"},
                                                               {SIGALRM, "SIGALRM"},
                                                               {SIGVTALRM, "SIGVTALRM"},
                                                               {SIGPROF, "SIGPROF"},
                                                               {SIGQUIT, "SIGQUIT"},
                                                               {SIGTERM, "SIGTERM"}}) {
    const TemporaryFolder folder;
    const auto begun = [&] { return !files_in(folder).empty(); };
    const Outcome outcome = run(folder, {"convert", "-", "-o", "new"},
                                {.input = small_ratings(),
                                 .keep_input_open = true,
                                 .limits = {{RLIMIT_CORE, 0}},
                                 .ready = begun,
                                 .signals = {number}});
    CHECK(outcome.signal == number);
    check_has(outcome.err, {"odot: ended by " + name});
    CHECK(files_in(folder).empty());
  }
}

TEST_CASE("threads that the system does not start are told, and the work is done") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  if (!can_run_unprivileged(folder)) return;
  const Words words{"train", "r", "-q", "-t", "2", "--json", "--threads", "4"};
  const Outcome usual = run(folder, words);
  const Outcome outcome = run(folder, words, {.unprivileged = true, .limits = {{RLIMIT_NPROC, 1}}});
  REQUIRE(outcome.code == 0);
  check_has(outcome.err, {"warning: the system refused to start 3 threads"});
  CHECK(usual.err == "");
  CHECK(Json::parse(outcome.out)["objective"] == Json::parse(usual.out)["objective"]);
}

TEST_CASE("an output whose name says that it is compressed is refused before any work") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  REQUIRE(run(session.folder, {"train", "r", "-q", "-t", "1", "-o", "m"}).code == 0);
  for (const Words& words : std::vector<Words>{{"predict", "m", "r", "-o", "x.csv.gz"},
                                               {"train", "r", "-o", "x.gz"},
                                               {"train", "r", "--trace", "x.zst"},
                                               {"train", "r", "--checkpoint", "x.xz"},
                                               {"split", "r", "--train", "x", "--test", "y.gz"},
                                               {"synth", "-o", "x.csv.zst"},
                                               {"convert", "r", "-o", "x.odr.gz"},
                                               {"recommend", "m", "-o", "x.csv.bz2"},
                                               {"similar", "m", "-i", "1", "-o", "x.csv.gz"},
                                               {"export", "m", "--format", "libmf", "-o", "x.gz"},
                                               {"fold-in", "m", "r", "-o", "x.gz"},
                                               {"tune", "r", "--rank", "2,3", "--log", "x.gz"}}) {
    session.refused(2, words, {"names a compressed file", "compress the file then"});
  }
}

TEST_CASE("a split that would hold nothing out is refused") {
  const Session session;
  write_bytes(session.folder / "r", "1,1,5\n2,2,3\n");
  session.refused(1, {"split", "r", "--train", "a", "--test", "b", "--fraction", "0.5"},
                  {"--fraction 0.5 puts none of 2 ratings into the test file", "larger share"});
}

}  // namespace
}  // namespace odot::test
