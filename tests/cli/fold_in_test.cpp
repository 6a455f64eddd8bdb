// odot fold-in: models with users and items added, and recommendations for them.
#include <algorithm>

#include "odot/model/model_file.hpp"
#include "program.hpp"

namespace odot::test {
namespace {

// small_ratings() less the users 3 and 7, and these.
struct Prepared : Session {
  Prepared() {
    std::string old_ratings;
    std::string fresh;
    for (const std::string& line : lines_of(small_ratings())) {
      const bool left_out = line.starts_with("3,") || line.starts_with("7,");
      (left_out ? fresh : old_ratings) += line + "\n";
    }
    write_bytes(folder / "old", old_ratings);
    write_bytes(folder / "new", fresh);
    REQUIRE(run(folder, {"train", "old", "--method", "blocks", "-o", "m", "-q", "--rank", "4"}).code == 0);
  }
};

TEST_CASE("a model with users added is one that evaluate, predict, recommend and fold-in itself read") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  const std::size_t fresh = lines_of(read_bytes(folder / "new")).size();
  write_bytes(folder / "more", read_bytes(folder / "new") + "7,no such item,4\n8,no such item,1\n");
  const Outcome text = prepared.done({"fold-in", "m", "more", "-o", "m2", "--update"});
  check_has(text.out, {"ratings         " + std::to_string(fresh) + " of 2 users", "2 ratings of 1 item that the model",
                       "2 added, 1 left out for want of known items", "rank 4, 30 users, ", "written to      m2"});
  const Json json = Json::parse(prepared.done({"fold-in", "m", "new", "-o", "m3", "--json", "-q"}).out);
  CHECK(json["side"] == "users");
  CHECK(json["added"] == 2);
  CHECK(json["updated"] == 0);
  CHECK(json["ratings"] == fresh);
  CHECK(json["skipped_ratings"] == 0);
  CHECK(json["unknown_items"] == 0);
  CHECK(json["users"] == 30);
  CHECK(json["lambda"].get<double>() > 0);
  CHECK((read_bytes(folder / "m2") == read_bytes(folder / "m3")));

  const Json unknown = Json::parse(prepared.done({"evaluate", "m", "new", "--json", "-q"}).out);
  const Json known = Json::parse(prepared.done({"evaluate", "m2", "new", "--json", "-q"}).out);
  CHECK(unknown["unknown_users"] == fresh);
  CHECK(known["unknown_users"] == 0);
  CHECK(known["rmse"].get<double>() < unknown["rmse"].get<double>());
  const Factorization model = load_factorization(folder / "m2");
  CHECK(model.users.find("3") == 28);
  CHECK(model.users.find("7") == 29);

  // Again, one user at a time, from a pipe: the same file.
  std::string third;
  std::string seventh;
  for (const std::string& line : lines_of(read_bytes(folder / "new")))
    (line[0] == '3' ? third : seventh) += line + "\n";
  prepared.done({"fold-in", "m", "-", "-o", "a", "-q"}, {.input = third});
  prepared.done({"fold-in", "a", "-", "-o", "b", "-q", "--threads", "1"}, {.input = seventh});
  CHECK((read_bytes(folder / "b") == read_bytes(folder / "m2")));

