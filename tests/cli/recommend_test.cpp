// odot recommend and odot similar, beside odot predict.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "odot/model/model_file.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

struct Prepared : Session {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"train", "r", "-o", "m", "-q", "--rank", "4"}).code == 0);
    // Item 3's title is in ISO-8859-1, that of item 4 in UTF-8.
    write_bytes(folder / "titles", "1::One, \"1\"::x\n3::Caf\xE9::y\n4::Caf\xC3\xA9::z\n999::Other::x\n");
  }
};

using Pair = std::pair<std::string, std::string>;

TEST_CASE("recommended items are those with the highest predictions among what was not rated") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  const Factorization model = load_factorization(folder / "m");
  std::set<Pair> rated;
  for (const Words& fields : fields_of(small_ratings())) rated.insert({fields[0], fields[1]});
  std::string pairs;
  for (Index user = 0; user < model.users.size(); ++user) {
    for (Index item = 0; item < model.items.size(); ++item) {
      pairs += std::string(model.users[user]) + "," + std::string(model.items[item]) + "\n";
    }
  }
  write_bytes(folder / "pairs", pairs);
  std::map<std::string, std::vector<std::pair<double, std::string>>> best;  // negated scores, in the model's order
  for (const Words& fields : fields_of(prepared.done({"predict", "m", "pairs", "--no-clip", "-q"}).out)) {
    if (!rated.count({fields[0], fields[1]})) best[fields[0]].emplace_back(-std::stod(fields[2]), fields[1]);
  }
  std::string expected = "user,rank,item\n";
  for (Index user = 0; user < model.users.size(); ++user) {
    auto& list = best[std::string(model.users[user])];
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t k = 0; k < std::min<std::size_t>(5, list.size()); ++k) {
      expected += std::string(model.users[user]) + "," + std::to_string(k + 1) + "," + list[k].second + "\n";
    }
  }
  REQUIRE(prepared.done({"convert", "r", "-o", "r.odr", "-q"}).code == 0);
  std::string first;
  for (const Words& more : std::vector<Words>{{"-x", "r"}, {"-x", "r.odr"}, {"-x", "r", "--threads", "1"}}) {
    Words words{"recommend", "m", "--top", "5", "--format", "csv", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const std::string out = prepared.done(words).out;
    std::string found;
    for (const std::string& line : lines_of(out)) found += line.substr(0, line.rfind(',')) + "\n";
    CHECK(found == expected);
    if (first.empty()) first = out;
    CHECK(out == first);
  }
}

TEST_CASE("users and items can be chosen, and shown with titles in every format") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  write_bytes(folder / "only", "4\n3\n\n1\n999\n");
  write_bytes(folder / "users", "\"2\"\n1\n2\n");
  const Words common{"recommend", "m", "--only", "only", "--items", "titles", "-q"};
  const auto with = [&](const Words& more) {
    Words words = common;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Words lines = lines_of(prepared.done(with({"--users", "users", "--format", "jsonl"})).out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == lines[2]);
  std::map<std::string, std::string> titles;
  const Json object = Json::parse(lines[1]);
  for (const Json& entry : object["items"]) titles[entry["item"]] = entry["title"];
  CHECK(titles == std::map<std::string, std::string>{{"1", "One, \"1\""}, {"3", "Café"}, {"4", "Café"}});
  CHECK(object["user"] == "1");
  const std::string csv = prepared.done(with({"-u", "2", "-u", "1", "--format", "csv"})).out;
  check_has(csv, {"user,rank,item,score,title\n2,1,", ",\"One, \"\"1\"\"\"\n", ",Café\n", "\n1,3,"});
  check_has(prepared.done(with({"-u", "1"})).out, {"user 1\n  1  ", "Café\n", "One, \"1\"\n"});
  prepared.done(with({"-u", "1", "-o", "out"}));
  CHECK(read_bytes(folder / "out") == prepared.done(with({"-u", "1"})).out);
  write_bytes(folder / "named", "name;year;key\nFirst;1999;1\nThird;2000;3\n");
  check_has(prepared.done({"recommend", "m", "-u", "1", "-q", "--items", "named", "--titles", "key,name"}).out,
            {"  First\n", "  Third\n"});
  const Outcome told = prepared.done({"recommend", "m", "--only", "only", "-x", "r", "--top", "30"});
  check_has(told.err, {"only: 4 items, 1 of them unknown to the model", "to exclude: ", "fewer for 30 of them"});
}

TEST_CASE("a list of ids has one on each line") {
  const Prepared prepared;
  const auto refused = [&](const std::string& option, const std::string& list) {
    write_bytes(prepared.folder / "list", list);
    const Outcome outcome = run(prepared.folder, {"recommend", "m", option, "list", "-q"});
    CHECK(outcome.code == 1);
    CHECK(outcome.out == "");
    return outcome.err;
  };
  // Among items, those that the model does not know would be left out.
  for (const std::string line : {"1\tOne", "1,2,3", "1 2", "1::2", "1;", "\"1\",One"}) {
    CAPTURE(line);
    for (const std::string option : {"--only", "--users"})
      check_has(refused(option, "3\n" + line + "\n4\n"), {"list:2: found ", " columns in ", "expected the id of one"});
  }
  check_has(refused("--only", std::string("3\0\n\0001\0\n\0", 8)), {"list: found UTF-16 text", "iconv"});
  check_has(refused("--only", "<!DOCTYPE html>\n"), {"list: found an HTML page", "an item's id"});
  // What is no id of the model and no list of them either may be in a list of items.
  write_bytes(prepared.folder / "list",
              "\xef\xbb\xbf"
              "3\n\xef\xbb\xbf"
              "4\nnew, and unknown\nx 1\n");
  check_has(prepared.done({"recommend", "m", "--only", "list", "-u", "1"}).err,
            {"list: 4 items, 2 of them unknown to the model"});
}

