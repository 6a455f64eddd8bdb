// Every kind of bad input: the message, exit code 1, and nothing written.
#include <sys/stat.h>

#include <csignal>
#include <random>

#include "program.hpp"
#include "support/rating_files.hpp"

namespace odot::test {
namespace {

using testing::gzip;
using testing::zstd;

// Runs the program where it must refuse, with outputs that must not appear.
std::string refusal(const TemporaryFolder& folder, const Words& words, const Conditions& conditions = {}) {
  const Words before = files_in(folder);
  const Outcome outcome = run(folder, words, conditions);
  CAPTURE(outcome.err);
  CHECK(outcome.code == 1);
  CHECK(outcome.out == "");
  CHECK(files_in(folder) == before);
  const Words lines = lines_of(outcome.err);
  REQUIRE(!lines.empty());
  CHECK(lines.back().substr(0, 6) == "odot: ");
  return lines.back();
}

// What train says about a file with this content.
std::string train_refusal(const std::string& content, const Words& options = {}) {
  const TemporaryFolder folder;
  write_bytes(folder / "r.csv", content);
  Words words{"train", "r.csv", "-o", "model", "--trace", "trace"};
  words.insert(words.end(), options.begin(), options.end());
  return refusal(folder, words);
}

TEST_CASE("lines that cannot be read") {
  CHECK(train_refusal("1,2,3\n1,3\n") ==
        "odot: r.csv:2: found 2 columns in \"1,3\", expected at least 3 separated by \",\"");
  check_has(train_refusal("1,2,3\n1,3,good\n"), {"r.csv:2: found \"good\" as the rating, expected a number"});
  for (const std::string word : {"nan", "NaN", "inf", "-Infinity"}) {
    check_has(train_refusal("1,2,3\n\n1,3," + word + "\n"),
              {"r.csv:3: found \"" + word + "\"", "expected a finite number"});
  }
  check_has(train_refusal("1,2,1e999\n"), {"r.csv:1: found \"1e999\"", "expected a number of a size that fits"});
  check_has(train_refusal("1;2;3,5\n"), {"r.csv:1: found \"3,5\"", "decimal point: 3.5"});
  check_has(train_refusal("1,2,3\n,3,4\n"), {"r.csv:2: found an empty user", "expected an id"});
  check_has(train_refusal("1,2,3\n\"1,3,4\n"), {"r.csv:2: found a quote that is not closed"});
  check_has(train_refusal("hello\n"), {"r.csv:1: found \"hello\", expected user, item and rating"});
  check_has(train_refusal(gzip("1,2,3\n1,3,x\n")), {"r.csv:2: found \"x\""});
}

TEST_CASE("headers and lines that contradict what was recognised") {
  check_has(train_refusal("user_id,item_id,timestamp\n1,2,978300760\n"),
            {"r.csv:1: found no rating among the columns", "\"timestamp\" (a time)",
             "(--columns says which are user, item and rating)"});
  check_has(train_refusal("user item rating\n1 1 10 5\n2 2 20 4\n"),
            {"r.csv:1: found 3 columns", "line 2 has columns, 4 (--columns says by numbers"});
  check_has(train_refusal("1,2,3\n3,2,51,3,4\n"), {"r.csv:2: found 5 columns in \"3,2,51,3,4\", expected 3"});
  check_has(train_refusal("1 2 3 4 5 6 7 8 9\n"), {"r.csv:1: found 9 columns on the only line"});
  const TemporaryFolder folder;
  write_bytes(folder / "r.csv", small_ratings());
  REQUIRE(run(folder, {"train", "r.csv", "-o", "m", "-q", "-t", "1"}).code == 0);
  write_bytes(folder / "pairs", "1,2\n3,45,6\n7,8\n");
  check_has(refusal(folder, {"predict", "m", "pairs", "-o", "out"}),
            {"pairs:2: found 3 columns in \"3,45,6\", expected 2"});
}

TEST_CASE("files that are no ratings") {
  check_has(train_refusal(""), {"r.csv: found an empty file, expected ratings"});
  check_has(train_refusal("\n\n"), {"r.csv: found only blank lines"});
  check_has(train_refusal("user,item,rating\n"), {"r.csv: found only a header line"});
  std::mt19937 random(5);
  std::string noise;
  for (int k = 0; k < 10000; ++k) noise += static_cast<char>(random() & 0xff);
  check_has(train_refusal(noise), {"r.csv:", "found the byte", "not a text file"});
  std::string rows;
  for (int k = 0; k < 5000; ++k) rows += std::to_string(k) + "," + std::to_string(random()) + ",3\n";
  for (const std::string& whole : {gzip(rows), zstd(rows)}) {
    check_has(train_refusal(whole.substr(0, whole.size() / 2)),
              {whole[0] == '\x1f' ? "r.csv: found gzip data" : "r.csv: found zstd data", "end too early", "expected"});
  }
  std::string damaged = gzip(rows);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
  check_has(train_refusal(damaged), {"r.csv: found damaged gzip data"});
  check_has(train_refusal("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n"),
            {"r.csv:4: found the end of the file after entry 1, expected 2 as line 2 says"});
}

TEST_CASE("a repeated pair names both lines and the remedy") {
  check_has(
      train_refusal("u,i,r\na,x,1\na,y,2\nb,x,2\na,x,3\n"),
      {"r.csv:5: found a second rating of item \"x\" by user \"a\"", "the first is at r.csv:2", "(--duplicates first"});
  const TemporaryFolder folder;
  write_bytes(folder / "a", "a,x,1\n");
  write_bytes(folder / "b", "b,x,1\na,x,1\n");
  check_has(refusal(folder, {"train", "a", "b", "-o", "m"}), {"b:2: found a second rating", "the first is at a:1"});
}

TEST_CASE("remedies are named as the options that they are") {
  check_has(train_refusal("when;film;who;stars\n1;a;b;3\n"), {"(--columns says which are user, item and rating"});
  check_has(train_refusal("a,b,good\nc,d,3\n"), {"--header says so"});
  check_has(train_refusal("a\nb\n"), {"(--separator names another)"});
  check_has(train_refusal("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n", {"--separator", ","}),
            {"r.csv:1: found a Matrix Market file", "expected no --separator"});
}

TEST_CASE("columns that a file has not") {
  check_has(train_refusal("a,b,c\n1,2,3\n", {"--columns", "a,b,stars"}),
            {"r.csv:1: found no column \"stars\" among \"a\", \"b\", \"c\"", "(--columns)"});
  check_has(train_refusal("1,2,3\n", {"--columns", "1,2,4"}), {"r.csv:1: found 3 columns", "at least 4"});
  check_has(train_refusal("1,2,3\n", {"--separator", ";"}), {"r.csv:1: found 1 column", "separated by \";\""});
}

TEST_CASE("files that cannot be opened, for every command that reads ratings") {
  const TemporaryFolder folder;
  write_bytes(folder / "r.csv", small_ratings());
  std::filesystem::create_directory(folder / "dir");
  REQUIRE(run(folder, {"train", "r.csv", "-o", "m", "-q", "-t", "1"}).code == 0);
  for (const std::string bad : {"none.csv", "dir"}) {
    const std::string what = bad == "dir" ? "dir: found a directory, expected a file of ratings"
                                          : "none.csv: found no such file, expected a readable file of ratings";
    for (const Words& words : std::vector<Words>{{"train", bad, "-o", "out"},
                                                 {"train", "r.csv", bad, "-o", "out", "--trace", "trace"},
                                                 {"train", "r.csv", "--valid", bad, "-o", "out"},
                                                 {"evaluate", "m", bad},
                                                 {"predict", "m", bad, "-o", "out"},
                                                 {"split", bad, "--train", "a", "--test", "b"},
                                                 {"info", bad}}) {
      CAPTURE(words);
      check_has(refusal(folder, words), {what});
    }
  }
}

TEST_CASE("a file without permission to read it") {
  const TemporaryFolder folder;
  if (!can_run_unprivileged(folder)) return;
  write_bytes(folder / "secret", "1,2,3\n");
  REQUIRE(::chmod((folder / "secret").c_str(), 0) == 0);
  check_has(refusal(folder, {"train", "secret"}, {.unprivileged = true}),
            {"secret: found no permission to read it, expected a readable file"});
}

TEST_CASE("models that are none, or damaged") {
  const TemporaryFolder folder;
  write_bytes(folder / "r.csv", small_ratings());
  REQUIRE(run(folder, {"train", "r.csv", "-o", "m", "-q", "-t", "1"}).code == 0);
  check_has(refusal(folder, {"evaluate", "r.csv", "m"}), {"cannot load the model r.csv", "no model"});
  check_has(refusal(folder, {"predict", "none", "r.csv", "-o", "out"}), {"none"});
  check_has(refusal(folder, {"train", "m", "-o", "out"}), {"m: found what looks like a model file"});
  const std::string whole = read_bytes(folder / "m");
  for (const std::size_t size : {std::size_t{4}, std::size_t{100}, whole.size() - 1}) {
    write_bytes(folder / "short", whole.substr(0, size));
    check_has(refusal(folder, {"predict", "short", "r.csv", "-o", "out"}), {"cannot load the model short"});
  }
}

TEST_CASE("a bad file leaves outputs as they were") {
  const TemporaryFolder folder;
  write_bytes(folder / "bad.csv", "1,2,x\n1,3,y\n");
  for (const std::string name : {"model", "trace", "a", "b"}) write_bytes(folder / name, "old " + name);
  refusal(folder, {"train", "bad.csv", "-o", "model", "--trace", "trace"});
  refusal(folder, {"split", "bad.csv", "--train", "a", "--test", "b"});
  for (const std::string name : {"model", "trace", "a", "b"}) CHECK(read_bytes(folder / name) == "old " + name);
}

}  // namespace
}  // namespace odot::test
