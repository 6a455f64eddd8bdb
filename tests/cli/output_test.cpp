// Outputs that cannot be written: found before the work where they can be, an error always, and nothing left behind.
#include <sys/stat.h>

#include "program.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

std::string failure(const TemporaryFolder& folder, const Words& words, const Conditions& conditions = {}) {
  CAPTURE(words);
  const Words before = files_in(folder);
  const Outcome outcome = run(folder, words, conditions);
  CAPTURE(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(files_in(folder) == before);
  const Words lines = lines_of(outcome.err);
  REQUIRE(!lines.empty());
  return outcome.err;
}

void found_before_work(const std::string& error, const Words& parts) {
  check_has(error, parts);
  CHECK(error.find(" lines, ") == std::string::npos);
}

struct Prepared {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "1"}).code == 0);
    fs::create_directory(folder / "dir");
  }
  TemporaryFolder folder;
};

// All options that name an output, with `path` as that output.
std::vector<Words> outputs_to(const std::string& path) {
  return {{"train", "r", "-o", path},
          {"train", "r", "--trace", path},
          {"predict", "m", "r", "-o", path},
          {"recommend", "m", "-o", path},
          {"similar", "m", "--item", "1", "-o", path},
          {"split", "r", "--train", path, "--test", "other"},
          {"split", "r", "--train", "other", "--test", path},
          {"synth", "-o", path}};
}

TEST_CASE("a missing folder, a directory, a file in place of a folder") {
  const Prepared prepared;
  for (const Words& words : outputs_to("no/such/file")) {
    found_before_work(failure(prepared.folder, words), {"cannot write no/such/file", "does the folder exist?"});
  }
  for (const Words& words : outputs_to("dir")) {
    found_before_work(failure(prepared.folder, words), {"cannot write dir: it is a directory"});
  }
  for (const Words& words : outputs_to("r/x")) {
    found_before_work(failure(prepared.folder, words), {"cannot write r/x: Not a directory"});
  }
}

TEST_CASE("no permission, for the folder and for a read-only target") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  if (!can_run_unprivileged(folder)) return;
  for (const std::string name : {"r", "m"}) fs::permissions(folder / name, fs::perms(0644));
  for (const Words& words : outputs_to("out")) {
    found_before_work(failure(folder, words, {.unprivileged = true}), {"cannot write o", ": Permission denied"});
  }
  fs::permissions(folder.path(), fs::perms(0777));
  write_bytes(folder / "kept", "old");
  fs::permissions(folder / "kept", fs::perms(0444));
  if (::geteuid() != 0) fs::permissions(folder.path(), fs::perms(0755));
  for (const Words& words : outputs_to("kept")) {
    found_before_work(failure(folder, words, {.unprivileged = true}), {"cannot write kept: Permission denied"});
  }
  CHECK(read_bytes(folder / "kept") == "old");
}

TEST_CASE("a full disk") {
  if (!fs::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full");
    return;
  }
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  for (const Words& words : outputs_to("/dev/full")) {
    check_has(failure(folder, words), {"odot: cannot write /dev/full", "No space left on device"});
  }
  for (const Words& words : std::vector<Words>{{"train", "r"},
                                               {"train", "r", "--json"},
                                               {"evaluate", "m", "r"},
                                               {"predict", "m", "r"},
                                               {"synth", "-o", "-"},
                                               {"info", "m"},
                                               {"train", "--help"},
                                               {"--help"},
                                               {"--version"}}) {
    check_has(failure(folder, words, {.out_file = "/dev/full"}), {"odot: cannot write", "standard output", "No space"});
  }
  // That nobody reads the log is no reason to lose a model.
  const Outcome outcome = run(folder, {"train", "r", "-o", "new", "-t", "3"}, {.err_file = "/dev/full"});
  CHECK(outcome.code == 0);
  CHECK(fs::file_size(folder / "new") > 1000);
}

TEST_CASE("closed standard streams do not mix with files") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  const Words train{"train", "r", "-o", "new", "-t", "1", "--trace", "trace"};
  REQUIRE(run(folder, train).code == 0);
  const std::string expected = read_bytes(folder / "new");
  for (const int stream : {0, 2}) {
    fs::remove(folder / "new");
    CHECK(run(folder, train, {.close = stream}).code == 0);
    CHECK((read_bytes(folder / "new") == expected));
  }
  // A report that cannot be delivered is an error; the model is there all the same.
  fs::remove(folder / "new");
  const Outcome outcome = run(folder, train, {.close = 1});
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"cannot write to standard output"});
  CHECK((read_bytes(folder / "new") == expected));
}

TEST_CASE("an existing output is replaced, and devices are written to") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  write_bytes(folder / "old", "old");
  CHECK(run(folder, {"train", "r", "-o", "old", "-q", "-t", "1"}).code == 0);
  CHECK((read_bytes(folder / "old") == read_bytes(folder / "m")));
  CHECK(run(folder, {"train", "r", "-o", "/dev/null", "--trace", "/dev/null", "-q", "-t", "1"}).code == 0);
  CHECK(run(folder, {"split", "r", "--train", "/dev/null", "--test", "/dev/null", "-q"}).code == 0);
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(files_in(folder) == Words{"dir", "m", "old", "r"});
}

}  // namespace
}  // namespace odot::test
