// Every format that is read.
#include "odot/ratings/read.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

const std::vector<Row> kThree{{"1", "10", 5}, {"1", "20", 3.5}, {"2", "10", 1}};

void check_format(const ReadResult& result, std::string_view separator, bool header) {
  REQUIRE(result.sources.size() == 1);
  CHECK(result.sources[0].separator == separator);
  CHECK(result.sources[0].header == header);
  CHECK(result.sources[0].kind == "delimited");
  CHECK(result.sources[0].ratings == result.list.ratings.size());
}

TEST_CASE("every separator is recognised, with and without timestamp, LF and CRLF") {
  for (const std::string separator : {"::", "\t", ",", ";", "|", " "}) {
    for (const std::string end : {"\n", "\r\n"}) {
      for (const std::string& tail : {std::string(), separator + "978300760"}) {
        for (const bool header : {false, true}) {
          CAPTURE(separator);
          CAPTURE(end);
          CAPTURE(tail);
          CAPTURE(header);
          std::string text;
          if (header)
            text = "userId" + separator + "movieId" + separator + "rating" +
                   (tail.empty() ? "" : separator + "timestamp") + end;
          for (const auto& [user, item, value] : kThree)
            text += user + separator + item + separator + (value == 3.5 ? "3.5" : value == 5 ? "5" : "1") + tail + end;
          const ReadResult whole = read_text(text);
          CHECK(rows(whole.list) == kThree);
          check_format(whole, separator, header);
          CHECK(whole.merged == 0);
          // The last line may lack its end.
          CHECK(rows(read_text(text.substr(0, text.size() - end.size())).list) == kThree);
          CHECK(rows(read_text("\xef\xbb\xbf" + text).list) == kThree);
          CHECK(rows(read_text(end + text + end + " " + end).list) == kThree);
        }
      }
    }
  }
}

TEST_CASE("a separator that also occurs inside fields") {
  // Commas in ids, decimal points, and a consistent number of commas.
  ReadResult result = read_text("a,b,c;x,1,2;3.5\nd,e,f;y,1,2;4\n");
  CHECK(rows(result.list) == std::vector<Row>{{"a,b,c", "x,1,2", 3.5}, {"d,e,f", "y,1,2", 4}});
  // Genres in a column that is not used; tabs there, too.
  result = read_text("1,2,3,Drama|War|Film\n2,2,4,Drama|War|Noir\n");
  CHECK(rows(result.list) == std::vector<Row>{{"1", "2", 3}, {"2", "2", 4}});
  result = read_text("1,2,3,a\tb\tc\n2,2,4,d\te\tf\n");
  CHECK(rows(result.list) == std::vector<Row>{{"1", "2", 3}, {"2", "2", 4}});
  // Spaces in ids; a different number of blanks on every line.
  result = read_text("Ann Lee,The Third Man,4\nBob,M,5\nCy D E,Ran,3\n");
  CHECK(rows(result.list) == std::vector<Row>{{"Ann Lee", "The Third Man", 4}, {"Bob", "M", 5}, {"Cy D E", "Ran", 3}});
  check_format(result, ",", false);
  result = read_text("  1   20\t3.5 \n2 20    4\n");
  CHECK(rows(result.list) == std::vector<Row>{{"1", "20", 3.5}, {"2", "20", 4}});
  result = read_text("std::a,x,1\nstd::b,x,2\n");
  CHECK(rows(result.list) == std::vector<Row>{{"std::a", "x", 1}, {"std::b", "x", 2}});
}

TEST_CASE("the separator can be given, in words or as it is") {
  ReadSettings settings;
  for (const auto& example : std::vector<std::pair<std::string, std::string>>{{"tab", "a b\tc,d\t1\n"},
                                                                              {"\\t", "a b\tc,d\t1\n"},
                                                                              {"\t", "a b\tc,d\t1\n"},
                                                                              {"comma", "a b,c;d,1\n"},
                                                                              {";", "a b;c,d;1\n"},
                                                                              {"<>", "a b<>c,d<>1\n"},
                                                                              {" - ", "a b - c,d - 1\n"},
                                                                              {"\x01",
                                                                               "a b\x01"
                                                                               "c,d\x01"
                                                                               "1\n"}}) {
    CAPTURE(example.first);
    settings.separator = example.first;
    const ReadResult result = read_text(example.second, settings);
    REQUIRE(result.list.ratings.size() == 1);
    CHECK(result.list.users[0] == "a b");
    CHECK(result.list.ratings.value[0] == 1);
  }
  settings.separator = "space";
  CHECK(rows(read_text("a,1 b;2 3\n", settings).list) == std::vector<Row>{{"a,1", "b;2", 3}});
}

