// The line on standard error that tells how training goes.
#include "cli/output/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/output/figure.hpp"
#include "cli/output/texts.hpp"
#include "core/terminal.hpp"

namespace odot::cli {
namespace {

constexpr std::chrono::milliseconds kTerminalPause{100};
constexpr std::chrono::milliseconds kPlainPause{1000};

std::string clock_text(double seconds) {
  const long whole = std::lround(seconds);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

ProgressLine::ProgressLine(const StopSettings& stop, std::size_t ratings)
    : stop_(stop), ratings_(ratings), terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (terminal_ && shown_) draw("\r\x1b[K");
}

void ProgressLine::show(const TrainProgress& progress) {
  const Clock::time_point now = Clock::now();
  if (now - last_ < (terminal_ ? kTerminalPause : kPlainPause)) return;
  last_ = now;
  shown_ = true;
  if (!terminal_) {
    draw(line_of(parts_of(progress)) + "\n");
    return;
  }
  // A line that wraps could not be written over, nor one in the last column on some terminals.
  const std::size_t widest = terminal_columns(stderr) - 1;
  std::vector<Part> parts = parts_of(progress);
  while (parts.size() > 1 && line_of(parts).size() > widest) {
    parts.erase(std::ranges::max_element(parts, {}, &Part::dispensable));
  }
  draw(fmt::format("\r{}\x1b[K", first_characters(line_of(parts), widest)));
}

std::string ProgressLine::line_of(const std::vector<Part>& parts) {
  std::string line;
  for (const Part& part : parts) {
    if (!line.empty()) line += "  ";
    line += part.text;
  }
  return line;
}

std::vector<ProgressLine::Part> ProgressLine::parts_of(const TrainProgress& progress) const {
  const int iterations = progress.counts.iterations;
  std::vector<Part> parts;
  parts.push_back({fmt::format("iteration {}/{}", iterations, stop_.iterations), 0});
  if (!std::isnan(progress.objective)) parts.push_back({fmt::format("objective {:.6g}", progress.objective), 5});
  parts.push_back({fmt::format("train RMSE {}", figure(progress.train_rmse)), 3});
  if (const std::optional<double> valid = progress.valid_rmse()) {
    parts.push_back({fmt::format("held-out RMSE {}", figure(*valid)), 1});
  }
  if (progress.best && progress.best->iteration != iterations) {
    parts.push_back({fmt::format("(best {} at {})", figure(progress.best->valid_rmse), progress.best->iteration), 4});
  }
  const double seconds = progress.seconds;
  if (iterations == 0 || !(seconds > 0)) return parts;
  const double rate = static_cast<double>(progress.passes) * static_cast<double>(ratings_) / seconds;
  double left = seconds / iterations * (stop_.iterations - iterations);
  if (stop_.seconds > 0) left = std::min(left, stop_.seconds - seconds);
  parts.push_back({fmt::format("{:.3g} M ratings/s", rate / 1e6), 6});
  parts.push_back({fmt::format("{} left", clock_text(std::max(left, 0.0))), 2});
  return parts;
}

}  // namespace odot::cli
