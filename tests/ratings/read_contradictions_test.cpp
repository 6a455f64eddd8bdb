// Headers and lines that contradict what was recognised: understood or refused, never guessed.
#include <doctest/doctest.h>

#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

const std::vector<Row> kTwo{{"1", "10", 5}, {"2", "20", 4}};

TEST_CASE("a rating is not looked for in a column of another name") {
  for (const std::string header : {"user_id,item_id,timestamp", "user,item,created_at", "user,item,price",
                                   "user,item,year", "uid,iid,when", "user,item,"}) {
    CAPTURE(header);
    check_words(error_of(header + "\n1,10,978300760\n2,20,978300761\n"),
                {"FILE:1: found no rating among the columns \"", "expected user, item, rating",
                 "columns says which are user, item and rating"});
  }
  check_words(error_of("user_id,item_id,timestamp\n1,10,978300760\n"),
              {"\"timestamp\" (a time)", "\"item_id\" (item)"});
  check_words(error_of("user,item,timestamp,grade\n1,10,978300760,5\n"), {"found no rating"});
  check_words(error_of("timestamp,user,item,like\n978300760,1,10,1\n"), {"found no rating"});
  check_words(error_of("item,rating,timestamp\n1,2,3\n"), {"found no user"});
  check_words(error_of("year,item,rating\n1,2,3\n"), {"found no user", "\"year\" (a time)"});
  check_words(error_of("user,code,rating,price\n1,2,3,4\n"), {"found no item"});
  CHECK(rows(read_text("user,item,timestamp,grade\n1,10,97,5\n2,20,98,4\n", {.columns = {{"1", "2", "grade"}}}).list) ==
        kTwo);
}

TEST_CASE("what has an id is no rating") {
  check_words(error_of("user_id,item_id,rating_id\n1,10,978300760\n"), {"FILE:1: found no rating", "\"rating_id\","});
  CHECK(rows(read_text("rating_id,user_id,item_id,rating\n7,1,10,5\n8,2,20,4\n").list) == kTwo);
}

TEST_CASE("a name of other letters is not known for the Latin ones in it") {
  check_words(error_of("\xc3\xa0u,i,\xc3\xa9r\n1,10,5\n"), {"FILE:1: found no user and no rating"});
}

TEST_CASE("columns of two names for the same") {
  check_words(error_of("user,track,artist,plays\n1,2,3,4\n"),
              {"FILE:1: found more than one item among", "columns says"});
  check_words(error_of("user,item,stars,score\n1,2,3,4\n"), {"found more than one rating"});
  check_words(error_of("user,user,item,rating\n1,2,3,4\n"), {"found more than one user"});
  CHECK(rows(read_text("user,item,count,rating\n1,10,7,5\n2,20,7,4\n").list) == kTwo);
}

TEST_CASE("names that say nothing") {
  for (const std::string header : {"Note,Ding,Benutzer", "note,film_vu,utilisateur", "x,y,z"}) {
    CAPTURE(header);
    check_words(error_of(header + "\n1,2,3\n"), {"FILE:1: found no ", "columns says which are user, item and rating"});
    // Whoever says that it is a header says that the columns are the usual ones.
    CHECK(rows(read_text(header + "\n1,10,5\n2,20,4\n", {.header = true}).list) == kTwo);
    CHECK(rows(read_text(header + "\n1,10,5\n2,20,4\n", {.columns = {{"1", "2", "3"}}}).list) == kTwo);
  }
  check_words(error_of("wer,was\n1,2\n", {.pairs_only = true}), {"found no user and no item", "columns says which"});
  // What is left where all others are known.
  CHECK(rows(read_text("rating,code,user\n5,10,1\n4,20,2\n").list) == kTwo);
  // A contradiction is one whoever says that there is a header.
  check_words(error_of("user,item,timestamp\n1,2,3\n", {.header = true}), {"found no rating"});
}

TEST_CASE("types behind names") {
  const std::string lines = "\n10\t5\t97\t1\n20\t4\t98\t2\n";
  const std::string header = "item_id:token\trating:float\ttimestamp:float\tuser_id:token";
  CHECK(rows(read_text(header + lines).list) == kTwo);
  CHECK(rows(read_text(header + lines, {.columns = {{"user_id", "item_id", "rating"}}}).list) == kTwo);
}

TEST_CASE("a header with more or fewer columns than its lines") {
  // As R writes names of rows.
  check_words(
      error_of("\"user\" \"item\" \"rating\"\n\"1\" 1 10 5\n\"2\" 2 20 4\n"),
      {"FILE:1: found 3 columns in", "expected as many names as line 2 has columns, 4 (columns says by numbers"});
  check_words(error_of("user,item,rating,\n1,10,5\n2,20,4\n"), {"FILE:1: found 4 columns"});
  check_words(error_of("user,item,rating,time\n1,10,5\n", {.columns = {{"user", "item", "rating"}}}),
              {"FILE:1: found 4"});
  CHECK(rows(read_text("user item rating\nx 1 10 5\ny 2 20 4\n", {.columns = {{"2", "3", "4"}}}).list) == kTwo);
}

