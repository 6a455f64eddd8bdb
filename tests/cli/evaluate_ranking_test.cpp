// odot evaluate --top.
#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <tuple>

#include "odot/model/model_file.hpp"
#include "odot/model/ranking.hpp"
#include "odot/ratings/item_lists.hpp"
#include "odot/ratings/read.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

// A model, and ratings with which it was trained and which were held out.
struct Prepared {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    REQUIRE(run(folder, {"split", "r", "--fraction", "0.3", "--train", "train", "--test", "test", "-q"}).code == 0);
    REQUIRE(run(folder, {"train", "train", "-o", "m", "-q", "--rank", "4"}).code == 0);
  }
  Outcome done(const Words& words) const {
    const Outcome outcome = run(folder, words);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome;
  }
  TemporaryFolder folder;
};

TEST_CASE("ranking measures as text and JSON, with baselines where the training ratings are known") {
  const Prepared prepared;
  const Json plain = Json::parse(prepared.done({"evaluate", "m", "test", "--json", "-q"}).out);
  const Json alone = Json::parse(prepared.done({"evaluate", "m", "test", "--top", "3", "--json", "-q"}).out);
  const Json both = Json::parse(prepared.done({"evaluate", "m", "test", "-n", "3", "-x", "train", "--json", "-q"}).out);
  for (const auto& [key, value] : plain.items()) {
    CHECK(alone[key] == value);
    CHECK(both[key] == value);
  }
  CHECK(alone["baselines"].is_null());
  CHECK(both["relevant_from"].is_null());
  CHECK(both["top"] == 3);
  CHECK(both["relevant_items"] == plain["ratings"]);
  CHECK(both["rating_coverage"] == 1);
  for (const char* key : {"hit_rate", "precision", "recall", "ndcg", "map", "auc", "item_coverage"}) {
    CAPTURE(key);
    CHECK(both[key] > 0);
    CHECK(both[key] <= 1);
    CHECK(both["baselines"]["popularity"][key] > 0);
  }
  // Training items are in nobody's way once they are left out.
  CHECK(both["recall"] > alone["recall"]);
  const auto ratings_in = [&](const char* name) {
    std::vector<double> ratings;
    for (const Words& fields : fields_of(read_bytes(prepared.folder / name))) ratings.push_back(std::stod(fields[2]));
    return ratings;
  };
  const std::vector<double> train = ratings_in("train");
  const double mean = std::accumulate(train.begin(), train.end(), 0.0) / static_cast<double>(train.size());
  double squares = 0;
  const std::vector<double> test = ratings_in("test");
  for (double rating : test) squares += (rating - mean) * (rating - mean);
  CHECK(both["baselines"]["mean"]["rmse"].get<double>() ==
        doctest::Approx(std::sqrt(squares / static_cast<double>(test.size()))));

  const std::string text = prepared.done({"evaluate", "m", "test", "-n", "3", "-x", "train", "-q"}).out;
  const Factorization model = load_factorization(prepared.folder / "m");
  const auto lists = [&](const char* name) {
    return ItemLists(model.users.size(),
                     reindex(read_ratings({prepared.folder / name}).list, model.users, model.items));
  };
  const ItemLists seen = lists("train");
  const RankingQuality quality = evaluate_ranking(model.view(), lists("test"), &seen, 3);
  for (const auto& [key, name, value] : std::vector<std::tuple<const char*, const char*, double>>{
           {"hit_rate", "hit rate at 3", quality.hit_rate},
           {"precision", "precision at 3", quality.precision},
           {"recall", "recall at 3", quality.recall},
           {"ndcg", "NDCG at 3", quality.ndcg},
           {"map", "MAP at 3", quality.map},
           {"auc", "AUC", quality.auc},
           {"item_coverage", "item coverage at 3", quality.coverage}}) {
    CAPTURE(key);
    CHECK(both[key].get<double>() == doctest::Approx(value).epsilon(1e-12));
    check_has(text, {fmt::format("{:<20} {:>10.4f}", name, value)});
  }
  check_has(text, {"model       mean       bias popularity", "hit rate at 3", "NDCG at 3", "AUC", "item coverage at 3",
                   "rating coverage", "(all that are held out)"});
  check_has(text, {fmt::format("{:<20} {:>10.4f}", "RMSE", plain["rmse"].get<double>())});
}

