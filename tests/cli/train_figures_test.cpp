// Every figure of train's report and every field of its trace, against what it must be: computed from the model files
// of runs of 0, 1, 2, … iterations, from the ratings, and from what docs/design.md and docs/methods.md say of the work.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "runs.hpp"

namespace odot::test {
namespace {

constexpr int kIterations = 5;

const std::set<std::string> kReportKeys{
    "train_rmse",          "valid_rmse", "valid_mae", "objective",   "iterations",        "best_iteration",
    "evaluations",         "passes",     "trials",    "stop_reason", "gradient_norm",     "restarts",
    "floor_steps",         "ratings",    "users",     "items",       "valid_ratings",     "valid_unknown_users",
    "valid_unknown_items", "method",     "rank",      "lambda",      "lambda_per_rating", "optimizer",
    "line_search",         "seed",       "threads"};
const std::set<std::string> kTraceKeys{"iteration",      "objective",       "train_rmse",    "valid_rmse",
                                       "best_iteration", "best_valid_rmse", "gradient_norm", "step",
                                       "trials",         "evaluations",     "passes",        "restarts"};

std::set<std::string> keys_of(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

// A run and what is known of its work after k iterations.
struct Case {
  Words words;
  std::string method;
  Json optimizer;
  Json line_search;
  long passes_at_start;
  long passes_each;
  long evaluations_at_start;
  long evaluations_each;
  long trials_each;
  Json step = nullptr;  // of the first iteration, where it is given
};

const std::vector<Case> kCases{
    {{"--method", "blocks"}, "blocks", "newton", nullptr, 1, 2, 0, 0, 0},
    {{"--block-rows", "4", "--no-biases"}, "blocks", "newton", nullptr, 1, 2, 0, 0, 0},
    // Two evaluations and a trial a row: 50 rows.
    {{"--method", "blocks", "--optimizer", "adam", "--inner-iterations", "1"},
     "blocks",
     "adam",
     "exact",
     1,
     2,
     0,
     100,
     50},
    {{"--method", "blocks", "--optimizer", "gd", "--line-search", "constant", "--step", "0.001", "--inner-iterations",
      "1"},
     "blocks",
     "gd",
     "constant",
     1,
     2,
     0,
     100,
     0},
    {{"--method", "nnmf"}, "nnmf", nullptr, nullptr, 1, 2, 0, 0, 0},
    {{"--method", "full"}, "full", "adam", "exact", 2, 3, 1, 1, 1},
    {{"--optimizer", "lbfgs", "--line-search", "exact", "--no-center"}, "full", "lbfgs", "exact", 2, 3, 1, 1, 1},
    {{"--optimizer", "gd", "--line-search", "exact"}, "full", "gd", "exact", 2, 3, 1, 1, 1},
    {{"--optimizer", "gd", "--line-search", "constant", "--step", "0.002"},
     "full",
     "gd",
     "constant",
     2,
     2,
     1,
     1,
     0,
     0.002},
    {{"--optimizer", "gd", "--line-search", "decreasing", "--step", "0.003"},
     "full",
     "gd",
     "decreasing",
     2,
     2,
     1,
     1,
     0,
     0.003},
    {{"--optimizer", "adgd", "--line-search", "constant"}, "full", "adgd", "constant", 2, 2, 1, 1, 0, 1},
};

// Of any factorisation after `iterations`, whose report and trace are of this model.
void check_model(const Rated& data, const Json& report, const Json& line, const Factors& factors, int iterations) {
  const double lambda = report["lambda"];
  const double per_rating = report["lambda_per_rating"];
  const Objective objective = objective_of(factors, data.train, lambda, per_rating);
  CHECK(objective.value == about(report["objective"]));
  const Errors train = errors_of(data, "m", data.train);
  const Errors valid = errors_of(data, "m", data.valid);
  CHECK(train.rmse == about(report["train_rmse"]));
  CHECK(valid.rmse == about(report["valid_rmse"]));
  CHECK(valid.mae == about(report["valid_mae"]));
  CHECK(train.rmse == about(line["train_rmse"]));
  // What stands in for an unknown one's bias where nothing was subtracted is known at the end only.
  if (factors.mean != 0 || !factors.biases) CHECK(line["valid_rmse"].get<double>() == about(report["valid_rmse"]));
  if (report["method"] == "full") CHECK(objective.gradient_norm == about(report["gradient_norm"], 1e-3));
  CHECK(report["gradient_norm"].is_null() == (report["method"] != "full"));
  CHECK(report["iterations"] == iterations);
  CHECK(line["iteration"] == iterations);
  for (const char* key : {"objective", "gradient_norm", "evaluations", "passes", "restarts", "best_iteration"}) {
    CAPTURE(key);
    CHECK(line[key] == report[key]);
  }
}

TEST_CASE("a factorisation's report and trace say what the models after each iteration are") {
  const Rated data;
  for (const Case& some : kCases) {
    CAPTURE(some.words);
    const bool nnmf = some.method == "nnmf";
    Words words = with({"train", "t.csv", "--valid", "v.csv", "--rank", "3", "--seed", "7", "--threads", "3", "-o", "m",
                        "--trace", "t", "--tolerance", "0", "--no-clip", "--no-unobserved"},
                       some.words);
    Factors before;
    long trials = 0;
    std::vector<Json> last;
    for (int k = 0; k <= kIterations; ++k) {
      CAPTURE(k);
      const Json report = report_of(data, with(words, {"-t", fmt::format("{}", k)}));
      const std::vector<Json> trace = trace_of(data, "t");
      REQUIRE(trace.size() == static_cast<std::size_t>(k) + 1);
      // A longer run is the same run.
      CHECK(std::vector<Json>(trace.begin(), trace.end() - 1) == last);
      last = trace;
      const Json& line = trace.back();
      CHECK(keys_of(report) == kReportKeys);
      CHECK(keys_of(line) == kTraceKeys);
      const Factors factors = factors_of(data, "m");
      check_model(data, report, line, factors, k);

      const double deviation = deviation_of(data.train);
      CHECK(report["lambda"].get<double>() == doctest::Approx((nnmf ? 2 * std::sqrt(3) : 6) * deviation));
      CHECK(report["lambda_per_rating"].get<double>() == doctest::Approx(nnmf ? 0 : 0.025 * deviation));
      CHECK(report["ratings"] == data.train.size());
      CHECK(report["users"] == 30);
      CHECK(report["items"] == 20);
      CHECK(report["valid_ratings"] == data.valid.size());
      CHECK(report["valid_unknown_users"] == 2);
      CHECK(report["valid_unknown_items"] == 3);
      CHECK(report["rank"] == 3);
      CHECK(report["seed"] == 7);
      CHECK(report["threads"] == 3);
      CHECK(report["method"] == some.method);
      CHECK(report["optimizer"] == some.optimizer);
      CHECK(report["line_search"] == some.line_search);
      CHECK(report["stop_reason"] == "iterations");
      CHECK(report["restarts"] == 0);
      CHECK(report["floor_steps"] == 0);
      CHECK(report["best_iteration"].is_null());
      CHECK(line["best_valid_rmse"].is_null());

      CHECK(report["passes"] == some.passes_at_start + k * some.passes_each);
      CHECK(report["evaluations"] == some.evaluations_at_start + k * some.evaluations_each);
      CHECK(report["trials"] == k * some.trials_each);
      if (some.method == "full") {
        trials += line["trials"].get<long>();
        CHECK(report["trials"] == trials);
      } else {
        CHECK(line["step"].is_null());
        CHECK(line["trials"] == 0);
      }
      if (some.method == "full" && k == 0) CHECK(line["step"] == 0);
      if (some.method == "full" && k > 0) {
        const double step = line["step"];
        CHECK(step > 0);
        const double share = some.line_search == "decreasing" ? 1 / std::sqrt(k) : 1;
        if (some.step.is_number()) CHECK(step == doctest::Approx(some.step.get<double>() * share).epsilon(1e-12));
        // Gradient descent went by the step times the gradient where it was.
        if (some.optimizer == "gd") {
          double moved = 0;
          for (const auto& [id, row] : factors.users) {
            for (std::size_t c = 0; c < row.size(); ++c) {
              const double scale = c + 1 == row.size() ? factors.pin : 1;
              moved += std::pow((row[c] - before.users.at(id)[c]) / scale, 2);
            }
          }
          const Objective there = objective_of(before, data.train, report["lambda"], report["lambda_per_rating"]);
          CHECK(std::sqrt(moved) / there.user_gradient_norm == doctest::Approx(step).epsilon(1e-3));
        }
      }
      before = factors;
    }
  }
}

TEST_CASE("λ that is given is reported, and what is not given beside it is 0") {
  const Rated data;
  const auto lambdas = [&](const Words& words) {
    const Json report = report_of(data, with({"train", "t.csv", "-t", "1"}, words));
    return std::pair(report["lambda"].get<double>(), report["lambda_per_rating"].get<double>());
  };
  CHECK(lambdas({"--lambda", "3"}) == std::pair(3.0, 0.0));
  CHECK(lambdas({"--lambda-per-rating", "0.5"}) == std::pair(0.0, 0.5));
  CHECK(lambdas({"--lambda", "3", "--lambda-per-rating", "0.5", "--method", "nnmf"}) == std::pair(3.0, 0.5));
}

TEST_CASE("clipped predictions are measured as they are made; the trace's training error is of unclipped ones") {
  const Rated data;
  const Words words{"train",  "t.csv", "--valid", "v.csv", "-o",      "m", "--lambda",    "0.01",
                    "--rank", "8",     "-t",      "20",    "--trace", "t", "--tolerance", "0"};
  const Json clipped = report_of(data, words);
  const std::vector<Json> trace = trace_of(data, "t");
  CHECK(errors_of(data, "m", data.train).rmse == about(clipped["train_rmse"]));
  CHECK(errors_of(data, "m", data.valid).rmse == about(clipped["valid_rmse"]));
  CHECK(errors_of(data, "m", data.valid).mae == about(clipped["valid_mae"]));
  CHECK(trace.back()["valid_rmse"].get<double>() == about(clipped["valid_rmse"]));
  const Json free = report_of(data, with(words, {"--no-clip"}));
  CHECK(trace_of(data, "t").back()["train_rmse"] == trace.back()["train_rmse"]);
  CHECK(free["train_rmse"].get<double>() == about(trace.back()["train_rmse"]));
  CHECK(clipped["train_rmse"].get<double>() < free["train_rmse"].get<double>());
  CHECK(clipped["valid_rmse"].get<double>() < free["valid_rmse"].get<double>());
  CHECK(free["objective"] == clipped["objective"]);
}

TEST_CASE("the shares of unobserved entries are counted on the model's own predictions") {
  const Rated data;
  const Words words{"train", "t.csv", "-o", "m", "--lambda", "0.01", "-t", "30", "--tolerance", "0"};
  for (const Words& more : std::vector<Words>{{"--method", "nnmf"}, {"--unobserved"}}) {
    CAPTURE(more);
    const Json report = report_of(data, with(words, more));
    const Factors factors = factors_of(data, "m");
    std::set<std::pair<std::string, std::string>> observed;
    for (const Rating& rating : data.train) observed.insert({rating.user, rating.item});
    double below = 0, near = 0, entries = 0;
    for (const auto& [user, u] : factors.users) {
      for (const auto& [item, v] : factors.items) {
        if (observed.contains({user, item})) continue;
        const double prediction = factors.predict(user, item);
        ++entries;
        below += prediction < 1;
        near += prediction >= 0.5 && prediction <= 1.5;
      }
    }
    REQUIRE(below > 0);
    REQUIRE(near != below);
    CHECK(entries + static_cast<double>(data.train.size()) == 600);
    CHECK(report["unobserved_entries"] == entries);
    CHECK(report["unobserved_below_lowest"].get<double>() == doctest::Approx(below / entries));
    CHECK(report["unobserved_near_one"].get<double>() == doctest::Approx(near / entries));
    check_has(data.done(with(words, more)).out, {fmt::format("{:.1f}% predicted below 1, {:.1f}% from 0.5 to 1.5",
                                                             100 * below / entries, 100 * near / entries)});
  }
  CHECK(!report_of(data, words).contains("unobserved_entries"));
}

}  // namespace
}  // namespace odot::test
