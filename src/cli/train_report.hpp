// What odot train reports, for any method.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "odot/train/train_mlp.hpp"

namespace odot::cli {

/// A finished run, whatever its method.
struct RunReport {
  std::string method;
  std::string stop_reason;
  std::string optimizer;              // empty where the method has none
  std::string line_search;            // likewise
  Counts counts;                      // iterations are sweeps or epochs where the method has these
  std::optional<int> best_iteration;  // which the model is of; nothing without early stopping
  double objective = 0;
  double gradient_norm = 0;  // NaN where the method has none
  long passes = 0;
  double seconds = 0;
  double evaluate_seconds = 0;
  Evaluation train;
  std::optional<Evaluation> valid;
  Index users = 0;  // with training ratings, as items
  Index items = 0;
  std::uint64_t seed = 0;
  Json details;                                             // entries of the JSON report that not every method has
  std::vector<std::pair<std::string, std::string>> lines;   // of the text report, before the one on training
  std::vector<std::pair<std::string, std::string>> extras;  // of the text report, at its end
  std::string work;                                         // "adam with exact: 90 iterations"

  bool diverged() const { return stop_reason == to_string(StopReason::diverged); }
  bool interrupted() const { return stop_reason == to_string(StopReason::interrupted); }
};

RunReport describe(const TrainSettings& settings, const TrainResult& result);
/// `users` and `items` are the numbers of those with training ratings.
RunReport describe(const MlpSettings& settings, const MlpResult& result, Index users, Index items);

Json to_json(const RunReport& report, double load_seconds);
std::string to_text(const RunReport& report);

}  // namespace odot::cli
