// Feature files: what each column is taken for, the inputs it gives, and messages about bad ones.
#include "odot/features/features.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/rating_files.hpp"

namespace odot::testing {
namespace {

FeatureTable features_of(std::string_view text, const std::string& specification = "") {
  const TemporaryFiles files;
  return read_features(files.write("features", text), specification);
}

std::string refusal(std::string_view text, const std::string& specification = "") {
  const TemporaryFiles files;
  const std::string path = files.write("features", text);
  return message_of(path, [&] { read_features(path, specification); });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<double> row(const FeatureTable& table, std::string_view id) {
  const std::size_t width = table.encoding.inputs();
  const Index at = table.ids.find(id);
  REQUIRE(at != kUnknown);
  const auto begin = table.inputs.begin() + static_cast<std::ptrdiff_t>(at * width);
  return {begin, begin + static_cast<std::ptrdiff_t>(width)};
}

using Row = std::vector<double>;

const std::string kUsers = "1::F::1::10::48067\n2::M::56::16::70-72\n5::M::23::18::55117\n";

TEST_CASE("numbers are scaled, two categories are one input, sets give an input a word") {
  const FeatureTable users = features_of("1::F::10::48067\n3::M::20::70072\n5::M::15::48067\n");
  CHECK(users.encoding.inputs() == 4);
  CHECK(row(users, "1") == Row{0, 0, 0, 0});
  CHECK(row(users, "3") == Row{0.5, 1, 1, 1});
  CHECK(row(users, "5") == Row{1, 1, 0.5, 0});
  CHECK(users.notes.size() == 4);

  const FeatureTable items = features_of("a::Comedy|Drama\nb::\nc::Drama\nd::War|Comedy\n");
  CHECK(items.encoding.inputs() == 3);  // the ids are no numbers
  CHECK(row(items, "a") == Row{1, 1, 0});
  CHECK(row(items, "b") == Row{0, 0, 0});
  CHECK(row(items, "c") == Row{0, 1, 0});
  CHECK(row(items, "d") == Row{1, 0, 1});
}

TEST_CASE("a constant number is 0, two categories that a line may lack are two inputs") {
  const FeatureTable table = features_of("1,7,x\n2,7,\n3,7,y\n");
  CHECK(row(table, "1") == Row{0, 0, 1, 0});
  CHECK(row(table, "2") == Row{0.5, 0, 0, 0});
  CHECK(row(table, "3") == Row{1, 0, 0, 1});
}

TEST_CASE("at most 64 words are categories, more are ignored and that is said") {
  const auto file = [](int words) {
    std::string text;
    for (int k = 0; k < words; ++k) text += std::to_string(k) + ",word" + std::to_string(k) + "\n";
    return text;
  };
  CHECK(features_of(file(64)).encoding.inputs() == 65);
  const FeatureTable many = features_of(file(65));
  CHECK(many.encoding.inputs() == 1);
  REQUIRE(many.notes.size() == 2);
  CHECK(has(many.notes[1], "column 2: ignored"));
  CHECK(has(many.notes[1], "more than 64"));
}

TEST_CASE("one number that is missing or infinite makes a column one of categories") {
  CHECK(features_of("1,5\n2,\n3,6\n").encoding.columns.at(1).categories == std::vector<std::string>{"5", "6"});
  CHECK(features_of("1,5\n2,inf\n3,6\n").encoding.columns.at(1).categories.size() == 3);
  CHECK(features_of("1,,x\n2,,y\n").notes.at(1) == "column 2: ignored: it is empty");
}

TEST_CASE("header lines are recognised by the id's name or by words above numbers") {
  for (const char* text : {"user_id,sex\n7,F\n8,M\n", "who,sex\n7,F\n8,M\n"}) {
    const FeatureTable table = features_of(text);
    CHECK(table.ids.size() == 2);
    CHECK(table.encoding.id_name == std::string_view(text).substr(0, std::string_view(text).find(',')));
    CHECK(table.encoding.columns.at(1).name == "sex");
  }
  const FeatureTable ages = features_of("who,age\nann,7\nbob,8\n");
  CHECK(ages.ids.size() == 2);
  CHECK(row(ages, "bob") == Row{1});
  // An occupation that is also the name of a column in other files.
  CHECK(features_of("17|33|artist\n18|34|writer\n").ids.size() == 2);
  CHECK(features_of("17|33|artist\n").ids.size() == 1);
}

TEST_CASE("all separators, compressions, quotes, line ends and a byte-order mark give the same table") {
  const FeatureTable expected = features_of("1,F,5\n2,M,6\n");
  const std::vector<std::string> others = {"1::F::5\n2::M::6\n",
                                           "1\tF\t5\n2\tM\t6\n",
                                           "1;F;5\n2;M;6\n",
                                           "1|F|5\n2|M|6\n",
                                           "1 F 5\n2 M 6\n",
                                           "\xef\xbb\xbf"
                                           "1,F,5\r\n\r\n\"2\",\"M\",6",
                                           gzip("1,F,5\n2,M,6\n"),
                                           zstd("1,F,5\n2,M,6\n")};
  for (const std::string& text : others) {
    const FeatureTable table = features_of(text);
    CHECK(table.inputs == expected.inputs);
    CHECK(table.encoding == expected.encoding);
    CHECK(table.ids.find("2") == 1);
  }
}

TEST_CASE("line breaks inside quotes, Excel's first line, and files that were joined") {
  const auto same = [](const std::string& text) {
    CAPTURE(text);
    const FeatureTable table = features_of(text);
    CHECK(table.ids.size() == 2);
    CHECK(row(table, "a") == Row{0, 0});
    CHECK(row(table, "b") == Row{1, 1});
  };
  same("a,1,x\nb,2,y\n");
  same("a,1,\"x\"\nb,2,\"y\n\"\n");
  same("sep=;\na;1;x\nb;2;y\n");
  same(
      "a,1,x\n\xef\xbb\xbf"
      "b,2,y\n");
  CHECK(has(refusal("sep=;\na;1;\"x\ny\"\nb;2\n"), ":4: found 2 columns"));
  CHECK(has(refusal("a,1,x\nb,2,y\rc,3,z\n"), ":2: found a carriage return inside a line"));
}

TEST_CASE("where | separates columns it separates no words, and quotes may be doubled") {
  CHECK(features_of("1|a\n2|b\n3|c\n").encoding.inputs() == 4);
  const FeatureTable table = features_of("1,\"the \"\"one\"\", two\"\n2,b\n");
  CHECK(table.encoding.columns.at(1).categories == std::vector<std::string>{"b", "the \"one\", two"});
}

TEST_CASE("a specification decides, by names or numbers") {
  const std::string text = "name,id,age,zip,sex\nann,7,30,100,F\nbob,8,40,200,M\ncy,9,35,100,F\n";
  const FeatureTable table = features_of(text, "id:id, age:numeric,zip:categorical,sex:ignore");
  CHECK(table.encoding.inputs() == 2);
  CHECK(row(table, "7") == Row{0, 0});
  CHECK(row(table, "8") == Row{1, 1});
  CHECK(table.encoding.id_name == "id");
  const FeatureTable numbered = features_of("7,30\n8,40\n", "2:categorical,1:numeric");
  CHECK(row(numbered, "8") == Row{1, 1});
  CHECK(row(features_of("who,AGE\na,1\nb,2\n", "age:numeric"), "b") == Row{1});
  // There is no limit to the categories that are asked for.
  std::string many;
  for (int k = 0; k < 100; ++k) many += std::to_string(k) + ",w" + std::to_string(k) + "\n";
  CHECK(features_of(many, "2:categorical").encoding.inputs() == 100);
}

TEST_CASE("wrong specifications are refused with a remedy") {
  CHECK(has(refusal("id,age\n1,2\n2,3\n", "agee:numeric"), "\"agee\""));
  CHECK(has(refusal("id,age\n1,2\n2,3\n", "agee:numeric"), "the header (line 1) has age, id"));
  CHECK(has(refusal("1,2\n2,3\n", "3:numeric"), "found 2 columns"));
  CHECK(has(refusal("1,2\n2,3\n", "0:numeric"), "counted from 1"));
  CHECK(has(refusal("1,2\n2,3\n", "2:numbr"), "expected numeric"));
  CHECK(has(refusal("1,2\n2,3\n", "2"), "NAME:numeric"));
  CHECK(has(refusal("1,2\n2,3\n", "1:id,2:id"), "ids"));
  CHECK(has(refusal("1,2\n2,3\n", "2:numeric,2:categorical"), "twice"));
  CHECK(has(refusal("1,2\n2,x\n3,4\n", "2:numeric"), "FILE:2: found \"x\" in column 2, expected a finite number"));
  CHECK_THROWS_AS(check_feature_specification("age"), Error);
  CHECK_NOTHROW(check_feature_specification("age:numeric"));
}

TEST_CASE("bad files are refused with file and line") {
  CHECK(has(refusal("1,F\n2,M\n1,M\n"),
            "FILE:3: found a second line for the id \"1\", expected one: the first is line 1"));
  CHECK(has(refusal("1,F\n2\n"), "FILE:2: found 1 columns"));
  CHECK(has(refusal("1,F\n2,M,3\n"), "FILE:2: found 3 columns"));
  CHECK(has(refusal("1,F\n,M\n"), "FILE:2: found an empty column 1, expected an id"));
  CHECK(has(refusal("1,F\n2,\"M\n"), "FILE:2: found a quote that is not closed"));
  CHECK(has(refusal(std::string("1,F\n2,M\0\n", 9)), "FILE:2: found the byte 0x00"));
  CHECK(has(refusal("user_id,age\n", "age:numeric"), "only a header line"));
  CHECK(has(refusal("id,age\n1,2\nid,age\n2,3\n"), "FILE:3: found the header line again, with \"id\""));
  CHECK(has(refusal(""), "FILE: found an empty file, expected features"));
  CHECK(has(refusal(" \n\n"), "only blank lines, expected features"));
  CHECK(has(refusal("one\ntwo\n"), "expected an id and its features"));
  CHECK(has(refusal("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 3\n"), "Matrix Market"));
  CHECK(has(message_of("/none", [] { read_features("/none/at all"); }),
            "no such file, expected a readable file of features"));
}

TEST_CASE("another file is encoded with a known encoding") {
  const FeatureTable known = features_of("id,sex,age,likes\n1,F,10,Art|Beer\n3,M,20,Art\n5,F,20,Cats\n");
  const TemporaryFiles files;
  const FeatureTable other =
      read_features(files.write("new", "likes,age,sex,id\nBeer|Cats,30,M,9\n,10,F,2\n"), known.encoding);
  CHECK(other.ids.size() == 2);
  CHECK(row(other, "9") == Row{2, 1, 2, 0, 1, 1});
  CHECK(row(other, "2") == Row{0.25, 0, 0, 0, 0, 0});
  // Without a header, columns are where they were.
  CHECK(row(read_features(files.write("bare", "9,M,30,Cats\n"), known.encoding), "9") == Row{2, 1, 2, 0, 0, 1});
}

TEST_CASE("what a known encoding cannot express is refused") {
  const FeatureTable known = features_of("id,sex,age,likes\n1,F,10,Art|Beer\n3,M,20,Art\n5,F,20,Cats\n");
  const TemporaryFiles files;
  const auto error = [&](const std::string& text) {
    const std::string path = files.write("new", text);
    return message_of(path, [&] { read_features(path, known.encoding); });
  };
  CHECK(error("id,sex,age,likes\n9,F,30,Bear\n") ==
        "FILE:2: found the category \"Bear\" in likes, expected one that is known: \"Beer\", \"Art\", \"Cats\"");
  CHECK(
      has(error("id,sex,age,likes\n8,F,1,\n9,F,old,Art\n"), "FILE:3: found \"old\" in age, expected a finite number"));
  CHECK(has(error("id,sex,age,likes\n9,,30,Art\n"), "FILE:2: found \"\" in sex, expected either \"F\" or \"M\""));
  CHECK(has(error("id,sex,age,likes\nx,F,30,Art\n"), "FILE:2: found \"x\" in id, expected a finite number"));
  CHECK(has(error("id,sex,age\n9,F,30\n"), "likes"));
  CHECK(has(error("9,F,30\n"), "found 3 columns, expected a column 4"));
}

TEST_CASE("encodings survive as JSON, whatever bytes they have") {
  const FeatureTable table = features_of("who,caf\xe9,na\xc3\xafve,age\n1,\xff\xfe,\xc3\xa9,0.1\n2,x,y,33\n3,z,y,7\n");
  CHECK(feature_encoding_from_json(to_json(table.encoding)) == table.encoding);
  CHECK(table.encoding.columns.at(1).categories.back() == "\xff\xfe");
  for (const char* bad : {"", "[]", "{}", "{\"id\":{\"name\":\"a\",\"position\":0}}",
                          "{\"id\":{\"name\":\"\",\"position\":\"x\"},\"columns\":[]}",
                          "{\"id\":{\"name\":\"\",\"position\":-1},\"columns\":[]}",
                          "{\"id\":{\"name\":\"\",\"position\":1.5},\"columns\":[]}",
                          "{\"id\":{\"name\":\"\",\"position\":18446744073709551615},\"columns\":[]}",
                          "{\"id\":{\"name\":\"\",\"position\":0},\"columns\":[{\"name\":\"\",\"position\":1}]}",
                          "{\"id\":{\"name\":\"\",\"position\":0},\"columns\":[{\"name\":\"\",\"position\":1,"
                          "\"lowest\":2,\"highest\":1}]}",
                          "{\"id\":{\"name\":\"\",\"position\":0},\"columns\":[{\"name\":\"\",\"position\":1,"
                          "\"categories\":[\"b\",\"a\"],\"single\":false}]}",
                          "{\"id\":{\"name\":\"\",\"position\":0},\"columns\":[{\"name\":\"\",\"position\":1,"
                          "\"categories\":[\"a\"],\"single\":true}]}"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(feature_encoding_from_json(bad), Error);
  }
}

TEST_CASE("MovieLens 1M gives the document's 23 inputs") {
  const std::string folder = data_directory() + "/ml-1m/";
  if (data_directory().empty() || !std::filesystem::exists(folder + "users.dat")) {
    MESSAGE("skipped: there is no ml-1m/users.dat; ODOT_DATA may name a folder that has it");
    return;
  }
  const FeatureTable users = read_features(folder + "users.dat");
  const FeatureTable items = read_features(folder + "movies.dat");
  CHECK(users.ids.size() == 6040);
  CHECK(items.ids.size() == 3883);
  CHECK(users.encoding.inputs() == 4);
  CHECK(items.encoding.inputs() == 19);
  CHECK(has(users.notes.back(), "ignored"));
}

}  // namespace
}  // namespace odot::testing
