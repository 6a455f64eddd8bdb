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
  /// Throws Error when the file cannot be written, or another process writes its trace there; leaves it as it is until
  /// the first line. With `resumes`, that line then comes after those of earlier iterations, which stay, instead of all
  /// that is there.
  Trace(const std::string& path, bool resumes);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// Throws Error (disk full, …, or as the constructor, where there was no file then).
  void write(const TrainProgress& progress);

 private:
  void open(int iteration);
  void claim_file();

  std::string path_;
  bool resumes_;
  int lock_ = -1;  // a descriptor that holds the file, while there is one
  std::ofstream file_;
};

}  // namespace odot::cli