TEST_CASE("quoted fields") {
  for (const std::string s : {"::", "\t", ",", ";", "|", " "}) {
    CAPTURE(s);
    const std::string text = "\"a\"" + s + "\"x \"\"y\"\" " + s + " z\"" + s + "\"4.5\"\n" + "b" + s + "\" x\"" + s +
                             "2\n" + "\"a\"" + s + "x" + s + "1\nb" + s + "\"x \"\"y\"\" " + s + " z\"" + s + "3\n";
    const ReadResult result = read_text(text);
    const std::string odd = "x \"y\" " + s + " z";
    CHECK(rows(result.list) == std::vector<Row>{{"a", odd, 4.5}, {"b", " x", 2}, {"a", "x", 1}, {"b", odd, 3}});
    CHECK(result.list.items.size() == 3);
  }
  // Blanks around quotes; a quote inside an unquoted field stands for itself; so does one in an unused column after
  // tabs.
  CHECK(rows(read_text(" \"a\" , 6\" tall , 3\n").list) == std::vector<Row>{{"a", "6\" tall", 3}});
  CHECK(rows(read_text("a\tb\t3\t\"never closed\nc\tb\t4\t5\n").list) ==
        std::vector<Row>{{"a", "b", 3}, {"c", "b", 4}});
  CHECK(rows(read_text("a,b,3,\"it, closed\" and on\nc,b,4,5\n").list) ==
        std::vector<Row>{{"a", "b", 3}, {"c", "b", 4}});
  // A quoted separator before the columns that are used.
  ReadSettings settings;
  settings.columns = {"2", "3", "4"};
  CHECK(rows(read_text("\"p,q\",a,b,3\nr,c,b,4\n", settings).list) == std::vector<Row>{{"a", "b", 3}, {"c", "b", 4}});
}

TEST_CASE("ids come back byte for byte") {
  const ReadResult result = read_text(
      "007,Amélie,1\n7,\xff\xfe!,2\n+7,  in between  ,3\n7.0,12345678,4\n7,123456789,5\n"
      "12,ab,1\n1,2ab,1\n123,a,1\n1234,a,1\n12345,a,1\n1234567,a,1\n12341234,a,1\n12344321,a,1\n");
  const auto found = rows(result.list);
  CHECK(std::vector<Row>(found.begin(), found.begin() + 5) == std::vector<Row>{{"007", "Amélie", 1},
                                                                               {"7", "\xff\xfe!", 2},
                                                                               {"+7", "in between", 3},
                                                                               {"7.0", "12345678", 4},
                                                                               {"7", "123456789", 5}});
  CHECK(result.list.users.size() == 12);
}

TEST_CASE("numbers in every spelling") {
  const ReadResult result =
      read_text("1,1,+4\n1,2,-0.5\n1,3,1e2\n1,4,.25\n1,5,5.\n1,6,0\n1,7,\" 3 \"\n1,8,1E-1\n", {.header = false});
  CHECK(result.list.ratings.value ==
        std::vector<Real>{4, Real(-0.5), 100, Real(0.25), 5, 0, 3, static_cast<Real>(0.1)});
}

TEST_CASE("a header's names say which columns are used") {
  const std::vector<Row> expected{{"u1", "i1", 4}, {"u2", "i1", 2}};
  CHECK(rows(read_text("rating,User ID,timestamp,MOVIE_ID\n4,u1,99,i1\n2,u2,99,i1\n").list) == expected);
  CHECK(rows(read_text("\"User-ID\";\"ISBN\";\"Book-Rating\"\n\"u1\";\"i1\";\"4\"\n\"u2\";\"i1\";\"2\"\n").list) ==
        expected);
  CHECK(rows(read_text("id\tasin\treviewerID\toverall\n1\ti1\tu1\t4\n2\ti1\tu2\t2\n").list) == expected);
  CHECK(rows(read_text(",user_id,item_id,stars\n0,u1,i1,4\n1,u2,i1,2\n").list) == expected);
  // Two columns that may be the item: the one that is called so.
  const ReadResult result = read_text("user,movie,rating,item\nu1,m,4,i1\nu2,m,2,i1\n");
  CHECK(rows(result.list) == expected);
  CHECK(result.sources[0].header);
}

