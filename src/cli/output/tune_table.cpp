// Lines and tables of a search that goes on.
#include "cli/output/tune_table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/command.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kTableLines = 5;

}  // namespace

TuneTable::TuneTable(bool quiet, const std::string& metric)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0), name_(metric == "rmse" ? "RMSE" : "MAE") {}

void TuneTable::show(const std::vector<SearchResult>& results, const std::function<std::string(const Point&)>& words) {
  if (quiet_) return;
  const SearchResult& last = results.back();
  const std::string figure = std::isfinite(last.value) ? fmt::format("{} {:.4f}", name_, last.value) : last.status;
  const std::string line =
      fmt::format("trial {} rung {}: {}  {}\n", last.job.trial, last.job.rung, figure, words(last.point));
  if (!terminal_) {
    log(line);
    return;
  }
  std::vector<const SearchResult*> best;
  for (const SearchResult& result : results) {
    if (std::isfinite(result.value)) best.push_back(&result);
  }
  std::ranges::stable_sort(best, {}, [](const SearchResult* result) { return result->value; });
  best.resize(std::min(best.size(), kTableLines));
  std::string text = lines_ > 0 ? fmt::format("\x1b[{}A\x1b[J", lines_) : "";
  // Cut to the width of a terminal of 80 columns: a line that wraps could not be written over.
  const auto add = [&](const std::string& row) { text += row.substr(0, 79) + "\n"; };
  add(fmt::format("{} trainings; {}", results.size(), line.substr(0, line.size() - 1)));
  for (const SearchResult* result : best) add(fmt::format("  {:.4f}  {}", result->value, words(result->point)));
  lines_ = 1 + best.size();
  log(text);
}

}  // namespace odot::cli
