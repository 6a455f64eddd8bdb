// odot train --likelihood ordinal, and what commands make of its models.
#include <cmath>

#include "program.hpp"

namespace odot::test {
namespace {

struct Prepared {
  Prepared() {
    write_bytes(folder / "r", small_ratings());
    done({"split", "r", "--fraction", "0.3", "--train", "train", "--test", "test", "-q"});
    done({"train", "train", "-o", "m", "-q", "--method", "variational", "--rank", "3", "--likelihood", "ordinal"});
    done({"train", "train", "-o", "plain", "-q", "--method", "variational", "--rank", "3"});
  }
  std::string done(const Words& words) const {
    const Outcome outcome = run(folder, words);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
  }
  TemporaryFolder folder;
};

TEST_CASE("probabilities of each value beside the prediction, which is their mean") {
  const Prepared prepared;
  const auto info = nlohmann::json::parse(prepared.done({"info", "m", "--json"}));
  std::vector<double> values;
  const Words names = fields_of(info["values"].get<std::string>() + "\n").at(0);
  for (const std::string& name : names) values.push_back(std::stod(name));
  REQUIRE(values.size() >= 2);
  CHECK(!info["cut_points"].get<std::string>().empty());
  CHECK(!info.contains("noise"));
  const auto plain = fields_of(prepared.done({"predict", "m", "test", "-q"}));
  const auto all =
      fields_of(prepared.done({"predict", "m", "test", "--sd", "--interval", "0.8", "--probabilities", "-q"}));
  const auto test = fields_of(read_bytes(prepared.folder / "test"));
  REQUIRE(all.size() == plain.size());
  REQUIRE(!all.empty());
  double likelihood = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    REQUIRE(all[k].size() == 6 + values.size());
    CHECK(Words(all[k].begin(), all[k].begin() + 3) == plain[k]);
    double sum = 0;
    double mean = 0;
    double inside = 0;
    for (std::size_t v = 0; v < values.size(); ++v) {
      const double p = std::stod(all[k][6 + v]);
      sum += p;
      mean += p * values[v];
      if (values[v] >= std::stod(all[k][4]) && values[v] <= std::stod(all[k][5])) inside += p;
      if (values[v] == std::stod(test[k][2])) likelihood -= std::log(p);
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-5));
    CHECK(mean == doctest::Approx(std::stod(plain[k][2])).epsilon(1e-5));
    CHECK(inside > 0.8 - 1e-5);
  }
  const auto evaluation = nlohmann::json::parse(prepared.done({"evaluate", "m", "test", "--json", "-q"}));
  CHECK(evaluation["negative_log_likelihood"].get<double>() ==
        doctest::Approx(likelihood / static_cast<double>(all.size())).epsilon(1e-4));
}

TEST_CASE("what cannot be is refused, and says what can") {
  const Prepared prepared;
  const auto refused = [&](const Words& words, const std::string& part) {
    const Outcome outcome = run(prepared.folder, words);
    CAPTURE(outcome.err);
    CHECK(outcome.code != 0);
    CHECK(outcome.err.find(part) != std::string::npos);
  };
  refused({"predict", "plain", "test", "--probabilities"}, "--likelihood ordinal");
  refused({"train", "train", "-o", "x", "--method", "gibbs", "--likelihood", "ordinal"}, "--likelihood");
  refused({"train", "train", "-o", "x", "--method", "variational", "--rank", "3", "--init-model", "m"}, "--init-model");
  refused({"train", "train", "-o", "x", "--method", "variational", "--rank", "3", "--init-model", "plain",
           "--likelihood", "ordinal"},
          "--init-model");
  refused({"export", "m", "--format", "libmf", "-o", "x"}, "npy");
  refused({"export", "m", "--format", "csv", "-o", "y"}, "npy");
  write_bytes(prepared.folder / "equal", "1,2,3\n1,3,3\n2,2,3\n");
  refused({"train", "equal", "-o", "x", "--method", "variational", "--likelihood", "ordinal"}, "two different values");
}

}  // namespace
}  // namespace odot::test
