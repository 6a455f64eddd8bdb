// Inputs that are pipes, and inputs that change while they are read.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "program.hpp"

namespace odot::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a pipe is read once, from its first byte on") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  REQUIRE(run(folder, {"train", "r", "-q", "-t", "1", "-o", "m"}).code == 0);
  const std::string bytes = small_ratings();
  for (const Words& words : std::vector<Words>{{"info", "FILE", "--json", "-q"},
                                               {"evaluate", "m", "FILE", "--json", "-q"},
                                               {"predict", "m", "FILE", "-q"}}) {
    CAPTURE(words);
    Words plain = words;
    Words piped = words;
    std::ranges::replace(plain, "FILE", "r");
    std::ranges::replace(piped, "FILE", "/dev/stdin");
    const Outcome usual = run(folder, plain);
    const Outcome outcome = run(folder, piped, {.input = bytes});
    CHECK(outcome.code == 0);
    CHECK(outcome.out == usual.out);
  }
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0666) == 0);
  const Outcome twice = run(folder, {"train", "pipe", "pipe"});
  CHECK(twice.code == 2);
  check_has(twice.err, {"the pipe pipe is named more than once"});
}

TEST_CASE("a model that is no regular file is refused, and not waited for") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", small_ratings());
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0666) == 0);
  const Outcome outcome = run(folder, {"evaluate", "pipe", "r"});
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"pipe: it is no regular file"});
}

// A training from an .odr file that would not end by itself, and writes a checkpoint now and then.
const Words kEndless{"train",      "r.odr",       "--method", "full",    "--optimizer", "gd", "--line-search",
                     "constant",   "--step",      "1e-9",     "-o",      "m",           "-q", "--iterations",
                     "2000000000", "--tolerance", "0",        "--trace", "trace"};

// Changes the file once training is under way, and sees it end with a message.
template <class Change>
void check_noticed(const TemporaryFolder& folder, const Change& change) {
  const auto ready = [&] {
    if (lines_of(read_bytes(folder / "trace")).size() < 5) return false;
    change();
    return true;
  };
  const Outcome outcome = run(folder, kEndless, {.ready = ready});
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"odot: r.odr: the file changed while it was read"});
  CHECK(files_in(folder) == Words{"other.odr", "r.odr", "trace"});
}

TEST_CASE("an .odr file that is cut off or written to while it is mapped ends training without a model") {
  const TemporaryFolder folder;
  std::string other;
  for (const Words& fields : fields_of(small_ratings())) {
    other += fmt::format("{},{},{}\n", fields[0], fields[1], 6 - std::stoi(fields[2]));
  }
  write_bytes(folder / "r", other);
  REQUIRE(run(folder, {"convert", "r", "-o", "other.odr", "-q"}).code == 0);
  write_bytes(folder / "r", small_ratings());
  const auto convert = [&] {
    fs::remove(folder / "trace");
    fs::remove(folder / "r.odr");
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"convert", "r", "-o", "r.odr", "-q"}).code == 0);
    fs::remove(folder / "r");
  };
  SUBCASE("cut off") {
    convert();
    check_noticed(folder, [&] { fs::resize_file(folder / "r.odr", 0); });
  }
  SUBCASE("cut off behind its first part") {
    convert();
    check_noticed(folder, [&] { fs::resize_file(folder / "r.odr", 8192); });
  }
  SUBCASE("overwritten by another file of the same size") {
    convert();
    REQUIRE(fs::file_size(folder / "r.odr") == fs::file_size(folder / "other.odr"));
    const std::string bytes = read_bytes(folder / "other.odr");
    check_noticed(folder, [&] {
      std::fstream file(folder / "r.odr", std::ios::binary | std::ios::in | std::ios::out);
      file << bytes;
    });
  }
  SUBCASE("overwritten with garbage") {
    convert();
    const std::string bytes(fs::file_size(folder / "r.odr"), '\xff');
    check_noticed(folder, [&] {
      std::fstream file(folder / "r.odr", std::ios::binary | std::ios::in | std::ios::out);
      file << bytes;
    });
  }
  SUBCASE("but one that is replaced stays as it was") {
    convert();
    const auto ready = [&] {
      if (lines_of(read_bytes(folder / "trace")).size() < 5) return false;
      fs::rename(folder / "other.odr", folder / "r.odr");
      return true;
    };
    const Outcome outcome = run(folder, kEndless, {.ready = ready, .signals = {SIGTERM}});
    CHECK(outcome.code == 130);
    CHECK(fs::exists(folder / "m"));
  }
}

// Text that takes long enough to read that it can be cut off meanwhile.
TEST_CASE("a text file or model that is cut off while it is read is told, whenever that happens") {
  const TemporaryFolder folder;
  std::string text;
  for (int user = 0; user < 12000; ++user) {
    for (int item = 0; item < 100; ++item) text += fmt::format("{},{},{}\n", user, item * 7 % 1000, 1 + item % 5);
  }
  int told = 0;
  for (int k = 0; k < 8; ++k) {
    write_bytes(folder / "r", text);
    std::thread cutter([&] {
      // The temporary of the output is there when reading begins.
      while (files_in(folder).size() < 2) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(2 * k));
      fs::resize_file(folder / "r", 100);
    });
    const Outcome outcome = run(folder, {"convert", "r", "-o", "out", "-q"});
    cutter.join();
    CAPTURE(outcome.err);
    CHECK(outcome.signal == 0);
    if (outcome.code != 0) {
      CHECK(outcome.code == 1);
      check_has(outcome.err, {"r"});
      told += outcome.err.find("changed while it was read") != std::string::npos;
      CHECK(files_in(folder) == Words{"r"});
    }
    fs::remove(folder / "out");
  }
  CHECK(told > 0);
}

}  // namespace
}  // namespace odot::test
