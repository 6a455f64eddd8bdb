// The line on standard error that tells how training goes.
#include "cli/output/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/output/figure.hpp"
#include "cli/output/texts.hpp"

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
  draw(fmt::format("{}{}{}", terminal_ ? "\r" : "", describe(progress), terminal_ ? "\x1b[K" : "\n"));
}

std::string ProgressLine::describe(const TrainProgress& progress) const {
  const int iterations = progress.counts.iterations;
  std::string text = fmt::format("iteration {}/{}  objective {:.6g}  train RMSE {}", iterations, stop_.iterations,
                                 progress.objective, figure(progress.train_rmse));
  if (const std::optional<double> valid = progress.valid_rmse())
    text += fmt::format("  held-out RMSE {}", figure(*valid));
  if (progress.best && progress.best->iteration != iterations) {
    text += fmt::format(" (best {} at {})", figure(progress.best->valid_rmse), progress.best->iteration);
  }
  const double seconds = progress.seconds;
  if (iterations == 0 || !(seconds > 0)) return text;
  const double rate = static_cast<double>(progress.passes) * static_cast<double>(ratings_) / seconds;
  double left = seconds / iterations * (stop_.iterations - iterations);
  if (stop_.seconds > 0) left = std::min(left, stop_.seconds - seconds);
  return text + fmt::format("  {:.3g} M ratings/s  {} left", rate / 1e6, clock_text(std::max(left, 0.0)));
}

}  // namespace odot::cli
