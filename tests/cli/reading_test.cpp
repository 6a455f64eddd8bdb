// Every kind of rating file, through the program: the same ratings give the same model, however they are written.
#include <algorithm>

#include "program.hpp"
#include "support/rating_files.hpp"

namespace odot::test {
namespace {

using testing::gzip;
using testing::zstd;

// small_ratings() with each line rewritten.
template <class Rewrite>
std::string rewritten(const Rewrite& rewrite) {
  std::string text;
  for (const Words& line : fields_of(small_ratings())) text += rewrite(line[0], line[1], line[2]);
  return text;
}

std::string separated(const std::string& separator, const std::string& end = "\n") {
  return rewritten(
      [&](const auto& u, const auto& i, const auto& r) { return u + separator + i + separator + r + end; });
}

// The bytes of a model trained on a file with this content.
std::string model_of(const std::string& content, const Words& options = {}) {
  const TemporaryFolder folder;
  write_bytes(folder / "ratings", content);
  Words words{"train", "ratings", "-o", "model", "--iterations", "2", "-q"};
  words.insert(words.end(), options.begin(), options.end());
  const Outcome outcome = run(folder, words);
  CHECK(outcome.code == 0);
  CHECK(outcome.err == "");
  return read_bytes(folder / "model");
}

TEST_CASE("all ways to write the same ratings give the same model") {
  const std::string expected = model_of(small_ratings());
  REQUIRE(expected.size() > 1000);
  const auto same = [&](const std::string& name, const std::string& content, const Words& options = {}) {
    CAPTURE(name);
    CHECK((model_of(content, options) == expected));
  };
  same("double colons", separated("::"));
  same("double colons and timestamps", separated("::", "::978300760\n"));
  same("tabs", separated("\t"));
  same("semicolons", separated(";"));
  same("blanks", separated("  "));
  same("CRLF", separated(",", "\r\n"));
  same("a byte-order mark", "\xef\xbb\xbf" + small_ratings());
  same("a byte-order mark and a header", "\xef\xbb\xbfuserId,movieId,rating\r\n" + separated(",", "\r\n"));
  same("a header", "user,item,rating\n" + small_ratings());
  same("a header in another order",
       "rating,when,item,user\n" +
           rewritten([](const auto& u, const auto& i, const auto& r) { return r + ",17," + i + "," + u + "\n"; }));
  same("quoted fields", rewritten([](const auto& u, const auto& i, const auto& r) {
         return "\"" + u + "\",\"" + i + "\"," + r + ",\"a, \"\"b\"\"\"\n";
       }));
  same("Excel's line for the separator", "sep=;\r\n" + separated(";", "\r\n"));
  same("NumPy's header", "# user item rating\n" + separated(" "));
  same("types behind names", "user_id:token,item_id:token,rating:float\n" + small_ratings());
  same("line breaks inside quotes", separated(",", ",\"so\n1,2,3\"\n"));
  same("no line end at the end", small_ratings().substr(0, small_ratings().size() - 1));
  same("gzip", gzip(small_ratings()));
  same("zstd", zstd(separated("\t")));
  const std::string entries = separated(" ");
  same("Matrix Market", "%%MatrixMarket matrix coordinate real general\n% a comment\n30 20 " +
                            std::to_string(lines_of(entries).size()) + "\n" + entries);
  same("an odd separator", separated("@@"), {"--separator", "@@"});
  same("a named separator", separated("|"), {"--separator", "pipe"});
  const std::string turned =
      rewritten([](const auto& u, const auto& i, const auto& r) { return "x," + r + "," + u + "," + i + "\n"; });
  same("columns by number", turned, {"--columns", "3,4,2"});
  same("columns by name", "a,how much,who,what\n" + turned, {"--columns", "who,what,how much"});
  same("a header that looks like ratings", "1,2,3\n" + small_ratings(), {"--header"});
}

TEST_CASE("standard input and several files") {
  const std::string expected = model_of(small_ratings());
  const TemporaryFolder folder;
  const Words train{"train", "-o", "model", "--iterations", "2", "-q"};
  for (const std::string& bytes : {small_ratings(), gzip(small_ratings())}) {
    Words words = train;
    words.push_back("-");
    REQUIRE(run(folder, words, {.input = bytes}).code == 0);
    CHECK((read_bytes(folder / "model") == expected));
  }
  const std::string text = small_ratings();
  const std::size_t half = text.find('\n', text.size() / 2) + 1;
  write_bytes(folder / "a.csv", text.substr(0, half));
  std::string rest = text.substr(half);
  std::replace(rest.begin(), rest.end(), ',', '\t');
  write_bytes(folder / "b.gz", gzip(rest));
  Words words = train;
  words.insert(words.end(), {"a.csv", "b.gz"});
  REQUIRE(run(folder, words).code == 0);
  CHECK((read_bytes(folder / "model") == expected));
}

TEST_CASE("what was recognised is said on standard error") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", gzip("item;user;rating\nx;ann;3\ny;bob;4\n"));
  const Outcome outcome = run(folder, {"info", "r"});
  CHECK(outcome.code == 0);
  check_has(outcome.err,
            {"r: 2 lines, gzip, separated by ';', columns 2,1,3, header", "read 2 ratings, 2 users, 2 items"});
}

TEST_CASE("a file with nothing in it is left out, and said to be") {
  const TemporaryFolder folder;
  write_bytes(folder / "none", "user,item,rating\n");
  write_bytes(folder / "r", "a\tx\t1\nb\ty\t5\n");
  const Outcome outcome = run(folder, {"info", "none", "r"});
  CHECK(outcome.code == 0);
  check_has(outcome.err, {"none: left out, as there is nothing in it to read", "r: 2 lines", "read 2 ratings"});
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "1"}).code == 0);
  // The separator of what is written is that of the first file that has one.
  const Outcome predicted = run(folder, {"predict", "m", "none", "r", "-q"});
  CHECK(predicted.code == 0);
  check_has(predicted.out, {"a\tx\t"});
}

