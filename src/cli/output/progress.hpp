// The progress of training on standard error.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "odot/train/train.hpp"

namespace odot::cli {

/// On a terminal one line that is updated a few times a second, never wider than the terminal is then, and wiped at the
/// end; elsewhere a plain line a second.
class ProgressLine {
 public:
  /// `ratings` is the number of training ratings.
  ProgressLine(const StopSettings& stop, std::size_t ratings);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows the iteration where it is time to.
  void show(const TrainProgress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  // Of a line: where the terminal is narrow, the most dispensable are left away first.
  struct Part {
    std::string text;
    int dispensable;
  };

  std::vector<Part> parts_of(const TrainProgress& progress) const;
  static std::string line_of(const std::vector<Part>& parts);

  StopSettings stop_;
  std::size_t ratings_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point last_ = Clock::now();
};

}  // namespace odot::cli