TEST_CASE("similar items and users") {
  const Prepared prepared;
  const Factorization model = load_factorization(prepared.folder / "m");
  const auto cosine = [&](Index a, Index b) {
    double product = 0, first = 0, second = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto x = static_cast<double>(model.theta[model.layout.item_row(a) + k]);
      const auto y = static_cast<double>(model.theta[model.layout.item_row(b) + k]);
      product += x * y, first += x * x, second += y * y;
    }
    return product / std::sqrt(first * second);
  };
  const Index three = model.items.find("3");
  const Json object =
      Json::parse(prepared.done({"similar", "m", "-i", "3", "--format", "jsonl", "--items", "titles", "-q"}).out);
  CHECK(object["title"] == "Café");
  REQUIRE(object["similar"].size() == 10);
  double before = 2;
  for (const Json& entry : object["similar"]) {
    const Index other = model.items.find(entry["item"].get<std::string>());
    REQUIRE(other < model.items.size());
    CHECK(other != three);
    CHECK(entry["score"].get<double>() == doctest::Approx(cosine(three, other)));
    CHECK(entry["score"].get<double>() <= before);
    before = entry["score"];
  }
  const Words users = lines_of(
      prepared.done({"similar", "m", "--user", "1", "--metric", "dot", "-n", "99", "--format", "csv", "-q"}).out);
  CHECK(users.size() == model.users.size());  // a header, and all but one
  CHECK(users[0] == "user,rank,similar,score");
}

TEST_CASE("what cannot be recommended: a message, and nothing written") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  write_bytes(folder / "empty", "");
  write_bytes(folder / "unknown", "1\nnobody\n");
  write_bytes(folder / "twice", "1,a\n3,b\n1,c\n");
  write_rated_features(folder, 30);
  REQUIRE(run(folder, {"train", "r", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--iterations",
                       "1", "-o", "net", "-q"})
              .code == 0);
  struct Wrong {
    int code;
    Words words;
    Words message;
  };
  for (const Wrong& wrong : std::vector<Wrong>{
           {2, {"recommend"}, {"missing arguments: MODEL"}},
           {2, {"recommend", "m", "--top", "0"}, {"--top is '0'", "from 1 to"}},
           {2, {"recommend", "m", "--user", "1", "--users", "unknown"}, {"--user and --users cannot both"}},
           {2, {"recommend", "m", "--format", "xml"}, {"--format is 'xml'", "text, csv or jsonl"}},
           {2, {"recommend", "m", "--columns", "1,2"}, {"--columns is of no use without --exclude"}},
           {2, {"recommend", "m", "--titles", "1,2"}, {"--titles is of no use without --items"}},
           {2, {"recommend", "m", "--items", "titles", "--titles", "1"}, {"--titles is '1'", "two columns"}},
           {2, {"recommend", "m", "-o", "m"}, {"would overwrite the input m"}},
           {2, {"recommend", "m", "-x", "r", "-o", "r"}, {"would overwrite the input r"}},
           {2, {"recommend", "m", "--exlude", "r"}, {"did you mean --exclude?"}},
           {1, {"recommend", "m", "--user", "nobody"}, {"found no user \"nobody\"", "30 users"}},
           {1, {"recommend", "m", "--users", "unknown"}, {"unknown:2: found the user \"nobody\""}},
           {1, {"recommend", "m", "--users", "empty"}, {"empty: found an empty file, expected ids"}},
           {1, {"recommend", "m", "--exclude", "empty"}, {"empty: found an empty file, expected ratings"}},
           {1, {"recommend", "m", "--only", "missing"}, {"missing"}},
           {1, {"recommend", "m", "--items", "twice"}, {"twice:3: found the item \"1\" again", "line 1"}},
           {1, {"recommend", "m", "--items", "twice", "--titles", "1,3"}, {"twice: found 2 columns"}},
           {1, {"recommend", "net"}, {"net: found a neural network, which ranks no items; expected a factorization"}},
           {1, {"recommend", "r"}, {"r"}},
           {2, {"similar", "m"}, {"--item ID or --user ID is missing"}},
           {2, {"similar", "m", "--item", "1", "--user", "1"}, {"cannot both be given"}},
           {2, {"similar", "m", "--item", "1", "--metric", "euclid"}, {"cosine or dot"}},
           {2, {"similar", "m", "--item", "1", "--top", "-1"}, {"--top"}},
           {2, {"similar", "m", "--user", "1", "--items", "titles"}, {"users have no titles"}},
           {1, {"similar", "m", "--item", "none"}, {"found no item \"none\""}},
           {1,
            {"similar", "net", "--item", "1"},
            {"net: found a neural network, which ranks no items; expected a factorization"}}}) {
    CAPTURE(wrong.words);
    const Words before = files_in(folder);
    const Outcome outcome = run(folder, wrong.words);
    CHECK(outcome.code == wrong.code);
    CHECK(outcome.out == "");
    CHECK(files_in(folder) == before);
    check_has(outcome.err, wrong.message);
  }
}

}  // namespace
}  // namespace odot::test
