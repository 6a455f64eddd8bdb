// Files that are no text of ratings, or nearly: what the message advises, and what is read all the same.
#include <doctest/doctest.h>

#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;
using namespace std::string_literals;

TEST_CASE("files of other kinds, with the command that helps") {
  check_words(error_of("PK\x03\x04\x14\0\0\0"s),
              {"FILE: found a zip archive, expected text", "unzip -p FILE MEMBER |"});
  check_words(error_of("\xfd\x37zXZ\0\0"s), {"FILE: found xz data", "xz -dc FILE |"});
  check_words(error_of("BZh91AY&SY\0\x01"s), {"FILE: found bzip2 data", "bzip2 -dc FILE |"});
  check_words(error_of("\x1f\x9d\x90\0\x01"s), {"FILE: found data of compress", "gzip -dc FILE |"});
  check_words(error_of(gzip(gzip("1,2,3\n"))), {"FILE: found gzip data inside", "gzip -dc"});
  std::string tar = "ratings.csv" + std::string(246, '\0') + "ustar\0"s + "00" + std::string(247, '\0') + "1,2,3\n";
  check_words(error_of(tar), {"FILE: found a tar archive", "tar -xOf FILE MEMBER |"});
  check_words(error_of(gzip(tar)), {"FILE: found a tar archive"});
  check_words(error_of("{\"user\": 1, \"item\": 2, \"rating\": 3}\n{\"user\": 2}\n"), {"FILE: found JSON", "jq -r"});
  check_words(error_of("[\n  {\"user\": 1}\n]\n"), {"FILE: found JSON", "jq -r '.[]"});
  check_words(error_of("[1, \"a\", 3]\n[2, \"b\", 4]\n"), {"FILE: found JSON", "jq -r @csv"});
  check_words(error_of("\n<!DOCTYPE html>\n<html><body>Not found</body></html>\n"), {"FILE: found an HTML page"});
  check_words(error_of("<html>\n<p>1,2,3</p>\n"), {"FILE: found an HTML page"});
  check_words(error_of("<?xml version=\"1.0\"?>\n<a/>\n"), {"FILE: found an XML file"});
  check_words(error_of("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
              {"FILE: found a pointer of git-lfs", "git lfs pull"});
  check_words(error_of("<!-- page -->\n<p>1,2,3</p>\n"), {"FILE: found an HTML page"});
  CHECK(error_of("{a},b,3\n[c],d,4\n<e>,f,5\nversion,g,1\n").empty());
  CHECK(error_of("[1],b,3,[d]\n[2],c,4,[e]\n").empty());
}

TEST_CASE("text of two and four bytes a letter, with and without a mark") {
  const auto wide = [](const std::string& text, std::size_t before, std::size_t after) {
    std::string out;
    for (const char c : text) out += std::string(before, '\0') + c + std::string(after, '\0');
    return out;
  };
  const std::string text = "1,2,3\n2,3,4\n";
  check_words(error_of(wide(text, 0, 1)), {"FILE: found UTF-16 text, expected UTF-8 (iconv -f UTF-16LE -t UTF-8"});
  check_words(error_of(wide(text, 1, 0)), {"iconv -f UTF-16BE"});
  // Letters that are not Latin have other bytes than zero.
  const std::string cyrillic = "\x3f\x04\x3e\x04";
  check_words(error_of(cyrillic + wide(",1,3\n", 0, 1) + cyrillic + wide(",2,5\n", 0, 1)), {"iconv -f UTF-16LE"});
  check_words(error_of("\xff\xfe" + wide(text, 0, 1)), {"found UTF-16 text", "iconv -f UTF-16 "});
  check_words(error_of(wide(text, 0, 3)), {"found UTF-32 text", "iconv -f UTF-32LE"});
  check_words(error_of(wide(text, 3, 0)), {"found UTF-32 text", "iconv -f UTF-32BE"});
  check_words(error_of("\xff\xfe\0\0"s + wide(text, 0, 3)), {"found UTF-32 text", "iconv -f UTF-32 "});
}

TEST_CASE("lines before the ratings") {
  const std::vector<Row> expected{{"1", "10", 5}, {"2", "20", 4}};
  // NumPy's header, and the line by which Excel knows the separator.
  CHECK(rows(read_text("# item rating user\n10 5 1\n20 4 2\n").list) == expected);
  CHECK(rows(read_text("#user,item,rating\n1,10,5\n2,20,4\n").list) == expected);
  for (const std::string first : {"sep=;\n", "SEP=;\r\n", "\xef\xbb\xbf\"sep=;\"\n"}) {
    CAPTURE(first);
    CHECK(rows(read_text(first + "1;10;5\n2;20;4\n").list) == expected);
    CHECK(rows(read_text(first + "rating;user;item\n5;1;10\n4;2;20\n").list) == expected);
    check_words(error_of(first + "1;10;5\n2;20;x\n"), {"FILE:3: found \"x\""});
  }
  CHECK(rows(read_text("#1,10,5\n2,20,4\n").list) == std::vector<Row>{{"#1", "10", 5}, {"2", "20", 4}});
  check_words(error_of("# written yesterday\n1 10 5\n2 20 4\n"), {"FILE:1: found", "grep -v '^#' leaves out comments"});
  check_words(error_of("1 10 5\n# later\n2 20 4\n"), {"FILE:2: found", "leaves out comments"});
  check_words(error_of("1,10,5\n# a,b,c\n2,20,4\n"), {"FILE:2: found", "leaves out comments"});
  for (const std::string mark : {"#", "%", "//", "--"}) {
    CAPTURE(mark);
    check_words(error_of(mark + " by hand\n1 10 5\n2 20 4\n"), {"grep -v '^" + mark + "' leaves out comments"});
    check_words(error_of(mark + " by hand\n1,10,5\n2,20,4\n"), {"grep -v '^" + mark + "' leaves out comments"});
    check_words(error_of("1 10 5\n" + mark + " by\n2 20 4\n"), {"grep -v '^" + mark + "' leaves out comments"});
  }
  check_words(error_of("My ratings\nuser,item,rating\n1,10,5\n"),
              {"FILE:1: found \"My ratings\", expected user, item and rating separated by \",\" as in line 2",
               "tail -n +2 leaves out a title"});
}

TEST_CASE("separators of thousands") {
  check_words(error_of("1;2;1,234\n"), {"FILE:1: found \"1,234\" as the rating", ": 1234 or 1.234"});
  check_words(error_of("a,b,\"1,234\"\n"), {"FILE:1: found \"1,234\" as the rating", ": 1234 or 1.234"});
  check_words(error_of("1;2;3\n1;3;1,234,567\n"),
              {"FILE:2:", "expected a number without separators of thousands: 1234567"});
  check_words(error_of("1;2;3\n1;3;-1,234.5\n"), {"without separators of thousands: -1234.5"});
  check_words(error_of("1;2;3\n1;3;1.234,5\n"), {"without separators of thousands: 1234.5"});
  check_words(error_of("1;2;3\n1;3;1'234\n"), {"without separators of thousands: 1234"});
  check_words(error_of("1;2;3\n1;3;1 234\n"), {"without separators of thousands: 1234"});
  check_words(error_of("1;2;3\n1;3;3,5\n"), {"expected a number with a decimal point: 3.5"});
  check_words(error_of("1;2;3\n1;3;0,125\n"), {"expected a number with a decimal point: 0.125"});
  CHECK(error_of("1;2;1.234\n").empty());
}

TEST_CASE("files with nothing in them among others") {
  const TemporaryFiles files;
  const std::string full = files.write("full", "user,item,rating\n1,10,5\n2,20,4\n");
  const std::vector<std::string> none{files.write("none", ""), files.write("blank", "\n \n"),
                                      files.write("header", "user,item,rating\n"), files.write("packed", gzip("")),
                                      files.write("matrix", "%%MatrixMarket matrix coordinate real general\n2 2 0\n")};
  for (const std::string& empty : none) {
    CAPTURE(empty);
    for (const bool first : {false, true}) {
      const ReadResult result = read_ratings(first ? std::vector{empty, full} : std::vector{full, empty});
      CHECK(result.list.ratings.size() == 2);
      CHECK(result.sources.at(first ? 0 : 1).kind == "empty");
      CHECK(result.sources.at(first ? 0 : 1).path == empty);
    }
    CHECK_THROWS_WITH_AS(read_ratings({empty}), doctest::Contains(empty.c_str()), Error);
  }
  CHECK_THROWS_WITH_AS(read_ratings({none[0], none[1]}), doctest::Contains("none: found an empty file"), Error);
}

}  // namespace
}  // namespace odot