TEST_CASE("what is a header and what is not") {
  // Words where the next line has numbers, one of them unknown.
  ReadResult result = read_text("Benutzer,item,rating\n1,2,3\n4,5,6\n");
  CHECK(rows(result.list) == std::vector<Row>{{"1", "2", 3}, {"4", "5", 6}});
  check_format(result, ",", true);
  // A rating on the first line: no header, whatever the ids are called.
  result = read_text("user,item,3\n1,2,3\n");
  CHECK(rows(result.list) == std::vector<Row>{{"user", "item", 3}, {"1", "2", 3}});
  check_format(result, ",", false);
  // By order of the user.
  ReadSettings settings;
  settings.header = true;
  result = read_text("1,2,3\n4,5,6\n", settings);
  CHECK(rows(result.list) == std::vector<Row>{{"4", "5", 6}});
  result = read_text("wer,was,wie\na,b,6\n", settings);
  CHECK(rows(result.list) == std::vector<Row>{{"a", "b", 6}});
}

TEST_CASE("columns by number and by name") {
  ReadSettings settings;
  settings.columns = {"4", "1", "3"};
  CHECK(rows(read_text("i1,x,4,u1\ni1,x,2,u2\n", settings).list) == std::vector<Row>{{"u1", "i1", 4}, {"u2", "i1", 2}});
  CHECK(rows(read_text("user,b,rating,d\ni1,x,4,u1\n", settings).list) == std::vector<Row>{{"u1", "i1", 4}});
  settings.columns = {"Wer", "was", "wie sehr"};
  const ReadResult result = read_text("was;wer;wann;Wie Sehr\ni1;u1;7;4\ni2;u1;7;5\n", settings);
  CHECK(rows(result.list) == std::vector<Row>{{"u1", "i1", 4}, {"u1", "i2", 5}});
  check_format(result, ";", true);
  CHECK(result.sources[0].columns == std::array<std::size_t, 3>{1, 0, 3});
  // Upper and lower case tell names apart where they must.
  settings.columns = {"A", "a", "3"};
  CHECK(rows(read_text("a,A,b\nx,y,1\n", settings).list) == std::vector<Row>{{"y", "x", 1}});
}

TEST_CASE("Matrix Market coordinate files") {
  const std::string body = "% a comment\n%\n\n3 4 3\n1 4 2.5\n\n3 1 -1e0\n  2\t2  4 \n";
  const std::vector<Row> expected{{"1", "4", 2.5}, {"3", "1", -1}, {"2", "2", 4}};
  for (const std::string banner :
       {"%%MatrixMarket matrix coordinate real general\n", "%%matrixmarket MATRIX Coordinate Integer GENERAL\r\n"}) {
    const ReadResult result = read_text(banner + body);
    CHECK(rows(result.list) == expected);
    CHECK(result.sources[0].kind == "matrix-market");
    CHECK(result.sources[0].ratings == 3);
    CHECK(read_text(banner + body, {.pairs_only = true}).list.ratings.value.empty());
  }
}

TEST_CASE("gzip and zstd are recognised by content, in one part or several") {
  std::string text;
  std::vector<Row> expected;
  for (int k = 0; k < 200000; ++k) {
    text += std::to_string(k % 1000) + "\t" + std::to_string(k / 1000) + "\t" + std::to_string(k % 7) + "\n";
    expected.emplace_back(std::to_string(k % 1000), std::to_string(k / 1000), k % 7);
  }
  const std::size_t half = text.size() / 2;
  const std::string_view first = std::string_view(text).substr(0, half);
  const std::string_view second = std::string_view(text).substr(half);
  for (const auto& example : std::vector<std::pair<std::string, std::string>>{
           {"gzip", gzip(text)},
           {"gzip", gzip(first) + gzip(second)},
           {"gzip", gzip(first) + gzip("") + gzip(second) + std::string(1000, '\0')},
           {"zstd", zstd(text)},
           {"zstd", zstd(first) + zstd(second)},
           {"zstd", std::string("\x50\x2a\x4d\x18\x03\0\0\0abc", 11) + zstd(text)}}) {
    CAPTURE(example.first);
    const ReadResult result = read_text(example.second);
    CHECK(result.sources[0].compression == example.first);
    CHECK((rows(result.list) == expected));
  }
  CHECK(read_text("1,2,3\n").sources[0].compression == "none");
}

