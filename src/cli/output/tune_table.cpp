// Lines and tables of a search that goes on.
#include "cli/output/tune_table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/command.hpp"
#include "cli/output/figure.hpp"
#include "cli/output/texts.hpp"
#include "core/terminal.hpp"

namespace odot::cli {
namespace {

constexpr std::size_t kTableLines = 5;

}  // namespace

TuneTable::TuneTable(bool quiet, const std::string& metric)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0), name_(metric == "rmse" ? "RMSE" : "MAE") {}

void TuneTable::show(const std::vector<SearchResult>& results, const std::function<std::string(const Point&)>& words) {
  if (quiet_) return;
  const SearchResult& last = results.back();
  const std::string shown = std::isfinite(last.value) ? fmt::format("{} {}", name_, figure(last.value)) : last.status;
  const std::string line =
      fmt::format("trial {} rung {}: {}  {}\n", last.job.trial, last.job.rung, shown, words(last.point));
  if (!terminal_) {
    log(line);
    return;
  }
  if (std::isfinite(last.value)) {
    const auto place = std::ranges::upper_bound(best_, last.value, {}, [&](std::size_t k) { return results[k].value; });
    best_.insert(place, results.size() - 1);
    best_.resize(std::min(best_.size(), kTableLines));
  }
  std::string text = lines_ > 0 ? fmt::format("\x1b[{}A\x1b[J", lines_) : "";
  // A line that wraps could not be written over.
  const std::size_t widest = terminal_columns(stderr) - 1;
  const auto add = [&](const std::string& row) {
    text += first_characters(escaped(row), widest);
    text += '\n';
  };
  add(fmt::format("{} trainings; {}", results.size(), line.substr(0, line.size() - 1)));
  for (const std::size_t k : best_) add(fmt::format("  {}  {}", figure(results[k].value), words(results[k].point)));
  lines_ = 1 + best_.size();
  draw(text);
}

}  // namespace odot::cli
