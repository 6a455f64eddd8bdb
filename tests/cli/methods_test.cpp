// odot train --method blocks and nnmf: what they report, what they refuse, and that their models are like any other.
#include <cmath>
#include <set>

#include "program.hpp"

namespace odot::test {
namespace {

struct Small {
  Small() { write_bytes(folder / "r", small_ratings()); }
  TemporaryFolder folder;

  Outcome train(const Words& words) const {
    Words all{"train", "r"};
    all.insert(all.end(), words.begin(), words.end());
    return run(folder, all);
  }
  Json report(Words words) const {
    words.emplace_back("--json");
    CAPTURE(words);
    const Outcome outcome = train(words);
    CAPTURE(outcome.err);
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.out);
  }
};

const std::vector<Words> kMethods = {{"--method", "blocks"},
                                     {"--method", "blocks", "--optimizer", "bfgs"},
                                     {"--method", "blocks", "--optimizer", "adam", "--line-search", "armijo"},
                                     {"--method", "nnmf"}};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_CASE("options that a method does not use are refused, and the methods that use them named") {
  const Small data;
  const auto refused = [&](const Words& words, const Words& message) {
    CAPTURE(words);
    const Words before = files_in(data.folder);
    const Outcome outcome = data.train(with(words, {"-o", "m"}));
    CAPTURE(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out == "");
    CHECK((files_in(data.folder) == before));
    check_has(outcome.err, message);
  };
  for (const std::string option : {"--inner-iterations", "--block-rows", "--block-cols"}) {
    refused({option, "2", "--optimizer", "gd", "--gradient-tolerance", "0.1"},
            {"--optimizer is for blocks, full, mlp; gradient-tolerance for full; " + option.substr(2) +
             " for blocks: no method"});
    CHECK(data.report({option, "2", "--optimizer", "gd", "-t", "1"})["method"] == "blocks");
    refused({"--method", "full", option, "2"}, {option + " is of no use to method full", "blocks"});
    refused({"--method", "nnmf", option, "2"}, {option + " is of no use to method nnmf", "blocks"});
  }
  refused({"--method", "blocks", "--gradient-tolerance", "0.1"}, {"--gradient-tolerance", "method blocks", "full"});
  refused({"--method", "nnmf", "--gradient-tolerance", "0.1"}, {"--gradient-tolerance", "method nnmf", "full"});
  refused({"--method", "nnmf", "--optimizer", "adam"}, {"--optimizer", "method nnmf", "blocks, full"});
  refused({"--method", "nnmf", "--line-search", "exact"}, {"--line-search", "method nnmf", "blocks, full"});
  refused({"--method", "nnmf", "--biases"}, {"--biases is of no use to method nnmf", "blocks, full"});
  refused({"--method", "nnmf", "--center"}, {"--center is of no use to method nnmf", "blocks, full"});
  refused({"--method", "nnmf", "--momentum", "0.5"}, {"--momentum is of no use to method nnmf"});
  refused({"--method", "nnmf", "--step", "0.5"}, {"--step is of no use to method nnmf"});
  refused({"--method", "blocks", "--momentum", "0.5"}, {"--momentum is of no use to newton"});
  refused({"--method", "blocks", "--line-search", "exact"}, {"--line-search is of no use to newton"});
  refused({"--method", "blocks", "--optimizer", "newton", "--inner-iterations", "2"},
          {"--inner-iterations is of no use to newton"});
  refused({"--method", "blocks", "--optimizer", "gd", "--momentum", "0.5"}, {"--momentum", "heavy-ball, nesterov"});
  refused({"--method", "full", "--optimizer", "newton"}, {"--optimizer newton", "blocks"});
  refused({"--method", "block"}, {"unknown method 'block'", "blocks"});
  for (const std::string number : {"0", "-3", "1.5", "many", "4294967295", ""}) {
    refused({"--method", "blocks", "--block-rows", number}, {"--block-rows is '" + number + "', but must be a whole"});
    refused({"--method", "blocks", "--block-cols", number}, {"--block-cols is '" + number + "', but must be a whole"});
  }
  refused({"--method", "blocks", "--optimizer", "gd", "--inner-iterations", "0"}, {"--inner-iterations is '0'"});
}

TEST_CASE("what nnmf does anyway may be said: no biases, no mean") {
  const Small data;
  const Json plain = data.report({"--method", "nnmf", "-t", "5", "-o", "a"});
  const Json said = data.report({"--method", "nnmf", "-t", "5", "--no-biases", "--no-center", "-o", "b"});
  CHECK(said["objective"] == plain["objective"]);
  CHECK((read_bytes(data.folder / "a") == read_bytes(data.folder / "b")));
}

TEST_CASE("all methods report the same keys, and a trace with the same keys") {
  const Small data;
  const auto keys = [](const Json& json) {
    std::set<std::string> names;
    for (const auto& [name, value] : json.items()) names.insert(name);
    return names;
  };
  const Words common{"--holdout", "0.2", "--tolerance", "0", "-t", "6", "--trace", "t", "--no-clip", "--unobserved"};
  const auto trace = [&] {
    std::vector<Json> lines;
    for (const std::string& line : lines_of(read_bytes(data.folder / "t"))) lines.push_back(Json::parse(line));
    return lines;
  };
  const std::set<std::string> report_keys = keys(data.report(with(kMethods.front(), common)));
  const std::set<std::string> trace_keys = keys(trace().front());
  CHECK(report_keys.count("method") == 1);
  for (const Words& method : kMethods) {
    CAPTURE(method);
    const Json report = data.report(with(method, common));
    CHECK((keys(report) == report_keys));
    CHECK(report["method"] == method[1]);
    CHECK(report["iterations"] == 6);
    CHECK(report["passes"] == 13);
    CHECK(report["stop_reason"] == "iterations");
    CHECK(report["gradient_norm"].is_null());
    for (const char* key : {"train_rmse", "valid_rmse", "valid_mae", "objective", "lambda"}) {
      CAPTURE(key);
      REQUIRE(report.at(key).is_number());
      CHECK(report[key].get<double>() > 0);
    }
    const std::vector<Json> lines = trace();
    REQUIRE(lines.size() == 7);
    for (std::size_t k = 0; k < lines.size(); ++k) {
      CHECK((keys(lines[k]) == trace_keys));
      CHECK(lines[k]["iteration"] == k);
      CHECK(lines[k]["gradient_norm"].is_null());
      CHECK(lines[k]["step"].is_null());
      CHECK(lines[k]["passes"] == 1 + 2 * k);
      CHECK(lines[k]["valid_rmse"].is_number());
      if (k == 0) continue;
      CHECK(lines[k]["objective"].get<double>() < lines[k - 1]["objective"].get<double>());
      CHECK(lines[k]["seconds"].get<double>() >= lines[k - 1]["seconds"].get<double>());
    }
    CHECK(lines.back()["objective"] == report["objective"]);
    CHECK(lines.back()["evaluations"] == report["evaluations"]);
    CHECK(lines.back()["train_rmse"].get<double>() ==
          doctest::Approx(report["train_rmse"].get<double>()).epsilon(1e-4));
  }
  const Json newton = data.report({"--method", "blocks", "-t", "2"});
  CHECK(newton["optimizer"] == "newton");
  CHECK(newton["line_search"].is_null());
  CHECK(newton["evaluations"] == 0);
  const Json bfgs = data.report({"--method", "blocks", "-t", "2", "--optimizer", "bfgs", "--inner-iterations", "2"});
  CHECK(bfgs["optimizer"] == "bfgs");
  CHECK(bfgs["line_search"] == "weak-wolfe");
  CHECK(bfgs["evaluations"].get<long>() > 2L * 50 * 2);
  CHECK(bfgs["evaluations"].get<long>() <= 3L * 50 * 2);
  const Json nnmf = data.report({"--method", "nnmf", "-t", "2"});
  CHECK(nnmf["optimizer"].is_null());
  CHECK(nnmf["line_search"].is_null());
  CHECK(nnmf["unobserved_entries"].get<long>() == 30 * 20 - nnmf["ratings"].get<long>());
  CHECK(data.report({"--method", "nnmf", "-t", "2", "--no-unobserved"}).count("unobserved_entries") == 0);
}

TEST_CASE("the report for people") {
  const Small data;
  check_has(data.train({"--method", "blocks", "-t", "2", "--tolerance", "0"}).out,
            {"blocks, newton: 2 sweeps", "5 passes", "stopped by: iterations", "mean, biases", "train RMSE"});
  check_has(data.train({"--method", "blocks", "-t", "2", "--tolerance", "0", "--optimizer", "bfgs"}).out,
            {"blocks, bfgs with weak-wolfe: 2 sweeps"});
  const std::string nnmf = data.train({"--method", "nnmf", "-t", "2"}).out;
  check_has(nnmf, {"nnmf: 2 sweeps", "5 passes", "unobserved", "predicted below 1, ", "from 0.5 to 1.5"});
  CHECK(nnmf.find("biases") == std::string::npos);
  CHECK(data.train({"--method", "blocks", "-t", "2"}).out.find("unobserved") == std::string::npos);
}

TEST_CASE("their models are evaluated, predicted with and described like any other") {
  const Small data;
  for (const Words& method : kMethods) {
    CAPTURE(method);
    const Json report = data.report(with(method, {"-o", "m", "-t", "8"}));
    const Json evaluation = Json::parse(run(data.folder, {"evaluate", "m", "r", "--json"}).out);
    CHECK(evaluation["rmse"].get<double>() == doctest::Approx(report["train_rmse"].get<double>()).epsilon(1e-7));
    const Outcome predicted = run(data.folder, {"predict", "m", "r", "-q"});
    CHECK(predicted.code == 0);
    const auto ratings = fields_of(small_ratings());
    const auto predictions = fields_of(predicted.out);
    REQUIRE(predictions.size() == ratings.size());
    double squares = 0;
    for (std::size_t k = 0; k < ratings.size(); ++k) {
      squares += std::pow(std::stod(ratings[k][2]) - std::stod(predictions[k][2]), 2);
    }
    CHECK(std::sqrt(squares / static_cast<double>(ratings.size())) ==
          doctest::Approx(report["train_rmse"].get<double>()).epsilon(1e-4));
    CHECK(lines_of(run(data.folder, {"predict", "m", "-", "-q"}, {.input = "1,new\nnew,new\n"}).out).size() == 2);
    const Json info = Json::parse(run(data.folder, {"info", "m", "--json"}).out);
    CHECK(info["settings"]["method"] == method[1]);
    CHECK(info["biases"] == (method[1] == "blocks"));
  }
}

TEST_CASE("the same model file on any number of threads") {
  const Small data;
  for (const Words& method : kMethods) {
    CAPTURE(method);
    const auto model = [&](const std::string& threads) {
      REQUIRE(data.train(with(method, {"-o", "m", "-q", "-t", "5", "--threads", threads})).code == 0);
      return read_bytes(data.folder / "m");
    };
    const std::string expected = model("1");
    for (const std::string threads : {"1", "2", "5"}) CHECK((model(threads) == expected));
  }
}

TEST_CASE("nnmf refuses negative ratings, and nothing is written") {
  const TemporaryFolder folder;
  write_bytes(folder / "r", "1,1,3\n1,2,-2.5\n2,1,4\n");
  const Outcome outcome = run(folder, {"train", "r", "--method", "nnmf", "-o", "m"});
  CHECK(outcome.code == 1);
  check_has(outcome.err, {"nnmf needs ratings that are not negative", "-2.5"});
  CHECK((files_in(folder) == Words{"r"}));
}

TEST_CASE("blocks that diverge say so, and write nothing unless they are told to") {
  const Small data;
  const Words diverging{"--method", "blocks", "--optimizer", "gd", "--line-search", "constant",
                        "--step",   "1e6",    "-o",          "m",  "--json",        "-q"};
  const Outcome outcome = data.train(diverging);
  CHECK(outcome.code == 1);
  CHECK(outcome.out == "");
  check_has(outcome.err, {"diverged after 0 iterations", "--step"});
  CHECK((files_in(data.folder) == Words{"r"}));
  const Outcome kept = data.train(with(diverging, {"--keep-diverged"}));
  CHECK(kept.code == 1);
  CHECK(Json::parse(kept.out)["stop_reason"] == "diverged");
  CHECK((files_in(data.folder) == Words{"m", "r"}));
  CHECK(run(data.folder, {"evaluate", "m", "r"}).code == 0);
}

}  // namespace
}  // namespace odot::test
