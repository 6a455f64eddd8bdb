// Why a run ended, which of its iterates the report is of, the network's figures, and the report in words.
#include <fmt/format.h>

#include <cmath>

#include "runs.hpp"

namespace odot::test {
namespace {

const Words kTrain{"train", "t.csv", "--valid", "v.csv", "-o", "m", "--trace", "t"};
const Words kNetwork =
    with(kTrain, {"--method", "mlp", "--users", "users.csv", "--items", "items.csv", "--layers", "4"});

// A search that may try one step only: when that is too long for the curvature, there is none.
const Words kHopeless{"--optimizer",    "gd",   "--line-search", "armijo", "--max-trials", "1",
                      "--initial-step", "0.02", "--backtrack",   "0.9",    "-k",           "2",
                      "--tolerance",    "0"};

std::string text_of(const Rated& data, const Words& words, int code = 0) {
  const Outcome outcome = run(data.folder, with(words, {"--quiet"}));
  CHECK(outcome.code == code);
  return outcome.out;
}

TEST_CASE("early stopping: all that is said of a model is said of the best iterate, the rest of the whole run") {
  const Rated data;
  struct Stopped {
    Words words;
    bool factors = true;
  };
  for (const auto& [words, factors] : std::vector<Stopped>{
           {with(kTrain, {"--lambda", "0.01", "--tolerance", "0", "--rank", "4"})},
           {with(kTrain, {"--lambda", "4", "--tolerance", "0", "--optimizer", "lbfgs", "--rank", "2"})},
           {with(kTrain, {"--lambda", "0", "--tolerance", "0", "--method", "nnmf", "--rank", "4"})},
           {with(kNetwork, {"--batch-size", "32", "--step", "0.05"}), false},
           {with(kNetwork, {"--batch-size", "0", "--step", "0.05"}), false}}) {
    CAPTURE(words);
    const Json report = report_of(data, with(words, {"--early-stop", "3", "-t", "900"}));
    const std::vector<Json> trace = trace_of(data, "t");
    const std::string model = read_bytes(data.folder / "m");
    const int best = report["best_iteration"];
    CHECK(report["stop_reason"] == "early_stop");
    CHECK(best > 0);
    CHECK(report["iterations"] == best + 3);
    REQUIRE(trace.size() == static_cast<std::size_t>(best) + 4);
    // The best so far, as the trace goes on.
    int lowest = 0;
    for (std::size_t k = 0; k < trace.size(); ++k) {
      if (trace[k]["valid_rmse"].get<double>() < trace[static_cast<std::size_t>(lowest)]["valid_rmse"].get<double>()) {
        lowest = static_cast<int>(k);
      }
      CHECK(trace[k]["best_iteration"] == lowest);
      CHECK(trace[k]["best_valid_rmse"] == trace[static_cast<std::size_t>(lowest)]["valid_rmse"]);
    }
    CHECK(lowest == best);
    const Json& line = trace[static_cast<std::size_t>(best)];
    for (const char* key : {"objective", "gradient_norm"}) {
      CAPTURE(key);
      CHECK(report[key] == line[key]);
    }
    CHECK(report["objective"] != trace.back()["objective"]);
    CHECK(report["valid_rmse"].get<double>() == about(line["valid_rmse"]));
    for (const char* key : {"evaluations", "passes", "restarts"}) {
      CAPTURE(key);
      CHECK(report[key].get<long>() >= trace.back()[key].get<long>());
    }
    CHECK(report["passes"] != line["passes"]);
    CHECK(errors_of(data, "m", data.train).rmse == about(report["train_rmse"]));
    CHECK(errors_of(data, "m", data.valid).rmse == about(report["valid_rmse"]));
    if (factors) {
      const Objective objective =
          objective_of(factors_of(data, "m"), data.train, report["lambda"], report["lambda_per_rating"]);
      CHECK(objective.value == about(report["objective"], 1e-4));
    }
    check_has(text_of(data, with(words, {"--early-stop", "3", "-t", "900"})),
              {fmt::format("{} ", best + 3), fmt::format(", the best is {}, ", best), "stopped by: early_stop"});
    // A run that ends there has that model.
    report_of(data, with(words, {"--early-stop", "0", "-t", fmt::format("{}", best)}));
    CHECK((tensors_of(read_bytes(data.folder / "m")) == tensors_of(model)));
  }
}

TEST_CASE("every reason to stop holds at the last iteration and not before") {
  const Rated data;
  const auto traced = [&](const Words& words, const std::string& reason) {
    CAPTURE(words);
    CAPTURE(reason);
    const Json report = report_of(data, with(kTrain, words));
    CHECK(report["stop_reason"] == reason);
    std::vector<Json> trace = trace_of(data, "t");
    CHECK(trace.size() == report["iterations"].get<std::size_t>() + 1);
    check_has(text_of(data, with(kTrain, words)), {"stopped by: " + reason + "\n"});
    return trace;
  };
  // Before the first sweep distributions have no objective.
  const auto value = [](const Json& line, const char* key) {
    return line[key].is_null() ? std::nan("") : line[key].get<double>();
  };
  for (const Words& method : {Words{"--method", "blocks"}, Words{"--method", "full"}, Words{"--method", "nnmf"},
                              Words{"--method", "variational"}}) {
    CHECK(traced(with(method, {"-t", "3", "--tolerance", "0"}), "iterations").size() == 4);
    CHECK(traced(with(method, {"-t", "0"}), "iterations").size() == 1);
    CHECK(traced(with(method, {"--time-limit", "1e-9"}), "time").size() == 1);
    const std::vector<Json> trace = traced(with(method, {"--tolerance", "0.02"}), "tolerance");
    REQUIRE(trace.size() > 2);
    for (std::size_t k = 1; k < trace.size(); ++k) {
      const double before = value(trace[k - 1], "objective");
      const double fall = before - value(trace[k], "objective");
      // Of distributions nats for each rating, once they are.
      const bool settled = method[1] == "variational" ? k > 3 && fall <= 0.02 * static_cast<double>(data.train.size())
                                                      : std::abs(fall) <= 0.02 * std::abs(before);
      CHECK(settled == (k + 1 == trace.size()));
    }
  }
  // A sampler without samples is a model, too.
  CHECK(traced({"--method", "gibbs", "-k", "3", "-t", "0"}, "iterations").size() == 1);
  data.done({"evaluate", "m", "v.csv", "-q"});
  const std::vector<Json> trace =
      traced({"--method", "full", "--gradient-tolerance", "0.2", "--tolerance", "0"}, "gradient");
  REQUIRE(trace.size() > 2);
  for (std::size_t k = 0; k < trace.size(); ++k) {
    CHECK((value(trace[k], "gradient_norm") <= 0.2 * value(trace[0], "gradient_norm")) == (k + 1 == trace.size()));
  }
  CHECK(traced(kHopeless, "line_search").size() > 2);
}

TEST_CASE("a diverged run is told, with the last finite iterate where that is wanted") {
  const Rated data;
  const Words words = with(kTrain, {"--optimizer", "gd", "--line-search", "constant", "--step", "0.02", "-k", "2", "-t",
                                    "500", "--tolerance", "0", "--no-clip"});
  CHECK(run(data.folder, with(words, {"--json"})).code == 1);
  CHECK(!std::filesystem::exists(data.folder / "m"));
  const Json report = report_of(data, with(words, {"--keep-diverged"}), 1);
  CHECK(report["stop_reason"] == "diverged");
  const std::vector<Json> trace = trace_of(data, "t");
  CHECK(report["iterations"] == trace.back()["iteration"]);
  CHECK(report["objective"] == trace.back()["objective"]);
  CHECK(errors_of(data, "m", data.train).rmse == about(trace.back()["train_rmse"], 1e-3));
}

TEST_CASE("restarts, floor steps and trials are counted") {
  const Rated data;
  // Each search begins far too short for its curvature condition and shrinks to the floor: 1e-6 is halved four times.
  const Json floored =
      report_of(data, with(kTrain, {"--optimizer", "gd", "--line-search", "strong-wolfe", "--initial-step", "1e-6",
                                    "--min-step", "1e-7", "--c2", "0.1", "-t", "5", "--tolerance", "0"}));
  CHECK(floored["floor_steps"] == 5);
  CHECK(floored["trials"] == 20);
  for (const Json& line : trace_of(data, "t")) CHECK(line["trials"] == (line["iteration"] == 0 ? 0 : 4));
  CHECK(floored["restarts"] == 0);

  // Gradient descent has no memory: where its search fails it fails afresh too, and that one restart ends the run.
  const Json ended = report_of(data, with(kTrain, kHopeless));
  const std::vector<Json> trace = trace_of(data, "t");
  CHECK(ended["restarts"] == 1);
  CHECK(trace.back()["restarts"] == 0);
  const int done = ended["iterations"];
  CHECK(done > 1);
  CHECK(ended["trials"] == done + 2);
  CHECK(ended["evaluations"] == 1 + done + 2);
  CHECK(ended["passes"] == 2 + 3 * (done + 2));

  // Each trial of lipschitz is an evaluation, and the accepted one is the next iteration's.
  const Json lipschitz = report_of(data, with(kTrain, {"--optimizer", "gd", "--line-search", "lipschitz", "-t", "30"}));
  long trials = 0;
  for (const Json& line : trace_of(data, "t")) {
    trials += line["trials"].get<long>();
    CHECK(line["evaluations"] == 1 + trials);
    CHECK(line["passes"] == 2 * (1 + trials));
  }
  CHECK(lipschitz["trials"] == trials);
  CHECK(trials > 30);
}

TEST_CASE("a network's report and trace say what the models after each epoch are") {
  const Rated data;
  for (const std::string batch : {"0", "64", "32"}) {
    CAPTURE(batch);
    const long batches =
        batch == "0" ? 1 : (static_cast<long>(data.train.size()) + std::stol(batch) - 1) / std::stol(batch);
    for (int k = 0; k <= 3; ++k) {
      CAPTURE(k);
      const Json report = report_of(
          data, with(kNetwork, {"--batch-size", batch, "--early-stop", "0", "--no-clip", "--seed", "5", "--threads",
                                "3", "--step", "0.02", "--output-relu", "-t", fmt::format("{}", k)}));
      const std::vector<Json> trace = trace_of(data, "t");
      REQUIRE(trace.size() == static_cast<std::size_t>(k) + 1);
      const Json& line = trace.back();
      const Errors train = errors_of(data, "m", data.train);
      const Errors valid = errors_of(data, "m", data.valid);
      CHECK(train.rmse == about(report["train_rmse"]));
      CHECK(valid.rmse == about(report["valid_rmse"]));
      CHECK(valid.mae == about(report["valid_mae"]));
      CHECK(line["valid_rmse"].get<double>() == about(report["valid_rmse"]));
      // Over mini-batches, each before its step: of the model as it is at the start or with all ratings at once only.
      if (batch == "0" || k == 0) CHECK(train.rmse == about(line["train_rmse"]));
      CHECK(std::pow(line["train_rmse"].get<double>(), 2) == about(line["objective"], 1e-9));
      CHECK(line["objective"] == report["objective"]);
      CHECK(line["iteration"] == k);
      CHECK(report["iterations"] == k);
      CHECK(report["evaluations"] == 1 + k * batches);
      CHECK(line["evaluations"] == report["evaluations"]);
      // All at once, the evaluation at the end is a pass as well.
      CHECK(report["passes"] == (batch == "0" ? 1 + k : k));
      CHECK(line["passes"] == report["passes"]);
      CHECK(line["step"] == (k == 0 ? 0 : 0.02));
      CHECK(report["gradient_norm"].is_null());
      CHECK(line["gradient_norm"].is_null());
      CHECK(line["best_iteration"].is_null());
      for (const char* key : {"trials", "restarts", "floor_steps"}) CHECK(report[key] == 0);
      CHECK(report["best_iteration"].is_null());
      for (const char* key : {"rank", "lambda", "lambda_per_rating"}) CHECK(report[key].is_null());
      CHECK((report["layers"] == Json{6, 4, 1}));
      CHECK(report["output_relu"] == true);
      CHECK(report["batch_size"] == std::stoi(batch));
      CHECK(report["method"] == "mlp");
      CHECK(report["optimizer"] == "adam");
      CHECK(report["line_search"] == "constant");
      CHECK(report["stop_reason"] == "iterations");
      CHECK(report["seed"] == 5);
      CHECK(report["threads"] == 3);
      CHECK(report["users"] == 30);
      CHECK(report["items"] == 20);
      CHECK(report["ratings"] == data.train.size());
      CHECK(report["valid_ratings"] == data.valid.size());
    }
  }
  // With steps of nothing, every mini-batch is measured on the first weights.
  report_of(data, with(kNetwork, {"--batch-size", "32", "--step", "1e-30", "-t", "2", "--early-stop", "0"}));
  const std::vector<Json> still = trace_of(data, "t");
  for (const Json& line : still) CHECK(line["objective"].get<double>() == about(still[0]["objective"]));
  CHECK(report_of(data, kNetwork)["output_relu"] == false);
  CHECK(report_of(data, with(kNetwork, {"--time-limit", "1e-9"}))["stop_reason"] == "time");
  const Json decreasing = report_of(
      data, with(kNetwork, {"--batch-size", "0", "--line-search", "decreasing", "--step", "0.02", "-t", "3"}));
  CHECK(decreasing["line_search"] == "decreasing");
  CHECK(trace_of(data, "t").back()["step"].get<double>() == doctest::Approx(0.02 / std::sqrt(3)));
}

TEST_CASE("the report in words has the figures of the one in JSON") {
  const Rated data;
  struct Worded {
    Words words;
    std::string model;
    std::string work;
  };
  for (const auto& [words, model, work] : std::vector<Worded>{
           {kTrain, "rank 8, mean, biases, svdpp none", "variational: {iterations} sweeps"},
           {with(kTrain, {"--method", "blocks"}), "rank 16, mean, biases, lambda {lambda} + {per_rating} n",
            "blocks, newton: {iterations} sweeps"},
           {with(kTrain, {"--method", "full", "-k", "3", "--lambda", "0.5", "--no-biases"}), "rank 3, mean, lambda 0.5",
            "adam with exact: {iterations} iterations"},
           {with(kTrain, {"--optimizer", "gd", "--line-search", "armijo", "--method", "blocks", "--no-center"}),
            "rank 16, biases, lambda {lambda} + {per_rating} n", "blocks, gd with armijo: {iterations} sweeps"},
           {with(kTrain, {"--method", "nnmf", "-t", "20"}), "rank 16, lambda {lambda}", "nnmf: {iterations} sweeps"},
           {with(kTrain, {"-k", "5", "-t", "3", "--svdpp", "items"}), "rank 5, mean, biases, svdpp items",
            "variational: {iterations} sweeps"},
           {with(kNetwork, {"-t", "2"}), "network 6-4-1, ReLU between layers",
            "mlp, adam with constant: {iterations} epochs"},
           {with(kNetwork, {"-t", "2", "--output-relu"}), "network 6-4-1, ReLU between layers and after the last",
            "mlp, adam with constant: {iterations} epochs"}}) {
    CAPTURE(words);
    const Json report = report_of(data, words);
    const std::string text = text_of(data, words);
    const auto number = [&](const char* key) { return report[key].is_number() ? report[key].get<double>() : 0.0; };
    const auto filled = [&](const std::string& pattern) {
      return fmt::format(fmt::runtime(pattern), fmt::arg("iterations", report["iterations"].get<int>()),
                         fmt::arg("lambda", fmt::format("{:.4g}", number("lambda"))),
                         fmt::arg("per_rating", fmt::format("{:.4g}", number("lambda_per_rating"))));
    };
    const std::string reason = report["stop_reason"];
    const Words lines = lines_of(text);
    REQUIRE(lines.size() >= 8);
    CHECK(lines[0] == fmt::format("ratings         {} by 30 users of 20 items", data.train.size()));
    CHECK(lines[1] == "model           " + filled(model));
    check_has(lines[2], {"training        " + filled(work), fmt::format(", {} passes, ", report["passes"].get<int>()),
                         " s, stopped by: " + reason});
    CHECK(lines[3] == fmt::format("objective       {:.6g}", number("objective")));
    CHECK(lines[4] == fmt::format("train RMSE      {:.4f}", number("train_rmse")));
    CHECK(lines[5] == fmt::format("held-out RMSE   {:.4f}", number("valid_rmse")));
    CHECK(lines[6] == fmt::format("held-out MAE    {:.4f} on {} ratings", number("valid_mae"), data.valid.size()));
    // The network knows those of whom it has features.
    const bool network = report["method"] == "mlp";
    CHECK(report["valid_unknown_users"] == (network ? 0 : 2));
    CHECK(report["valid_unknown_items"] == (network ? 0 : 3));
    if (!network) CHECK(lines[7] == "                2 of unknown users, 3 of unknown items");
    CHECK(lines.back() == "written to      m");
  }
}

}  // namespace
}  // namespace odot::test