TEST_CASE("several files make one list") {
  const TemporaryFiles files;
  const std::string a = files.write("a", "u1,i1,1\nu2,i2,2\n");
  const std::string b = files.write("b", gzip("user\titem\trating\nu2\ti1\t3\nu3\ti2\t4\n"));
  const ReadResult result = read_ratings({a, b});
  CHECK(rows(result.list) == std::vector<Row>{{"u1", "i1", 1}, {"u2", "i2", 2}, {"u2", "i1", 3}, {"u3", "i2", 4}});
  REQUIRE(result.sources.size() == 2);
  CHECK(result.sources[0].path == a);
  CHECK(result.sources[1].path == b);
  CHECK(result.sources[1].header);
  CHECK(result.sources[0].ratings == 2);
  CHECK(result.sources[1].ratings == 2);
}

TEST_CASE("standard input and pipes") {
  std::string text;
  for (int k = 0; k < 50000; ++k) text.append("u").append(std::to_string(k)).append(",i,3\n");
  for (const std::string& bytes : {text, gzip(text)}) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    std::thread writer([&] {
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::write(pipe[1], bytes.data() + at, bytes.size() - at);
        if (count <= 0) break;
        at += static_cast<std::size_t>(count);
      }
      ::close(pipe[1]);
    });
    const int before = ::dup(STDIN_FILENO);
    ::dup2(pipe[0], STDIN_FILENO);
    ::close(pipe[0]);
    const ReadResult result = read_ratings({"-"});
    ::dup2(before, STDIN_FILENO);
    ::close(before);
    writer.join();
    CHECK(result.list.ratings.size() == 50000);
    CHECK(result.list.users[49999] == "u49999");
    CHECK(result.sources[0].path == "-");
  }
}

TEST_CASE("pairs without ratings") {
  ReadSettings settings;
  settings.pairs_only = true;
  const std::vector<Row> expected{{"1", "10", 0}, {"2", "20", 0}, {"1", "10", 0}};
  for (const std::string s : {"::", "\t", ",", ";", "|", " "}) {
    CAPTURE(s);
    const std::string text = "1" + s + "10\n2" + s + "20\n1" + s + "10\n";
    const ReadResult result = read_text(text, settings);
    CHECK(rows(result.list) == expected);
    CHECK(result.list.ratings.value.empty());
    check_format(result, s, false);
    check_format(read_text("user" + s + "item\n" + text, settings), s, true);
    check_format(read_text("wer" + s + "item\n" + text, settings), s, true);
  }
  // A third column is not looked at, be it a number or none.
  CHECK(rows(read_text("1,10,x\n2,20,nan\n1,10,\n", settings).list) == expected);
  CHECK(rows(read_text("item,rating,user\n10,4,1\n20,4,2\n10,4,1\n", settings).list) == expected);
  settings.columns = {"b", "a", ""};
  CHECK(rows(read_text("a,b\n10,1\n20,2\n10,1\n", settings).list) == expected);
}

TEST_CASE("repeated pairs can be merged") {
  const std::string text = "a,x,1\nb,x,2\na,y,3\na,x,4\nb,x,4\na,x,10\n";
  ReadSettings settings;
  settings.duplicates = Duplicates::first;
  ReadResult result = read_text(text, settings);
  CHECK(rows(result.list) == std::vector<Row>{{"a", "x", 1}, {"b", "x", 2}, {"a", "y", 3}});
  CHECK(result.merged == 3);
  CHECK(result.sources[0].ratings == 6);
  settings.duplicates = Duplicates::last;
  CHECK(rows(read_text(text, settings).list) == std::vector<Row>{{"a", "x", 10}, {"b", "x", 4}, {"a", "y", 3}});
  settings.duplicates = Duplicates::mean;
  CHECK(rows(read_text(text, settings).list) == std::vector<Row>{{"a", "x", 5}, {"b", "x", 3}, {"a", "y", 3}});
  settings.duplicates = Duplicates::last;
  result = read_text("a,x,1\nb,x,2\n", settings);
  CHECK(result.merged == 0);
  CHECK(result.list.ratings.size() == 2);
}

}  // namespace
}  // namespace odot