  const Json items =
      Json::parse(prepared.done({"fold-in", "m", "old", "--items", "--update", "-o", "i", "--json"}).out);
  CHECK(items["side"] == "items");
  CHECK(items["added"] == 0);
  CHECK(items["updated"] == 20);
  CHECK(items["unknown_users"] == 0);
}

TEST_CASE("--top prints what recommend gives for the folded-in users, without what they rated") {
  const Prepared prepared;
  prepared.done({"fold-in", "m", "new", "-o", "m2", "-q"});
  for (const std::string format : {"text", "csv", "jsonl"}) {
    const std::string expected = prepared
                                     .done({"recommend", "m2", "--user", "3", "--user", "7", "--exclude", "new", "-n",
                                            "4", "--format", format, "-q"})
                                     .out;
    const Outcome outcome = prepared.done({"fold-in", "m", "new", "--top", "4", "--format", format, "-q"});
    CHECK(outcome.out == expected);
    CHECK(outcome.err == "");
    CHECK(outcome.out.find('7') != std::string::npos);
  }
  // Both at once: the report is on standard error.
  const Outcome both = prepared.done({"fold-in", "m", "new", "--top", "1", "-o", "m3"});
  check_has(both.err, {"2 added", "written to      m3"});
  check_has(both.out, {"user 3\n", "user 7\n"});
  CHECK((read_bytes(prepared.folder / "m3") == read_bytes(prepared.folder / "m2")));
}

TEST_CASE("lambda is the model's own unless it is given") {
  const Prepared prepared;
  const auto lambdas = [&](const Words& options) {
    Words words{"fold-in", "m", "new", "-o", "x", "--json", "-q"};
    words.insert(words.end(), options.begin(), options.end());
    const Json json = Json::parse(prepared.done(words).out);
    return std::pair(json["lambda"].get<double>(), json["lambda_per_rating"].get<double>());
  };
  const Factorization model = load_factorization(prepared.folder / "m");
  CHECK(lambdas({}) ==
        std::pair(std::stod(model.settings.at("lambda")), std::stod(model.settings.at("lambda-per-rating"))));
  CHECK(lambdas({"--lambda", "2"}) == std::pair(2.0, 0.0));
  CHECK(lambdas({"--lambda-per-rating", "0.5"}) == std::pair(0.0, 0.5));
}

TEST_CASE("what cannot be folded in is refused, and nothing written") {
  const Prepared prepared;
  const TemporaryFolder& folder = prepared.folder;
  prepared.refused(1, {"fold-in", "m", "old", "-o", "x", "-q"},
                   {"found the user '", "and 27 more in the model already", "--update"});
  prepared.refused(1, {"fold-in", "m", "new", "--items", "-o", "x", "-q"},
                   {"found the item '", "in the model already"});
  prepared.refused(1, {"fold-in", "m", "none", "-o", "x"}, {"none: found no such file"});
  prepared.refused(1, {"fold-in", "none", "new", "-o", "x"}, {"cannot load the model none"});
  prepared.refused(1, {"fold-in", "new", "new", "-o", "x"}, {"cannot load the model new"});
  prepared.refused(1, {"fold-in", "m", "new", "-o", "/dev/full", "-q"}, {"cannot write /dev/full"});
  prepared.refused(1, {"fold-in", "m", "new", "-o", "nowhere/x"}, {"cannot write nowhere/x"});
  write_bytes(folder / "bad", "3,1,4\n3,2,great\n");
  prepared.refused(1, {"fold-in", "m", "bad", "-o", "x"}, {"bad:2: found \"great\" as the rating, expected a number"});
  write_bytes(folder / "bad", "");
  prepared.refused(1, {"fold-in", "m", "bad", "-o", "x"}, {"bad: found an empty file"});
  write_bytes(folder / "bad", "3,nothing,4\n");
  prepared.refused(1, {"fold-in", "m", "bad", "-o", "x", "-q"},
                   {"found no rating of an item that the model knows", "'nothing'"});
  // A reader that goes away: no model either.
  const Outcome full = run(folder, {"fold-in", "m", "new", "--top", "3", "-o", "x", "-q"}, {.out_file = "/dev/full"});
  CHECK(full.code == 1);
  CHECK_FALSE(std::filesystem::exists(folder / "x"));

  write_rated_features(folder, 30);
  prepared.done({"train", "r.csv", "--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--iterations",
                 "1", "-o", "network", "-q"});
  prepared.refused(1, {"fold-in", "network", "new", "-o", "x"},
                   {"network: found a neural network, which folds nothing in; expected a factorization"});
}

TEST_CASE("options of fold-in that make no sense") {
  const Prepared prepared;
  for (const auto& [words, message] : std::vector<std::pair<Words, std::string>>{
           {{"m", "new"}, "-o FILE writes a model with them added, --top N prints recommendations"},
           {{"m", "-o", "n"}, "nothing to fold in: give RATINGS, or --features FILE"},
           {{"m", "new", "-o", "m"}, "-o m would overwrite the input m"},
           {{"m", "new", "-o", "-"}, "-o needs a file"},
           {{"m", "new", "--top", "0"}, "--top is '0'"},
           {{"m", "new", "--top", "3", "--items"}, "--top recommends to users"},
           {{"m", "new", "--top", "3", "--json"}, "cannot both go to standard output"},
           {{"m", "new", "--top", "3", "--format", "xml"}, "--format is 'xml'"},
           {{"m", "new", "-o", "x", "--format", "csv"}, "--format is of no use without --top"},
           {{"m", "new", "-o", "x", "--lambda", "-1"}, "--lambda is '-1'"},
           {{"m", "new", "-o", "x", "--updat"}, "did you mean --update?"}}) {
    Words all{"fold-in"};
    all.insert(all.end(), words.begin(), words.end());
    const Words before = files_in(prepared.folder);
    const Outcome outcome = run(prepared.folder, all);
    CAPTURE(all);
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out == "");
    CHECK(files_in(prepared.folder) == before);
    check_has(outcome.err, {message});
  }
}

}  // namespace
}  // namespace odot::test
