// What is checked of a file's first lines holds for all of them.
#include <doctest/doctest.h>

#include "odot/core/parallel.hpp"
#include "ratings/text/collect.hpp"
#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

std::string lines_before(const std::string& end = "\n") {
  std::string text;
  for (int k = 1; k <= 40; ++k) text += std::to_string(k) + ",7,3" + end;
  return text;
}

TEST_CASE("carriage returns inside a line") {
  for (const std::string line : {"41,7,3\r42,7,3", "41,7\r,3", "\r41,7,3\r\r", "4\r1,7,3"}) {
    CAPTURE(line);
    check_words(error_of(lines_before() + line + "\n99,7,3\n"), {"FILE:41: found a carriage return inside a line"});
  }
  const std::string wide = lines_before(",978300760\n");
  for (const std::string line : {"41,7,3,x\r42,7,3,y", "41,7,3,9\r42", "41,7,3,\r"}) {
    CAPTURE(line);
    check_words(error_of(wide + line + "\r\n" + wide), {"FILE:41: found a carriage return inside a line"});
  }
  check_words(error_of("1,2,3\r4,5,6\r7,8,9"), {"FILE:1: found a carriage return inside a line"});
  check_words(error_of("user,item,rating\r1,2,3\r4,5,6\r"), {"FILE:1: found a carriage return inside a line"});
  // Of two bad lines, the first is named.
  check_words(error_of("1,2,3\n1,3,bad\n1,4,3\r1,5,3\n"), {"FILE:2: found \"bad\""});
  // In quotes it is text, and at the end of the file it ends a line.
  CHECK(rows(read_text("1,2,3,\"a\rb\"\n1,3,4,c\r").list) == std::vector<Row>{{"1", "2", 3}, {"1", "3", 4}});
}

TEST_CASE("byte-order marks of files that were joined") {
  const std::string mark = "\xef\xbb\xbf";
  for (const std::string line : {"1,8,4", "\"1\",8,4", "1,\"8\",4"}) {
    CAPTURE(line);
    const ReadResult result = read_text(mark + mark + lines_before() + mark + line + "\n");
    CHECK(result.list.users.size() == 40);
    CHECK(rows(result.list).back() == Row{"1", "8", 4});
  }
}

TEST_CASE("header lines of files that were joined") {
  const std::string header = "user,item,rating\n";
  check_words(error_of(header + lines_before() + header + "1,8,4\n"), {"FILE:42: found the header line again"});
  check_words(error_of("\xef\xbb\xbf" + header + lines_before() + "\xef\xbb\xbf" + header),
              {"FILE:42: found the header"});
  check_words(error_of("user,item\n1,2\n2,3\nuser,item\n4,5\n", {.pairs_only = true}),
              {"FILE:4: found the header line again"});
  // The first file may have none, and no number tells where pairs are all that is read.
  const ReadSettings pairs{.pairs_only = true};
  for (const std::string names : {"user,item", "userId,movieId", "\"User ID\",\"Item ID\""}) {
    CAPTURE(names);
    check_words(error_of("1,2\n3,4\n" + names + "\n5,6\n", pairs),
                {"FILE:3: found the names of columns, ", "expected user and item"});
    CHECK(read_text("1,2\n3,4\n" + names + "\n5,6\n", {.header = false, .pairs_only = true}).list.users.size() == 4);
  }
  CHECK(error_of("ann,book 1\nuser,x\nu,i\nx,item\n", {.separator = ",", .header = false, .pairs_only = true}).empty());
  CHECK(error_of("ann,x1\nuser,x\nu,i\nx,item\n", pairs).empty());
}

TEST_CASE("line breaks inside quotes") {
  const std::vector<Row> expected{{"1", "2", 3}, {"1", "3", 4}, {"2", "2", 5}};
  CHECK(rows(read_text("1,2,3,\"fine\"\n1,3,4,\"goes on\n1,4,5,here\"\n2,2,5,\"\"\n").list) == expected);
  CHECK(rows(read_text("1;2;3;\"a\r\n\r\n\"\"b\"\"\r\n\"\r\n1;3;4;c\r\n2;2;5;d\r\n").list) == expected);
  CHECK(rows(read_text("user,item,rating,\"what\nwas said\"\n1,2,3,a\n1,3,4,b\n2,2,5,c\n").list) == expected);
  CHECK(rows(read_text("\"a\nb\",\"x\n\"\"\",3\n").list) == std::vector<Row>{{"a\nb", "x\n\"", 3}});
  CHECK(rows(read_text("\"a\nb\"\tx\t3\nc\ty\t4\n").list) == std::vector<Row>{{"a\nb", "x", 3}, {"c", "y", 4}});
  // Lines are counted as they are.
  check_words(error_of("1,2,3,\"a\n\n\"\n1,3,x,b\n"), {"FILE:4: found \"x\""});
  check_words(error_of("1,2,3,\"a\nb\"\n1,3,4,b\n1,2,5,c\n"),
              {"FILE:4: found a second rating", "the first is at FILE:1"});
}

TEST_CASE("a quote that does not belong there takes no lines away") {
  check_words(error_of("1,2,3,\"a\n1,3,4,b\n1,4,5,c\n"), {"FILE:1: found a quote that is not closed"});
  check_words(error_of(lines_before(",a\n") + "1,8,3,\"a\n1,9,4,\"b\"\n"),
              {"FILE:41: found \"b\"\" after a quote that was opened on an earlier line"});
}

TEST_CASE("line breaks inside quotes, in pieces of any size on any number of threads") {
  std::string text;
  std::size_t line = 1;
  std::vector<std::size_t> lines;
  for (int k = 0; k < 3000; ++k) {
    lines.push_back(line);
    text += std::to_string(k % 50) + "," + std::to_string(k) + "," + std::to_string(k % 5) + ",\"";
    for (int n = 0; n < k % 7; ++n, ++line) text += "1,2,3,said \"\"" + std::to_string(n) + "\"\"\n";
    text += "\"\n";
    ++line;
  }
  const TemporaryFiles files;
  const std::string path = files.write("ratings", text);
  const reading::Source source(path);
  const reading::Format format = reading::recognise(source.text(), path, {});
  CHECK(format.width == 4);
  const int before = threads();
  for (const int count : {1, 3}) {
    set_threads(count);
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{60}, std::size_t{1000}, std::size_t{1} << 18}) {
      CAPTURE(bytes);
      reading::Collector collector;
      CHECK(collector.add(source, format, bytes) == lines.size());
      bool right = collector.list().ratings.size() == lines.size();
      for (std::size_t k = 0; right && k < lines.size(); ++k)
        right = collector.list().items[collector.list().ratings.item[k]] == std::to_string(k) &&
                collector.list().ratings.value[k] == static_cast<Real>(k % 5) &&
                collector.place(k) == path + ":" + std::to_string(lines[k]);
      CHECK(right);
    }
  }
  set_threads(before);
  check_words(error_of(text + "1,1,1,\"open\n" + lines_before(",x\n")),
              {"FILE:" + std::to_string(line) + ": found a quote that is not closed"});
}

}  // namespace
}  // namespace odot
