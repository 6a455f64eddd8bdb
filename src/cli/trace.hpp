// The trace of a training run: a JSON object a line, one for the start and one for every iteration.
#pragma once

#include <fstream>
#include <string>

#include "odot/train/train.hpp"

namespace odot::cli {

/// Written in place and flushed line by line, so that a running training can be watched; what was traced stays when the
/// run fails.
class Trace {
 public:
  /// Throws Error when the file cannot be written; leaves it as it is until the first line.
  explicit Trace(const std::string& path);

  /// Throws Error (disk full, …).
  void write(const TrainProgress& progress);

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace odot::cli