TEST_CASE("a line with other columns than the others") {
  // a.csv, which has no line end at its end, and b.csv.
  check_words(
      error_of("1,2,3\n3,2,51,3,4\n2,2,2\n"),
      {"FILE:2: found 5 columns in \"3,2,51,3,4\", expected 3 separated by \",\" as in line 1", "lines joined"});
  for (const std::string s : {"::", "\t", ";", "|", " ", ",", "@@@"}) {
    CAPTURE(s);
    const auto line = [&](int k, const std::string& rest = "") {
      return std::to_string(k) + s + "7" + s + "3" + rest + "\n";
    };
    std::string text;
    for (int k = 0; k < 40; ++k) text += line(k);
    const ReadSettings settings{.separator = s};
    for (const std::string& end : {s + "4", s + "x y", s + "\"x\"", s + "1" + s + "2"}) {
      CAPTURE(end);
      check_words(error_of(text + line(40, end) + text, settings), {"FILE:41: found ", "expected 3 separated by"});
    }
    CHECK(error_of(text + line(40), settings).empty());
    // With time stamps, lines without one and with a word more are as odd.
    text.clear();
    for (int k = 0; k < 40; ++k) text += line(k, s + "978300760123");
    CHECK(error_of(text + line(40, s + "2020-01-01"), settings).empty());
    CHECK(error_of(text + line(40, s + "\"x\""), settings).empty());
    for (const std::string& end : {std::string(), s + "97830" + s + "1", s + "x" + s + "y"}) {
      CAPTURE(end);
      check_words(error_of(text + line(40, end) + text, settings), {"FILE:41: found ", "expected 4 separated by"});
    }
    const ReadSettings pairs{.separator = s, .pairs_only = true};
    check_words(error_of(text + line(40) + text, pairs), {"FILE:41: found 3 columns", "expected 4"});
  }
  // The odd line may be the first.
  check_words(error_of("1,2,33,4,5\n1,3,3\n1,4,3\n"), {"FILE:1: found 5 columns", "expected 3", "as in line 2"});
  check_words(error_of("1,2\n3,45,6\n7,8\n", {.pairs_only = true}), {"FILE:2: found 3 columns", "expected 2"});
  // Blanks at the end are no column.
  CHECK(rows(read_text("1 10 5\n2 20 4  \n").list) == kTwo);
}

TEST_CASE("the columns after those that are used are counted, however long they are") {
  for (const std::string s : {"::", "\t", ",", " ", "ab"}) {
    for (const std::string user : {"", "ann"}) {
      for (const std::string end : {"\n", "\r\n"}) {
        for (std::size_t length = 1; length <= 40; ++length) {
          CAPTURE(s);
          CAPTURE(user);
          CAPTURE(length);
          const std::string first = std::string(length, 'x') + s + "y";
          const auto line = [&](int k, const std::string& rest) {
            return user + std::to_string(k) + s + "7" + s + "3" + s + rest + end;
          };
          std::string text;
          for (int k = 0; k < 40; ++k) text += line(k, first);
          const ReadSettings settings{.separator = s};
          CHECK(error_of(text + line(40, first), settings).empty());
          for (const std::string& rest : {first.substr(0, length), first + s + "z"}) {
            CAPTURE(rest);
            check_words(error_of(text + line(40, rest) + text, settings), {"FILE:41: found ", "expected 5"});
          }
        }
      }
    }
  }
  // Blanks at the end are no column there either, nor is a third colon another separator.
  CHECK(error_of("1 10 5 97 \r\n2 20 4 98\r\n3 20 4 99  \t \r\n").empty());
  std::string colons;
  for (int k = 0; k < 40; ++k) colons += std::to_string(k) + "::7::3:::97:::8::::9\n";
  CHECK(error_of(colons).empty());
  check_words(error_of(colons + "40::7::3:::97:::8::9\n" + colons), {"FILE:41: found 6 columns", "expected 7"});
}

TEST_CASE("a whole file on one line") {
  check_words(error_of("1 2 3 4 5 6 7 8 9\n"), {"FILE:1: found 9 columns on the only line", "columns says which"});
  check_words(error_of("1,2,3,4,5,6", {.pairs_only = true}), {"FILE:1: found 6 columns on the only line"});
  CHECK(rows(read_text("1,10,5,a,b,c\n", {.columns = {{"1", "2", "3"}}}).list).size() == 1);
  CHECK(rows(read_text("1,10,5,978300760\n").list).size() == 1);
}

}  // namespace
}  // namespace odot
