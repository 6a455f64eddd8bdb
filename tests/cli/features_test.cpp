// Features of users and items in a factorisation, as a program.
#include <doctest/doctest.h>

#include <filesystem>

#include "odot/model/model_file.hpp"
#include "program.hpp"
#include "runs.hpp"

namespace odot::test {
namespace {

const Words kTrain{"train", "r.csv", "--method", "variational", "--rank", "3", "-t", "4"};
const Words kFeatures{"--users", "users.csv", "--items", "items.csv"};

// Ratings of 30 users and 20 items in r.csv, features of these and of user 31.
struct Data : Session {
  Data() {
    write_rated_features(folder, 31);
    write_bytes(folder / "strangers.csv", "user_id,age,sex\n101,20,F\n102,40,M\n7,30,F\n");
  }

  void refused(const Words& words, const Words& parts, int code = 2) const {
    CAPTURE(words.back());
    const Outcome outcome = run(folder, words);
    CHECK(outcome.code == code);
    CHECK(outcome.out.empty());
    check_has(outcome.err, parts);
  }
};

TEST_CASE("training with features is told, recorded, and predicts those without ratings") {
  const Data data;
  write_bytes(data.folder / "valid", "31,5,4\n1,1,3\n");
  const Outcome text = data.done(with(with(kTrain, kFeatures), {"--valid", "valid", "-o", "m"}));
  check_has(text.out, {"3 inputs of users", "3 inputs of items", "held-out RMSE"});
  check_has(text.err, {"users.csv: features of 31 users, 3 inputs"});
  const Json report = Json::parse(data.done(with(with(kTrain, kFeatures), {"--json", "-q", "--valid", "valid"})).out);
  CHECK(report["user_inputs"] == 3);
  CHECK(report["item_inputs"] == 3);
  CHECK(report["valid_unknown_users"] == 0);
  const Json info = Json::parse(data.done({"info", "m", "--json"}).out);
  CHECK(info["user_features"].size() == 3);
  CHECK(info["users"] == 31);
  const Json evaluated = Json::parse(data.done({"evaluate", "m", "valid", "--json", "-q"}).out);
  CHECK(evaluated["rmse"] == report["valid_rmse"]);
  CHECK(evaluated["unknown_users"] == 0);
  CHECK(lines_of(data.done({"recommend", "m", "--user", "31", "-n", "3", "-q"}).out).size() == 4);
  // Features of one side are enough.
  data.done(with(kTrain, {"--items", "items.csv", "-o", "i", "-q"}));
  CHECK(!Json::parse(data.done({"info", "i", "--json"}).out).contains("user_features"));
}

TEST_CASE("an .odr file goes with features of others") {
  const Data data;
  data.done({"convert", "r.csv", "-o", "r.odr", "-q"});
  data.done(with(with(kTrain, kFeatures), {"-o", "m", "-q"}));
  Words words = with(with(kTrain, kFeatures), {"-o", "n", "-q"});
  words[1] = "r.odr";
  data.done(words);
  CHECK(load_factorization(data.folder / "n").layout.users == 31);
  CHECK(load_factorization(data.folder / "m").layout.users == 31);
}

TEST_CASE("the same bits on any number of threads, and resumed; cv and tune take features") {
  const Data data;
  const Words words = with(kTrain, kFeatures);
  for (const char* threads : {"1", "2", "3", "8"}) {
    data.done(with(words, {"-q", "--threads", threads, "-o", std::string("m") + threads}));
    CHECK((read_bytes(data.folder / "m1") == read_bytes(data.folder / (std::string("m") + threads))));
  }
  data.refused(
      {"train", "r.csv", "--method", "variational", "--rank", "3", "-t", "2", "--user-features", "age:numeric"},
      {"--user-features is of no use without --users FILE"});
  const Words shared{"r.csv", "--method", "variational", "--rank", "2", "-t", "2", "--svdpp", "none", "-q"};
  const Json with_features =
      Json::parse(data.done(with(with({"cv"}, shared), with(kFeatures, {"--folds", "3", "--json"}))).out);
  const Json without = Json::parse(data.done(with(with({"cv"}, shared), {"--folds", "3", "--json"})).out);
  CHECK(with_features["rmse"] != without["rmse"]);
  data.done({"tune", "r.csv", "--method", "variational", "--rank", "2,3", "-t", "2", "--holdout", "0.2", "--users",
             "users.csv", "-q"});
}

TEST_CASE("fold-in takes features, alone or with ratings") {
  const Data data;
  data.done(with(with(kTrain, kFeatures), {"-o", "m", "-q"}));
  const Outcome alone = data.done({"fold-in", "m", "--features", "strangers.csv", "-o", "m2"});
  check_has(alone.out, {"2 added (2 by features alone), features of 1 that the model knows left aside", "33 users",
                        "written to      m2"});
  check_has(alone.err, {"strangers.csv: features of 3 users"});
  write_bytes(data.folder / "new", "101,1,5\n101,2,1\n");
  const Json json =
      Json::parse(data.done({"fold-in", "m", "new", "--features", "strangers.csv", "-o", "m3", "--json", "-q"}).out);
  CHECK(json["added"] == 2);
  CHECK(json["by_features"] == 1);
  CHECK(json["known_features"] == 1);
  CHECK(json["ratings"] == 2);
  // Columns have names: their order is nothing.
  write_bytes(data.folder / "turned.csv", "sex,user_id,age\nF,101,20\nM,102,40\nF,7,30\n");
  data.done({"fold-in", "m", "--features", "turned.csv", "-o", "m5", "-q"});
  CHECK((read_bytes(data.folder / "m5") == read_bytes(data.folder / "m2")));
  const Factorization by_features = load_factorization(data.folder / "m2");
  const Factorization by_both = load_factorization(data.folder / "m3");
  const auto prediction = [](const Factorization& model, const char* user) {
    return model.predict(model.users.find(user), 3);
  };
  CHECK(prediction(by_features, "102") == prediction(by_both, "102"));
  CHECK(prediction(by_features, "101") != prediction(by_both, "101"));
  CHECK(lines_of(data.done({"fold-in", "m", "--features", "strangers.csv", "--top", "2", "-q"}).out).size() == 6);
  write_bytes(data.folder / "kinds", "item_id,kind\n51,film\n52,book|film\n");
  check_has(data.done({"fold-in", "m", "--features", "kinds", "--items", "-o", "m4", "-q"}).out,
            {"2 added", "22 items"});
}

TEST_CASE("samples take features too, on any number of threads and resumed, and so do newcomers to them") {
  const Data data;
  const Words words = with(
      {"train", "r.csv", "--method", "gibbs", "--rank", "3", "--burn-in", "2", "--samples", "6", "--keep", "3", "-q"},
      kFeatures);
  for (const char* threads : {"1", "2", "3", "8"}) {
    data.done(with(words, {"--threads", threads, "-o", std::string("m") + threads}));
    CHECK((read_bytes(data.folder / "m1") == read_bytes(data.folder / (std::string("m") + threads))));
  }
  data.done(with(words, {"--checkpoint", "ck", "--checkpoint-every", "5"}));
  data.done(with(words, {"--resume", "ck", "-o", "again"}));
  CHECK((read_bytes(data.folder / "m1") == read_bytes(data.folder / "again")));
  CHECK(Json::parse(data.done({"info", "m1", "--json"}).out)["user_features"].size() == 3);
  CHECK(lines_of(data.done({"recommend", "m1", "--user", "31", "-n", "3", "-q", "--by", "sample"}).out).size() == 4);
  check_has(data.done({"fold-in", "m1", "--features", "strangers.csv", "-o", "n"}).out,
            {"2 added (2 by features alone)"});
  CHECK(load_factorization(data.folder / "n").layout.users == 33);
}

TEST_CASE("features that are of no use are refused") {
  const Data data;
  data.done(with(kTrain, {"--users", "users.csv", "-o", "m", "-q"}));
  data.done({"train", "r.csv", "--rank", "2", "-o", "plain", "-q"});
  data.refused({"fold-in", "plain", "--features", "strangers.csv", "-o", "n"},
               {"--features is of no use", "plain was trained without features of users"});
  data.refused({"fold-in", "m", "--features", "items.csv", "--items", "-o", "n"},
               {"--features is of no use", "m was trained without features of items"});
  data.refused({"fold-in", "m", "-o", "n"}, {"nothing to fold in", "--features FILE"});
  write_bytes(data.folder / "odd", "user_id,age,sex\n101,20,X\n");
  data.refused({"fold-in", "m", "--features", "odd", "-o", "n"}, {"odd:2", "\"X\""}, 1);
  data.refused({"train", "r.csv", "--users", "users.csv", "--method", "blocks", "-o", "n"},
               {"--users is of no use to method blocks", "variational, gibbs, mlp"});
  write_bytes(data.folder / "nobody", "user_id,age\nx,1\ny,2\n");
  data.refused(with(kTrain, {"--users", "nobody", "-o", "n"}), {"none of the users of the ratings has features"}, 1);
  CHECK(!std::filesystem::exists(data.folder / "n"));
}

}  // namespace
}  // namespace odot::test
