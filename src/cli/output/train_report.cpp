// The report of odot train, as text and as JSON.
#include "cli/output/train_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cli/load.hpp"
#include "cli/output/figure.hpp"
#include "odot/core/parallel.hpp"
#include "odot/train/methods.hpp"

namespace odot::cli {
namespace {

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json to_json(const OptionValue& value) {
  return std::visit([](const auto& one) { return Json(one); }, value);
}

// "METHOD, OPTIMIZER: 12 sweeps", "adam with exact: 90 iterations".
std::string describe_work(const TrainReport& report) {
  const TrainSettings& settings = report.settings;
  const Method& method = method_of(settings);
  const int iterations = report.optimisation.counts.iterations;
  std::string text = method.takes_steps ? "" : method.name;
  if (settings.optimizer) text += (text.empty() ? "" : ", ") + *settings.optimizer;
  if (settings.line_search) text += " with " + *settings.line_search;
  text += fmt::format(": {} {}", iterations, method.unit);
  if (report.best_iteration && report.best_iteration != iterations) {
    text += fmt::format(", the best is {}", *report.best_iteration);
  }
  return text;
}

}  // namespace

bool has_diverged(const TrainReport& report) { return report.stop_reason == to_string(StopReason::diverged); }
bool was_interrupted(const TrainReport& report) { return report.stop_reason == to_string(StopReason::interrupted); }

Json to_json(const TrainReport& report, double load_seconds) {
  const Counts& counts = report.optimisation.counts;
  Json json;
  json["train_rmse"] = number_or_null(report.train.rmse);
  json["valid_rmse"] = report.valid ? number_or_null(report.valid->rmse) : Json(nullptr);
  json["valid_mae"] = report.valid ? number_or_null(report.valid->mae) : Json(nullptr);
  json["objective"] = number_or_null(report.optimisation.value);
  json["iterations"] = counts.iterations;
  json["best_iteration"] = report.best_iteration ? Json(*report.best_iteration) : Json(nullptr);
  json["evaluations"] = counts.evaluations;
  json["passes"] = report.passes;
  json["stop_reason"] = report.stop_reason;
  json["gradient_norm"] = number_or_null(report.optimisation.gradient_norm);
  json["trials"] = counts.trials;
  json["restarts"] = counts.restarts;
  json["floor_steps"] = counts.floor_steps;
  json["ratings"] = report.train.ratings;
  json["valid_ratings"] = report.valid ? report.valid->ratings : 0;
  json["valid_unknown_users"] = report.valid ? report.valid->unknown_users : 0;
  json["valid_unknown_items"] = report.valid ? report.valid->unknown_items : 0;
  json["users"] = report.users;
  json["items"] = report.items;
  json["method"] = *report.settings.method;
  for (const char* key : {"rank", "lambda", "lambda_per_rating"}) json[key] = nullptr;
  for (const auto& [name, value] : report.figures) json[name] = to_json(value);
  if (report.init_known) {
    json["init_known_users"] = report.init_known->users;
    json["init_known_items"] = report.init_known->items;
  }
  if (report.unobserved) {
    json["unobserved_below_lowest"] = report.unobserved->below_lowest;
    json["unobserved_near_one"] = report.unobserved->near_one;
    json["unobserved_entries"] = report.unobserved->entries;
  }
  json["optimizer"] = text_or_null(report.settings.optimizer);
  json["line_search"] = text_or_null(report.settings.line_search);
  json["seed"] = *report.settings.seed;
  json["threads"] = threads();
  json["seconds"] = {
      {"load", load_seconds}, {"train", report.optimisation.seconds}, {"evaluate", report.evaluate_seconds}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  return json;
}

std::string to_text(const TrainReport& report, double lowest) {
  fmt::memory_buffer out;
  const auto line = [&](const std::string& name, const std::string& text) {
    fmt::format_to(std::back_inserter(out), "{:<15} {}\n", name, text);
  };
  line("ratings", fmt::format("{} by {} users of {} items", report.train.ratings, report.users, report.items));
  line("model", report.model);
  if (report.init_known) {
    const KnownIds& known = *report.init_known;
    line("start", fmt::format("{} users and {} items from the model, {} and {} new", known.users, known.items,
                              report.users - known.users, report.items - known.items));
  }
  line("training", fmt::format("{}, {} passes, {:.2f} s, stopped by: {}", describe_work(report), report.passes,
                               report.optimisation.seconds, report.stop_reason));
  const double objective = report.optimisation.value;
  line("objective", std::isnan(objective)
                        ? "not known before the first of the " + std::string(method_of(report.settings).unit)
                        : fmt::format("{:.6g}", objective));
  line("train RMSE", figure(report.train.rmse));
  if (report.valid) {
    line("held-out RMSE", figure(report.valid->rmse));
    line("held-out MAE", fmt::format("{} on {} ratings", figure(report.valid->mae), report.valid->ratings));
    if (report.valid->unknown_users + report.valid->unknown_items > 0) {
      line("", fmt::format("{} of unknown users, {} of unknown items", report.valid->unknown_users,
                           report.valid->unknown_items));
    }
  }
  if (report.unobserved) {
    line("unobserved", fmt::format("{:.1f}% predicted below {:g}, {:.1f}% from 0.5 to 1.5",
                                   100 * report.unobserved->below_lowest, lowest, 100 * report.unobserved->near_one));
  }
  return fmt::to_string(out);
}

}  // namespace odot::cli