TEST_CASE("where best-sellers make better lists, that is said, and what helps") {
  const Prepared prepared;
  // Everybody rates the first items, and likes the others better.
  std::string train;
  std::string test;
  for (int user = 0; user < 60; ++user) {
    for (int item = 0; item < 6; ++item) {
      (item == user % 6 ? test : train) += fmt::format("u{},i{},{}\n", user, item, 1 + (user + item) % 2);
    }
    for (int k = 0; k < 2; ++k) train += fmt::format("u{},i{},{}\n", user, 6 + (user * 2 + k) % 30, 4 + (user + k) % 2);
  }
  write_bytes(prepared.folder / "train", train);
  write_bytes(prepared.folder / "test", test);
  prepared.done({"train", "train", "-o", "ratings", "-q", "--method", "blocks", "--rank", "2"});
  prepared.done({"train", "train", "-o", "lists", "-q", "--unobserved-weight", "0.3", "--rank", "2"});
  for (const char* model : {"ratings", "lists"}) {
    CAPTURE(model);
    const Words words{"evaluate", model, "test", "-n", "3", "-x", "train", "--json"};
    const Outcome outcome = prepared.done(words);
    const Json json = Json::parse(outcome.out);
    const bool worse = json["baselines"]["popularity"]["ndcg"] > json["ndcg"];
    CHECK(worse == (std::string(model) == "ratings"));
    CHECK(worse == (outcome.err.find("--unobserved-weight") != std::string::npos));
    check_has(outcome.err, worse ? Words{"best-sellers make better lists (NDCG at 3 "} : Words{});
    Words quiet = words;
    quiet.emplace_back("-q");
    CHECK(prepared.done(quiet).err.empty());
  }
}

TEST_CASE("relevant are those that were rated high enough, and none may be") {
  const Prepared prepared;
  const Json some =
      Json::parse(prepared.done({"evaluate", "m", "test", "-n", "3", "--relevant", "4", "--json", "-q"}).out);
  std::size_t expected = 0;
  for (const Words& fields : fields_of(read_bytes(prepared.folder / "test"))) expected += std::stod(fields[2]) >= 4;
  CHECK(some["relevant_items"] == expected);
  CHECK(some["relevant_from"] == 4);
  const Words none{"evaluate", "m", "test", "-n", "3", "--relevant", "6", "-q"};
  check_has(prepared.done(none).out, {"no known user has a relevant item to find"});
  write_bytes(prepared.folder / "strangers", "a,b,3\nc,d,4\n");
  const Json strangers = Json::parse(prepared.done({"evaluate", "m", "strangers", "-n", "3", "--json", "-q"}).out);
  CHECK(strangers["ndcg"].is_null());
  CHECK(strangers["rating_coverage"] == 0);
}

TEST_CASE("evaluate --top: what makes no sense") {
  const Prepared prepared;
  write_bytes(prepared.folder / "empty", "");
  struct Wrong {
    int code;
    Words words;
    Words message;
  };
  for (const Wrong& wrong :
       std::vector<Wrong>{{2, {"--top", "0"}, {"--top is '0'"}},
                          {2, {"--relevant", "4"}, {"--relevant is of no use without --top"}},
                          {2, {"--exclude", "train"}, {"--exclude is of no use without --top"}},
                          {2, {"--top", "3", "--relevant", "good"}, {"--relevant is 'good'"}},
                          {2, {"--top", "3", "--memory-limit", "1G"}, {"--memory-limit is of no use"}},
                          {2, {"--top", "3", "--users", "train"}, {"neural networks"}},
                          {1, {"--top", "3", "--exclude", "empty"}, {"empty: found an empty file"}},
                          {1, {"--top", "3", "--exclude", "missing"}, {"missing"}}}) {
    Words words{"evaluate", "m", "test", "-q"};
    words.insert(words.end(), wrong.words.begin(), wrong.words.end());
    CAPTURE(words);
    const Outcome outcome = run(prepared.folder, words);
    CHECK(outcome.code == wrong.code);
    CHECK(outcome.out == "");
    check_has(outcome.err, wrong.message);
  }
}

TEST_CASE("what is excluded may be in several files") {
  const Prepared prepared;
  const std::string train = read_bytes(prepared.folder / "train");
  const std::size_t middle = train.find('\n', train.size() / 2) + 1;
  write_bytes(prepared.folder / "first", train.substr(0, middle));
  write_bytes(prepared.folder / "second", train.substr(middle));
  const auto measured = [&](const Words& excluded) {
    Words words{"evaluate", "m", "test", "-n", "3", "--json", "-q"};
    words.insert(words.end(), excluded.begin(), excluded.end());
    return prepared.done(words).out;
  };
  const std::string all = measured({"-x", "train"});
  CHECK(measured({"-x", "first", "-x", "second"}) == all);
  CHECK(measured({"-x", "first"}) != all);
}

}  // namespace
}  // namespace odot::test