TEST_CASE("ids with line breaks come back as they went in") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "\"a\nb\",x,1\nc,\"y\r\nz\",5\n");
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "-t", "1"}).code == 0);
  const Outcome predicted = run(folder, {"predict", "m", "r", "-q"});
  CHECK(predicted.code == 0);
  check_has(predicted.out, {"\"a\nb\",x,", "c,\"y\r\nz\","});
}

TEST_CASE("repeated pairs are kept as asked") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "a,x,1\na,x,2\nb,y,5\na,x,6\n");
  const auto mean = [&](const std::string& which) {
    const Outcome outcome = run(folder, {"info", "r", "--json", "-q", "--duplicates", which});
    REQUIRE(outcome.code == 0);
    CHECK(Json::parse(outcome.out)["ratings"] == 2);
    return Json::parse(outcome.out)["mean"].get<double>();
  };
  CHECK(mean("first") == 3);
  CHECK(mean("last") == 5.5);
  CHECK(mean("mean") == 4);
}

TEST_CASE("predict gives ids back as they came, in order, with the separator of the pairs") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "user,item,rating\n\"Ann, \"\"A\"\"\",Café,3\n007, x ,4\n7,\"x;y\",5\n7,Café,2\n");
  REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "--rank", "2"}).code == 0);
  const std::string pairs = "7,Café\n\"Ann, \"\"A\"\"\",\"x;y\"\n007,Café\n7,Café\n";
  const Outcome outcome = run(folder, {"predict", "m", "-", "-q"}, {.input = pairs});
  REQUIRE(outcome.code == 0);
  const Words expected = lines_of(pairs);
  const Words found = lines_of(outcome.out);
  REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    CHECK(found[k].substr(0, expected[k].size() + 1) == expected[k] + ",");
    CHECK(std::stod(found[k].substr(expected[k].size() + 1)) >= 2);
    CHECK(std::stod(found[k].substr(expected[k].size() + 1)) <= 5);
  }
  CHECK(found[0] == found[3]);
  // Other forms of the same pairs give the same predictions.
  const std::string tabs = "item\tuser\nCafé\t7\n";
  const Outcome other = run(folder, {"predict", "m", "-", "-q"}, {.input = tabs});
  CHECK(other.out == "7\tCafé\t" + found[0].substr(found[0].rfind(',') + 1) + "\n");
  const Outcome columns = run(folder, {"predict", "m", "-", "-q", "--columns", "3,2"}, {.input = "0,Café,7\n"});
  CHECK(columns.out == found[0] + "\n");
}

}  // namespace
}  // namespace odot::test
