// Files that somebody made to do harm: what they nest, what they unpack to, what a terminal would obey.
#include <doctest/doctest.h>

#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "cli/program.hpp"
#include "support/rating_files.hpp"

namespace odot::test {
namespace {

using testing::gzip;
using testing::zstd;

const Words kTune{"tune", "r", "--rank", "2,3", "--trials", "3", "-t", "2", "--no-halving", "--log", "log", "--quiet"};

Words resumed() {
  Words words = kTune;
  words.emplace_back("--resume");
  return words;
}

TEST_CASE("JSON that is nested deeply is refused, in logs, models and traces") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  for (const std::string& nested : {std::string(100'000, '['), std::string(100'000, '[') + std::string(100'000, ']')}) {
    write_bytes(session.folder / "log", nested + "\n");
    check_has(run(session.folder, resumed()).err, {"log:1: found", "expected a line that odot tune wrote"});
  }
  std::string objects;
  for (int k = 0; k < 50'000; ++k) objects += "{\"a\":";
  for (const std::string& header : {"{\"a\":" + std::string(10'000'000, '['), objects}) {
    const std::uint64_t size = header.size();
    write_bytes(session.folder / "model",
                std::string(reinterpret_cast<const char*>(&size), sizeof size) + header + "and more");
    const Outcome outcome = run(session.folder, {"info", "model"});
    CHECK(outcome.code == 1);
    check_has(outcome.err, {"model", "its header is not JSON"});
  }
  write_bytes(session.folder / "trace", std::string(100'000, '[') + "\n");
  session.done({"train", "r", "-t", "2", "-q", "--checkpoint", "c", "--method", "full"});
  session.done({"train", "r", "-t", "3", "-q", "--resume", "c", "--method", "full", "--trace", "trace"});
}

// Time that grows with the square of a file's size would be beyond the patience of run().
TEST_CASE("JSON of very many objects or keys is read or refused soon") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  std::string objects = "{\"a\":[";
  for (int k = 0; k < 1'500'000; ++k) objects += "{},";
  objects += "0]}";
  const std::uint64_t size = objects.size();
  write_bytes(session.folder / "model",
              std::string(reinterpret_cast<const char*>(&size), sizeof size) + objects + "and");
  check_has(run(session.folder, {"info", "model"}).err, {"model", "does not hold an odot model"});
  session.done(kTune);
  const std::string first = lines_of(read_bytes(session.folder / "log")).at(0);
  std::string keys = "{\"trial\":0";
  for (int k = 0; k < 500'000; ++k) keys += ",\"_" + std::to_string(k) + "\":0";
  write_bytes(session.folder / "log", first + "\n" + keys + "}\n");
  check_has(run(session.folder, resumed()).err, {"log:2: found", "expected a line that odot tune wrote"});
  session.done({"train", "r", "-t", "2", "-q", "--checkpoint", "c", "--method", "full"});
  write_bytes(session.folder / "trace", keys + "}\n");
  session.done({"train", "r", "-t", "3", "-q", "--resume", "c", "--method", "full", "--trace", "trace"});
}

TEST_CASE("small files that unpack to large ones are refused, but ratings are not") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  session.done({"train", "r", "-t", "2", "-q", "-o", "m"});
  std::string text = "id,title\n";
  text += std::string(40 << 20, 'a');
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    write_bytes(session.folder / "packed", packed);
    for (const Words& words : {Words{"recommend", "m", "--users", "packed", "-q"},
                               Words{"recommend", "m", "--user", "1", "--items", "packed", "-q"},
                               Words{"train", "r", "--users", "packed", "-q"}}) {
      const Outcome outcome = run(session.folder, words);
      CAPTURE(words[2]);
      CHECK(outcome.code != 0);
      check_has(outcome.err, {"packed: found compressed data that become more than 16777216 bytes"});
    }
  }
  std::string ratings;
  for (int k = 0; k < 300'000; ++k) ratings += "1,2,3\n";
  write_bytes(session.folder / "many", gzip(ratings));
  session.done({"info", "many", "--duplicates", "last"});
}

TEST_CASE("a log's lines are what was written, once each, by one search at a time") {
  const Session session;
  const std::string path = session.folder / "log";
  write_bytes(session.folder / "r", small_ratings());
  session.done(kTune);
  const std::string log = read_bytes(path);
  const Words lines = lines_of(log);
  REQUIRE(lines.size() == 4);
  const auto fault = [&](const std::string& text) {
    write_bytes(path, text);
    const Outcome outcome = run(session.folder, resumed());
    CHECK(read_bytes(path) == text);
    CHECK(outcome.code == 1);
    return outcome.err;
  };
  const auto digit = log.find("\"rmse\":") + 9;
  std::string altered = log;
  altered[digit] = altered[digit] == '1' ? '2' : '1';
  check_has(fault(altered), {"log:2: found a line that was altered after it was written"});
  check_has(fault(log + lines[2] + "\n"), {"log:5: found trial", "again, expected it once"});
  check_has(fault(lines[0] + "\n{\"trial\":0,\"rung\":0}\n"), {"log:2: found", "expected a line that odot tune wrote"});
  write_bytes(path, log);
  std::FILE* other = std::fopen(path.c_str(), "a");
  REQUIRE(::flock(::fileno(other), LOCK_EX) == 0);
  check_has(run(session.folder, resumed()).err, {"log: found another search at work that writes this log"});
  std::fclose(other);
  session.done(resumed());
  CHECK(read_bytes(path) == log);
}

TEST_CASE("names that are not UTF-8 end no search, and its command finds them") {
  const Session session;
  const std::string name = "r\xE9 it's";
  write_bytes(session.folder / name, small_ratings());
  Words words = kTune;
  words[1] = name;
  const Outcome outcome = session.done(words);
  check_has(outcome.out, {"$'r\\xe9 it\\'s'"});
  words.emplace_back("--resume");
  CHECK(session.done(words).out == outcome.out);
  words.emplace_back("--json");
  check_has(session.done(words).out, {"$'r\\\\xe9"});
}

TEST_CASE("a terminal gets what it would obey as text, a file gets the bytes") {
  const Session session;
  const std::string file = "f\x1b]0;title\x07";
  check_has(run(session.folder, {"train", file}).err, {file});
  if (!has_terminals()) return;
  const Outcome shown = run(session.folder, {"train", file}, {.terminal = true});
  check_has(shown.err, {"f\\x1b]0;title\\x07"});
  CHECK(shown.err.find('\x1b') == std::string::npos);
}

TEST_CASE("a word of a megabyte is told from the known ones at once, and long words that are near still are") {
  const Session session;
  write_bytes(session.folder / "r", small_ratings());
  const std::string word(100'000, 'x');
  CHECK(run(session.folder, {"train", "r", "--" + word}).code == 2);
  CHECK(run(session.folder, {word}).code == 2);
  check_has(run(session.folder, {"train", "r", "--optimizer", word}).err, {"known are"});
  check_has(run(session.folder, {"train", "r", "--lamdba-per-ratings", "1"}).err, {"--lambda-per-rating"});
}

}  // namespace
}  // namespace odot::test
