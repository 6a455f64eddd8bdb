// odot predict --sd and --interval, and what odot evaluate makes of them.
#include <cmath>
#include <map>
#include <utility>

#include "program.hpp"

namespace odot::test {
namespace {

struct Prepared {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    done({"split", "r", "--fraction", "0.3", "--train", "train", "--test", "test", "-q"});
    done({"train", "train", "-o", "m", "-q", "--method", "variational", "--rank", "3"});
    done({"train", "train", "--method", "blocks", "-o", "plain", "-q"});
    done({"train", "train", "-o", "samples", "-q", "--method", "gibbs", "--rank", "3", "--samples", "12", "--keep",
          "4"});
  }
  std::string done(const Words& words) const {
    const Outcome outcome = run(folder, words);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
  }
  TemporaryFolder folder;
};

double number(const std::string& field) { return std::stod(field); }

TEST_CASE("columns of deviations and bounds beside predictions that stay as they are") {
  const Prepared prepared;
  const std::vector<Words> plain = fields_of(prepared.done({"predict", "m", "test", "--no-clip", "-q"}));
  const std::vector<Words> all =
      fields_of(prepared.done({"predict", "m", "test", "--no-clip", "--sd", "--interval", "0.9", "-q"}));
  const std::vector<Words> bounds = fields_of(prepared.done({"predict", "m", "test", "--interval", "0.9", "-q"}));
  const std::vector<Words> wide =
      fields_of(prepared.done({"predict", "m", "test", "--no-clip", "--interval", "0.99", "-q"}));
  REQUIRE(all.size() == plain.size());
  REQUIRE(!all.empty());
  for (std::size_t k = 0; k < all.size(); ++k) {
    REQUIRE(all[k].size() == 6);
    REQUIRE(bounds[k].size() == 5);
    CHECK(Words(all[k].begin(), all[k].begin() + 3) == plain[k]);
    const double mean = number(all[k][2]);
    const double deviation = number(all[k][3]);
    CHECK(deviation > 0);
    CHECK(number(all[k][4]) == doctest::Approx(mean - 1.6448536 * deviation).epsilon(1e-5));
    CHECK(number(all[k][5]) == doctest::Approx(mean + 1.6448536 * deviation).epsilon(1e-5));
    CHECK(number(wide[k][3]) - mean == doctest::Approx(-2.5758293 * deviation).epsilon(1e-4));
    // In the range of the training ratings.
    CHECK(number(bounds[k][3]) == doctest::Approx(std::max(1.0, number(all[k][4]))).epsilon(1e-5));
    CHECK(number(bounds[k][4]) == doctest::Approx(std::min(5.0, number(all[k][5]))).epsilon(1e-5));
  }
}

TEST_CASE("unknown users and items are less certain than known ones") {
  const Prepared prepared;
  const std::vector<Words> test = fields_of(read_bytes(prepared.folder / "test"));
  const std::string& user = test[0][0];
  const std::string& item = test[0][1];
  write_bytes(prepared.folder / "pairs",
              user + "," + item + "\nnobody," + item + "\n" + user + ",nothing\nnobody,nothing\n");
  const std::vector<Words> lines = fields_of(prepared.done({"predict", "m", "pairs", "--sd", "-q"}));
  REQUIRE(lines.size() == 4);
  for (const std::size_t k : {1u, 2u, 3u}) CHECK(number(lines[k][3]) > number(lines[0][3]));
}

TEST_CASE("evaluate measures the intervals and scores that predict writes") {
  const Prepared prepared;
  const std::vector<Words> lines =
      fields_of(prepared.done({"predict", "m", "test", "--no-clip", "--sd", "--interval", "0.8", "-q"}));
  const std::vector<Words> test = fields_of(read_bytes(prepared.folder / "test"));
  REQUIRE(lines.size() == test.size());
  double inside = 0;
  double likelihood = 0;
  double squares = 0;
  for (std::size_t k = 0; k < test.size(); ++k) {
    const double rating = number(test[k][2]);
    const double deviation = number(lines[k][3]);
    const double z = (rating - number(lines[k][2])) / deviation;
    inside += rating >= number(lines[k][4]) && rating <= number(lines[k][5]);
    likelihood -= std::log(std::exp(-z * z / 2) / (deviation * std::sqrt(2 * 3.14159265358979)));
    squares += deviation * deviation;
  }
  const auto count = static_cast<double>(test.size());
  for (const Words& more : {Words{}, {"--top", "3"}}) {
    Words words{"evaluate", "m", "test", "--interval", "0.8", "--json", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    const Json json = Json::parse(prepared.done(words));
    CHECK(json["interval"] == 0.8);
    CHECK(json["coverage"].get<double>() == doctest::Approx(inside / count));
    CHECK(json["negative_log_likelihood"].get<double>() == doctest::Approx(likelihood / count).epsilon(1e-5));
    double ratings = 0;
    double total = 0;
    double before = 0;
    for (const Json& group : json["deciles"]) {
      ratings += group["ratings"].get<double>();
      total += group["ratings"].get<double>() * std::pow(group["deviation"].get<double>(), 2);
      CHECK(group["deviation"] > before);
      before = group["deviation"];
    }
    CHECK(ratings == count);
    CHECK(total == doctest::Approx(squares).epsilon(1e-5));
  }
  CHECK(Json::parse(prepared.done({"evaluate", "m", "test", "--json", "-q"}))["interval"] == 0.9);
  CHECK(prepared.done({"evaluate", "m", "test", "-q"}).find("\ncoverage 90%    ") != std::string::npos);
  prepared.done({"convert", "test", "-o", "test.odr", "-q"});
  const Json converted = Json::parse(prepared.done({"evaluate", "m", "test.odr", "--json", "-q"}));
  const Json plain = Json::parse(prepared.done({"evaluate", "m", "test", "--json", "-q"}));
  for (const char* key : {"coverage", "negative_log_likelihood", "crps"}) {
    CAPTURE(key);
    CHECK(converted[key].get<double>() == doctest::Approx(plain[key].get<double>()));
  }
}

TEST_CASE("models that do not know deviations say so, and shares that are none are refused") {
  const Prepared prepared;
  for (const Words& words : {Words{"predict", "plain", "test", "--sd"},
                             {"predict", "plain", "test", "--interval", "0.5"},
                             {"evaluate", "plain", "test", "--interval", "0.5"}}) {
    const Outcome outcome = run(prepared.folder, words);
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("does not know how far ratings are from its predictions; expected one that was trained by "
                           "--method variational") != std::string::npos);
    CHECK(outcome.out.empty());
  }
  for (const char* command : {"predict", "evaluate"}) {
    const Outcome outcome = run(prepared.folder, {command, "m", "test", "--interval", "90"});
    CHECK(outcome.code == 2);
    CHECK(outcome.err.find("--interval is '90', but must be a number above 0 and below 1") != std::string::npos);
  }
  CHECK(Json::parse(prepared.done({"evaluate", "plain", "test", "--json", "-q"})).contains("coverage") == false);
}

TEST_CASE("recommending by bounds and by sampled factors") {
  const Prepared prepared;
  const Words base{"recommend", "m", "--format", "csv", "--top", "100", "-q"};
  const auto lists = [&](const Words& more) {
    Words words = base;
    words.insert(words.end(), more.begin(), more.end());
    std::map<std::pair<std::string, std::string>, double> scores;
    double before = 0;
    std::string user;
    for (const Words& fields : fields_of(prepared.done(words))) {
      if (fields[0] == "user") continue;
      if (fields[0] == user) CHECK(number(fields[3]) <= before);
      user = fields[0];
      before = number(fields[3]);
      scores[{fields[0], fields[2]}] = before;
    }
    return scores;
  };
  const auto mean = lists({});
  const auto lower = lists({"--by", "lower"});
  const auto upper = lists({"--by", "upper"});
  CHECK(lists({"--by", "mean"}) == mean);
  REQUIRE(lower.size() == mean.size());
  REQUIRE(upper.size() == mean.size());
  // The deviation of a rating is that of the prediction and the noise.
  const double noise = Json::parse(prepared.done({"info", "m", "--json"}))["noise"].get<double>();
  std::string pairs;
  for (const auto& [pair, score] : mean) pairs += pair.first + "," + pair.second + "\n";
  write_bytes(prepared.folder / "pairs", pairs);
  for (const Words& fields :
       fields_of(prepared.done({"predict", "m", "pairs", "--sd", "--no-clip", "--no-header", "-q"}))) {
    const std::pair pair(fields[0], fields[1]);
    const double deviation = std::sqrt(std::pow(number(fields[3]), 2) - noise * noise);
    CHECK(lower.at(pair) == doctest::Approx(mean.at(pair) - deviation).epsilon(1e-3));
    CHECK(upper.at(pair) == doctest::Approx(mean.at(pair) + deviation).epsilon(1e-3));
  }
  const auto sampled = lists({"--by", "sample"});
  CHECK(sampled != mean);
  CHECK(sampled == lists({"--by", "sample", "--seed", "1", "--threads", "3"}));
  CHECK(sampled != lists({"--by", "sample", "--seed", "2"}));
  // What is left out is left out of these lists, too.
  const auto unseen = lists({"--by", "upper", "--exclude", "train"});
  CHECK(unseen.size() < upper.size());
  for (const Words& fields : fields_of(read_bytes(prepared.folder / "train"))) {
    CHECK(unseen.count({fields[0], fields[1]}) == 0);
  }
  const Outcome plain = run(prepared.folder, {"recommend", "plain", "--by", "upper"});
  CHECK(plain.code == 1);
  CHECK(plain.err.find("expected one that was trained by --method variational or gibbs") != std::string::npos);
  CHECK(run(prepared.folder, {"recommend", "m", "--by", "best"}).code == 2);
  CHECK(run(prepared.folder, {"recommend", "m", "--seed", "3"}).code == 2);
}

TEST_CASE("models of samples know deviations, rank by them and take newcomers") {
  const Prepared prepared;
  const Json info = Json::parse(prepared.done({"info", "samples", "--json"}));
  CHECK(info["samples"] == 4);
  CHECK(info["rank"] == 12);
  CHECK(info["noise"].get<double>() > 0);
  const Json json = Json::parse(prepared.done({"evaluate", "samples", "test", "--json", "-q"}));
  CHECK(json["coverage"].get<double>() > 0.5);
  const Words base{"recommend", "samples", "--format", "csv", "--top", "100", "-q"};
  const auto lists = [&](const Words& more) {
    Words words = base;
    words.insert(words.end(), more.begin(), more.end());
    std::map<std::pair<std::string, std::string>, double> scores;
    for (const Words& fields : fields_of(prepared.done(words))) {
      if (fields[0] != "user") scores[{fields[0], fields[2]}] = number(fields[3]);
    }
    return scores;
  };
  const auto mean = lists({});
  const auto lower = lists({"--by", "lower"});
  const auto upper = lists({"--by", "upper"});
  REQUIRE(lower.size() == mean.size());
  for (const auto& [pair, score] : mean) {
    CHECK(lower.at(pair) < score);
    CHECK((lower.at(pair) + upper.at(pair)) / 2 == doctest::Approx(score).epsilon(1e-4));
  }
  const auto sampled = lists({"--by", "sample"});
  CHECK(sampled.size() == mean.size());
  CHECK(sampled != mean);
  CHECK(sampled == lists({"--by", "sample", "--seed", "1", "--threads", "3"}));
  CHECK(sampled != lists({"--by", "sample", "--seed", "2"}));

  const std::vector<Words> test = fields_of(read_bytes(prepared.folder / "test"));
  write_bytes(prepared.folder / "late", "late," + test[0][1] + ",5\nlate," + test[1][1] + ",4\n");
  const Outcome refused = run(prepared.folder, {"fold-in", "samples", "late", "-o", "n", "--lambda", "1"});
  CHECK(refused.code == 2);
  CHECK(refused.err.find("--lambda is of no use to this model") != std::string::npos);
  prepared.done({"fold-in", "samples", "late", "-o", "folded", "-q"});
  write_bytes(prepared.folder / "pairs", "late," + test[2][1] + "\n");
  const auto deviation = [&](const char* model) {
    return number(fields_of(prepared.done({"predict", model, "pairs", "--sd", "-q"})).at(0)[3]);
  };
  // Two ratings tell something.
  CHECK(deviation("folded") < deviation("samples"));
}

}  // namespace
}  // namespace odot::test
