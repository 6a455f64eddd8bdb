#include "cli/train_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "cli/load.hpp"
#include "odot/core/parallel.hpp"

namespace odot::cli {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// "blocks, newton: 12 sweeps", "adam with exact: 90 iterations".
std::string describe_work(const RunReport& report, const char* unit) {
  std::string text = report.method == "full" ? "" : report.method;
  if (!report.optimizer.empty()) text += (text.empty() ? "" : ", ") + report.optimizer;
  if (!report.line_search.empty()) text += " with " + report.line_search;
  text += fmt::format(": {} {}", report.counts.iterations, unit);
  if (report.best_iteration && report.best_iteration != report.counts.iterations) {
    text += fmt::format(", the best is {}", *report.best_iteration);
  }
  return text;
}

}  // namespace

RunReport describe(const TrainSettings& settings, const TrainResult& result) {
  const TrainReport& from = result.report;
  RunReport report;
  report.method = to_string(settings.method);
  report.stop_reason = from.stop_reason;
  report.best_iteration = from.best_iteration;
  report.optimizer = settings.optimizer;
  report.line_search = from.line_search;
  report.counts = from.optimisation.counts;
  report.objective = from.optimisation.value;
  report.gradient_norm = from.optimisation.gradient_norm;
  report.passes = from.passes;
  report.seconds = from.optimisation.seconds;
  report.evaluate_seconds = from.evaluate_seconds;
  report.train = from.train;
  report.valid = from.valid;
  report.users = result.model.layout.users;
  report.items = result.model.layout.items;
  report.seed = settings.seed;
  report.work = describe_work(report, settings.method == FactorMethod::full ? "iterations" : "sweeps");
  report.details["rank"] = settings.rank;
  report.details["lambda"] = from.regularisation.lambda;
  report.details["lambda_per_rating"] = from.regularisation.per_rating;
  const Regularisation& by = from.regularisation;
  report.lines.emplace_back("model",
                            fmt::format("rank {}{}{}, lambda {:.4g}{}", settings.rank, settings.center ? ", mean" : "",
                                        settings.biases ? ", biases" : "", by.lambda,
                                        by.per_rating == 0 ? "" : fmt::format(" + {:.4g} n", by.per_rating)));
  if (from.init_known) {
    const KnownIds& known = *from.init_known;
    report.details["init_known_users"] = known.users;
    report.details["init_known_items"] = known.items;
    report.lines.emplace_back(
        "start", fmt::format("{} users and {} items from the model, {} and {} new", known.users, known.items,
                             report.users - known.users, report.items - known.items));
  }
  if (from.unobserved) {
    report.details["unobserved_below_lowest"] = from.unobserved->below_lowest;
    report.details["unobserved_near_one"] = from.unobserved->near_one;
    report.details["unobserved_entries"] = from.unobserved->entries;
    report.extras.emplace_back("unobserved", fmt::format("{:.1f}% predicted below {:g}, {:.1f}% from 0.5 to 1.5",
                                                         100 * from.unobserved->below_lowest, result.model.lowest,
                                                         100 * from.unobserved->near_one));
  }
  return report;
}

RunReport describe(const MlpSettings& settings, const MlpResult& result, Index users, Index items) {
  const MlpReport& from = result.report;
  RunReport report;
  report.method = "mlp";
  report.stop_reason = from.stop_reason;
  report.best_iteration = from.best_iteration;
  report.optimizer = settings.optimizer;
  report.line_search = settings.line_search;
  report.counts = from.counts;
  report.counts.iterations = from.epochs;
  report.objective = from.objective;
  report.gradient_norm = std::numeric_limits<double>::quiet_NaN();
  report.passes = from.passes;
  report.seconds = from.seconds;
  report.evaluate_seconds = from.evaluate_seconds;
  report.train = from.train;
  report.valid = from.valid;
  report.users = users;
  report.items = items;
  report.seed = settings.seed;
  report.work = describe_work(report, "epochs");
  const std::string sizes = fmt::format("{}", fmt::join(result.model.layers, "-"));
  report.details["layers"] = result.model.layers;
  report.details["output_relu"] = settings.output_relu;
  report.details["batch_size"] = settings.batch_size;
  report.lines.emplace_back("model", fmt::format("network {}, ReLU between layers{}", sizes,
                                                 settings.output_relu ? " and after the last" : ""));
  return report;
}

Json to_json(const RunReport& report, double load_seconds) {
  const Counts& counts = report.counts;
  Json json;
  json["train_rmse"] = number_or_null(report.train.rmse);
  json["valid_rmse"] = report.valid ? number_or_null(report.valid->rmse) : Json(nullptr);
  json["valid_mae"] = report.valid ? number_or_null(report.valid->mae) : Json(nullptr);
  json["objective"] = number_or_null(report.objective);
  json["iterations"] = counts.iterations;
  json["best_iteration"] = report.best_iteration ? Json(*report.best_iteration) : Json(nullptr);
  json["evaluations"] = counts.evaluations;
  json["passes"] = report.passes;
  json["stop_reason"] = report.stop_reason;
  json["gradient_norm"] = number_or_null(report.gradient_norm);
  json["trials"] = counts.trials;
  json["restarts"] = counts.restarts;
  json["floor_steps"] = counts.floor_steps;
  json["ratings"] = report.train.ratings;
  json["valid_ratings"] = report.valid ? report.valid->ratings : 0;
  json["valid_unknown_users"] = report.valid ? report.valid->unknown_users : 0;
  json["valid_unknown_items"] = report.valid ? report.valid->unknown_items : 0;
  json["users"] = report.users;
  json["items"] = report.items;
  json["method"] = report.method;
  for (const char* key : {"rank", "lambda", "lambda_per_rating"}) json[key] = nullptr;
  json.update(report.details);
  json["optimizer"] = text_or_null(report.optimizer);
  json["line_search"] = text_or_null(report.line_search);
  json["seed"] = report.seed;
  json["threads"] = threads();
  json["seconds"] = {{"load", load_seconds}, {"train", report.seconds}, {"evaluate", report.evaluate_seconds}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  return json;
}

std::string to_text(const RunReport& report) {
  fmt::memory_buffer out;
  const auto line = [&](const std::string& name, const std::string& text) {
    fmt::format_to(std::back_inserter(out), "{:<15} {}\n", name, text);
  };
  line("ratings", fmt::format("{} by {} users of {} items", report.train.ratings, report.users, report.items));
  for (const auto& [name, text] : report.lines) line(name, text);
  line("training", fmt::format("{}, {} passes, {:.2f} s, stopped by: {}", report.work, report.passes, report.seconds,
                               report.stop_reason));
  line("objective", fmt::format("{:.6g}", report.objective));
  line("train RMSE", fmt::format("{:.4f}", report.train.rmse));
  if (report.valid) {
    line("held-out RMSE", fmt::format("{:.4f}", report.valid->rmse));
    line("held-out MAE", fmt::format("{:.4f} on {} ratings", report.valid->mae, report.valid->ratings));
    if (report.valid->unknown_users + report.valid->unknown_items > 0) {
      line("", fmt::format("{} of unknown users, {} of unknown items", report.valid->unknown_users,
                           report.valid->unknown_items));
    }
  }
  for (const auto& [name, text] : report.extras) line(name, text);
  return fmt::to_string(out);
}

}  // namespace odot::cli
