// Every kind of bad input: what the message says.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

std::string error_of_path(const std::string& path) {
  try {
    read_ratings({path});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("files that cannot be opened or have nothing in them") {
  const TemporaryFiles files;
  check_words(error_of_path(files.path("none")), {files.path("none") + ": found no such file, expected"});
  check_words(error_of_path(files.path("")), {": found a directory, expected a file"});
  check_words(error_of(""), {"FILE: found an empty file, expected ratings"});
  check_words(error_of("\n \r\n\n"), {"FILE: found only blank lines, expected ratings"});
  check_words(error_of("\xef\xbb\xbf"), {"FILE: found only blank lines"});
  check_words(error_of(gzip("")), {"FILE: found an empty file inside the compression"});
  check_words(error_of("user,item,rating\n\n"), {"FILE: found only a header line, expected ratings"});
  check_words(error_of("a,b,3\n", {.header = true}), {"FILE: found only a header line"});
  CHECK_THROWS_AS(read_ratings({}), Error);
  CHECK_THROWS_WITH_AS(read_ratings({"-", "-"}), doctest::Contains("standard input"), Error);
}

TEST_CASE("no permission") {
  const TemporaryFiles files;
  const std::string path = files.write("secret", "1,2,3\n");
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  const bool root = ::geteuid() == 0;
  constexpr uid_t kNobody = 65534;
  if (root) REQUIRE(::seteuid(kNobody) == 0);  // root may read anything
  const std::string message = error_of_path(path);
  if (root) REQUIRE(::seteuid(0) == 0);
  check_words(message, {path + ": found no permission to read it, expected"});
}

// What is thrown where a text is read with these settings.
Error thrown_by(const std::string& text, const ReadSettings& settings = {}) {
  const TemporaryFiles files;
  try {
    read_ratings({files.write("FILE", text)}, settings);
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return Error("");
}

TEST_CASE("errors are of the setting that is wrong, or name the one that helps; others are about the data") {
  const auto check = [](const Error& error, ErrorKind kind, const std::string& setting) {
    CAPTURE(error.what());
    CHECK(error.kind() == kind);
    CHECK(error.setting() == setting);
    CHECK(std::string(error.what()).substr(error.setting_at(), setting.size()) == setting);
  };
  const std::string text = "1,2,3\n";
  check(thrown_by(text, {.separator = ""}), ErrorKind::usage, "separator");
  check(thrown_by(text, {.columns = {{"0", "1", "2"}}}), ErrorKind::usage, "columns");
  check(thrown_by(text, {.columns = {{"a", "b", "c"}}, .header = false}), ErrorKind::usage, "columns");
  check(thrown_by(text, {.columns = {{"a", "b", "c"}}}), ErrorKind::data, "columns");
  check(thrown_by("when;film;who;stars\n1;a;b;3\n"), ErrorKind::data, "columns");
  check(thrown_by("user,item,rating\n1,2,3,4\n"), ErrorKind::data, "columns");
  check(thrown_by("a,b,good\nc,d,3\n"), ErrorKind::data, "header");
  check(thrown_by("a\nb\n"), ErrorKind::data, "separator");
  check(thrown_by("1,2,3\n1,2,4\n"), ErrorKind::data, "duplicates");
  check(thrown_by("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 1\n", {.header = true}), ErrorKind::data,
        "header");
  check(thrown_by("1,2,3\n1,2\n"), ErrorKind::data, "");
  const auto kind_of = [](const std::vector<std::string>& paths) {
    try {
      read_ratings(paths);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::numerical;
  };
  CHECK(kind_of({"/nowhere/none"}) == ErrorKind::system);
  CHECK(kind_of({"/"}) == ErrorKind::data);
  CHECK(kind_of({"-", "-"}) == ErrorKind::usage);
  CHECK(kind_of({}) == ErrorKind::usage);
}

TEST_CASE("missing columns") {
  check_words(error_of("1,2,3\n1,3\n"), {"FILE:2: found 2 columns in \"1,3\", expected at least 3 separated by \",\""});
  check_words(error_of("1,2\n3,4\n"), {"FILE:1: found 2 columns in \"1,2\", expected at least 3"});
  check_words(error_of("1\t2\t3\n\n1\n"), {"FILE:3: found 1 column in \"1\", expected at least 3 separated by a tab"});
  check_words(error_of("hello\nworld\n"), {"FILE:1: found \"hello\", expected user, item and rating separated by"});
  check_words(error_of("hello\nworld\n", {.pairs_only = true}), {"FILE:1: found \"hello\", expected user and item"});
  check_words(error_of("1,2,3\n4,5,6\n", {.separator = ";"}),
              {"FILE:1: found 1 column in \"1,2,3\", expected at least 3 separated by \";\""});
  check_words(error_of("1,2,3\n4,5,6\n", {.columns = {{"1", "2", "4"}}}), {"FILE:1: found 3 columns", "at least 4"});
  check_words(error_of("1,2,3\n,5,6\n"), {"FILE:2: found an empty user in \",5,6\", expected an id in column 1"});
  check_words(error_of("1,2,3\n4,\"\",6\n"), {"FILE:2: found an empty item", "column 2"});
  check_words(error_of("1::2::3::9\n1::2::::9\n"), {"FILE:2: found an empty rating, expected a number"});
  check_words(error_of("1,2\n1\n", {.pairs_only = true}), {"FILE:2: found 1 column", "at least 2"});
}

TEST_CASE("ratings that are no numbers") {
  check_words(error_of("1,2,3\n1,3,good\n"), {"FILE:2: found \"good\" as the rating, expected a number"});
  check_words(error_of("1,2,3\r\n1,3,4x\r\n"), {"FILE:2: found \"4x\" as the rating, expected a number"});
  for (const std::string word : {"nan", "NaN", "inf", "-inf", "Infinity"})
    check_words(error_of("1,2,3\n1,3," + word + "\n"),
                {"FILE:2: found \"" + word + "\" as the rating, expected a finite number"});
  check_words(error_of("1,2,1e999\n"),
              {"FILE:1: found \"1e999\" as the rating, expected a number of a size that fits"});
  if (sizeof(Real) == sizeof(float)) check_words(error_of("1,2,1e39\n"), {"FILE:1: found \"1e39\"", "size that fits"});
  check_words(error_of("1;2;3,5\n1;3;4,0\n"),
              {"FILE:1: found \"3,5\" as the rating, expected a number with a decimal point: 3.5"});
  check_words(error_of("1;2;3\n1;3;4,25\n"), {"FILE:2: found \"4,25\"", "decimal point: 4.25"});
  for (const std::string word : {"0x10", "+-3", "++3", "1 2", "--1", "1e", "+"})
    check_words(error_of("1,2,3\n1,3," + word + "\n"),
                {"FILE:2: found \"" + word + "\" as the rating, expected a number"});
}

TEST_CASE("a first line that may be a header") {
  check_words(
      error_of("when;film;who;stars\n1;a;b;3\n"),
      {"FILE:1: found no user among the columns \"when\" (a time), \"film\" (item), \"who\", \"stars\" (rating), "
       "expected user, item, rating (columns says which"});
  check_words(error_of("a,b,good\nc,d,3\n"),
              {"FILE:1: found \"good\" as the rating, expected a number", "header says so"});
  check_words(error_of("a,b,good\nc,d,3\n", {.header = false}),
              {"FILE:1: found \"good\" as the rating, expected a number"});
  CHECK(error_of("a,b,good\nc,d,3\n", {.header = false}).find("header says") == std::string::npos);
}

TEST_CASE("columns that are not there") {
  check_words(error_of("a,b,c\n1,2,3\n", {.columns = {{"a", "B", "rating"}}}),
              {"FILE:1: found no column \"rating\" among \"a\", \"b\", \"c\", expected"});
  check_words(error_of("a,b,b\n1,2,3\n", {.columns = {{"a", "b", "1"}}}), {"FILE:1: found more than one column \"b\""});
  check_words(error_of("1,2,3\n", {.columns = {{"0", "1", "2"}}}), {"counted from 1"});
  check_words(error_of("1,2,3\n", {.columns = {{"1", "1", "2"}}}), {"both user and item"});
  check_words(error_of("1,2,3\n", {.columns = {{"1", "2", ""}}}), {"does not say which column is the rating"});
  check_words(error_of("1,2,3\n", {.columns = {{"a", "b", "c"}}, .header = false}), {"header"});
  check_words(error_of("1,2,3\n", {.separator = ""}), {"separator is empty"});
  check_words(error_of("1,2,3\n", {.separator = "\""}), {"separator is"});
}

TEST_CASE("quotes that are not closed") {
  check_words(error_of("1,2,3\n\"1,2,3\n"),
              {"FILE:2: found a quote that is not closed: \"\"1,2,3\", expected a closing quote"});
  check_words(error_of("1,2,3\n\"1\"x,2,3\n"), {"FILE:2: found \"x,2,3\" after a closing quote, expected \",\""});
}

TEST_CASE("compressed data that are cut off or damaged") {
  std::string text;
  std::mt19937 random(1);
  for (int k = 0; k < 100000; ++k) text += std::to_string(k) + "," + std::to_string(random()) + ",3\n";
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    const std::string name = whole[0] == '\x1f' ? "gzip" : "zstd";
    CAPTURE(name);
    for (const std::size_t missing :
         {std::size_t{1}, std::size_t{3}, std::size_t{8}, whole.size() / 2, whole.size() - 5})
      check_words(error_of(whole.substr(0, whole.size() - missing)),
                  {"FILE: found " + name + " data that end too early, expected a complete file"});
    check_words(error_of(whole + whole.substr(0, 1000)), {"data that end too early"});
    check_words(error_of(whole + "more"), {"FILE: found damaged " + name + " data", "expected an intact file"});
  }
  std::string damaged = gzip(text);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  check_words(error_of(damaged), {"FILE: found damaged gzip data"});
  damaged = gzip(text);
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
  check_words(error_of(damaged), {"FILE: found damaged gzip data (incorrect data check)"});
  damaged = zstd(text);
  damaged[6] = static_cast<char>(damaged[6] ^ 0x55);
  check_words(error_of(damaged), {"FILE: found damaged zstd data"});
  check_words(error_of(gzip("1,2,3\n1,3,good\n")), {"FILE:2: found \"good\""});
}

TEST_CASE("binary data") {
  using namespace std::string_literals;
  check_words(error_of("1,2,3\n1,\0,3\n"s), {"FILE:2: found the byte 0x00 at offset 8", "not a text file"});
  check_words(error_of("1,2,3\n1,\x1b,3\n"s), {"FILE:2: found the byte 0x1b at offset 8", "not a text file"});
  std::string late;
  for (int k = 0; k < 500; ++k) late += std::to_string(k) + ",1,3\n";
  const std::string offset = std::to_string(late.size() + 2);
  check_words(error_of(late + "x\0,1,3\ny,z\n"s.insert(1, "y")), {"FILE:501: found the byte 0x00 at offset " + offset});
  check_words(error_of(late + "x,1\nx\0,1,3\n"s), {"FILE:501: found 2 columns"});
  std::mt19937 random(7);
  std::string noise;
  for (int k = 0; k < 100000; ++k) noise += static_cast<char>(random() & 0xff);
  check_words(error_of(noise), {"FILE:1: found the byte", "not a text file"});
  check_words(error_of("PK\x03\x04\x14\0\0\0"s), {"FILE: found a zip archive, expected text", "gzip or zstd"});
  check_words(error_of("\xfd\x37zXZ\0\0"s), {"FILE: found xz data"});
  check_words(error_of("BZh91AY&SY\0\x01"s), {"FILE: found bzip2 data"});
  check_words(error_of(gzip(gzip("1,2,3\n"))), {"FILE: found gzip data inside"});
  check_words(error_of("\x10\0\0\0\0\0\0\0{\"a\":         }"s), {"FILE: found what looks like a model file"});
  check_words(error_of("\xff\xfe"
                       "1\0,\0"s),
              {"FILE: found UTF-16 text, expected UTF-8"});
  check_words(error_of("1,2,3\r4,5,6\r"), {"FILE:1: found a carriage return inside a line"});
  // Found text is shown short and printable.
  const std::string message = error_of("1,2,3\n1,3,\xff\x7f" + std::string(1000, 'x') + "\n");
  check_words(message, {"FILE:2: found \"\\xff\\x7fxxx", "x…\" as the rating"});
  CHECK(message.size() < 200);
  // What cannot be seen is shown, too: a no-break space, a mark inside a line, a space of no width.
  for (const auto& [bytes, shown] : {std::pair{"\xc2\xa0", "\\xc2\\xa0"}, std::pair{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
                                     std::pair{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}})
    check_words(error_of("1,2,3\n1,3,4" + std::string(bytes) + "\n"),
                {"FILE:2: found \"4" + std::string(shown) + "\""});
  check_words(error_of("1,2,Café\n"), {"Café"});
}

TEST_CASE("text that begins like a known binary format is text") {
  CHECK(error_of("BZh,a,3\nBZh,b,4\n").empty());
  CHECK(error_of("PAR1,a,3\n").empty());
}

TEST_CASE("Matrix Market files that are no list of ratings") {
  const auto banner = [](const std::string& kind) { return "%%MatrixMarket matrix " + kind + "\n2 2 1\n1 1 1\n"; };
  check_words(error_of(banner("array real general")),
              {"FILE:1: found a Matrix Market file of kind \"array\", expected", "coordinate format"});
  check_words(error_of(banner("coordinate pattern general")), {"FILE:1:", "\"pattern\"", "give every entry a rating"});
  check_words(error_of(banner("coordinate complex general")), {"FILE:1:", "\"complex\""});
  check_words(error_of(banner("coordinate real symmetric")), {"FILE:1:", "\"symmetric\"", "both halves"});
  check_words(error_of(banner("coordinate real skew-symmetric")), {"FILE:1:", "\"skew-symmetric\""});
  check_words(error_of(banner("coordinate real")),
              {"FILE:1: found", "expected \"%%MatrixMarket matrix coordinate real general\""});

  const std::string good = "%%MatrixMarket matrix coordinate real general\n%\n";
  check_words(error_of(good), {"FILE: found no size line"});
  check_words(error_of(good + "2 2\n1 1 1\n"), {"FILE:3: found \"2 2\", expected the size line"});
  check_words(error_of(good + "2 2 0\n"), {"FILE:3: found a matrix without entries"});
  check_words(error_of(good + "2 2 2\n1 1 1\n"),
              {"FILE:5: found the end of the file after entry 1", "expected 2 as line 3 says"});
  check_words(error_of(good + "2 2 1\n1 1 1\n\n2 2 1\nx\n"), {"FILE:6: found more entries, expected 1 as line 3 says"});
  check_words(error_of(good + "2 3 2\n3 1 1\n1 1 1\n"),
              {"FILE:4: found \"3\" as the row number, expected a whole number from 1 to 2"});
  check_words(error_of(good + "2 3 2\n1 1 1\n1 4 1\n"),
              {"FILE:5: found \"4\" as the column number, expected a whole number from 1 to 3"});
  check_words(error_of(good + "2 3 2\n0 1 1\n1 1 1\n"), {"FILE:4: found \"0\" as the row number"});
  check_words(error_of(good + "2 3 2\n1.0 1 1\n1 1 1\n"), {"FILE:4: found \"1.0\" as the row number"});
  check_words(error_of(good + "2 3 2\n1 1 1\n1 2\n"), {"FILE:5: found 2 columns"});
  check_words(error_of(good + "2 3 2\n1 1 1\n1 2 abc\n"), {"FILE:5: found \"abc\" as the rating"});
  check_words(error_of(good + "2 3 2\n1 1 1\n1 1 2\n"), {"FILE:5: found a second rating"});
  check_words(error_of(good + "2 3 1\n1 1 1\n", {.separator = ","}), {"FILE:1:", "expected no separator for it"});
}

TEST_CASE("repeated pairs") {
  check_words(error_of("user,item,rating\n\nann,x,1\nbob,x,2\n\nann,y,3\nbob,x,4\nann,x,5\n"),
              {"FILE:7: found a second rating of item \"x\" by user \"bob\", expected one: the first is at FILE:4",
               "(duplicates first, last or mean"});
  // The earliest repetition is named, with the first of three places.
  check_words(error_of("a,x,1\nb,x,1\nb,y,1\na,y,1\nb,x,2\na,x,2\nb,x,3\n"), {"FILE:5: ", "the first is at FILE:2"});
  const TemporaryFiles files;
  const std::string a = files.write("a", "u,v,1\nu,w,1\n");
  const std::string b = files.write("b", "u\tx\t1\n\nu\tw\t2\n");
  CHECK_THROWS_WITH_AS(read_ratings({a, b}), doctest::Contains((b + ":3: found a second rating").c_str()), Error);
  CHECK_THROWS_WITH_AS(read_ratings({a, b}), doctest::Contains(("the first is at " + a + ":2").c_str()), Error);
  CHECK_THROWS_WITH_AS(read_ratings({a, a}), doctest::Contains((a + ":1: found a second rating").c_str()), Error);
}

}  // namespace
}  // namespace odot
