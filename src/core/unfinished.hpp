// Marks beside files that are replaced together: while there is one, they may be partly old and partly new.
#pragma once

#include <string>
#include <vector>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Where the mark of a file is.
std::string unfinished_mark(const std::string& target);

/// Marks files, and keeps all other processes from marking them meanwhile. The marks stay when this is destroyed
/// without remove(), or the process is killed.
class UnfinishedMarks {
 public:
  /// Throws Error, and leaves no mark then.
  explicit UnfinishedMarks(const std::vector<std::string>& targets);
  ~UnfinishedMarks();
  UnfinishedMarks(const UnfinishedMarks&) = delete;
  UnfinishedMarks& operator=(const UnfinishedMarks&) = delete;

  void remove();

 private:
  struct Mark {
    std::string path;
    int descriptor;
  };
  std::vector<Mark> marks_;
};

/// Throws Error for a file that has a mark.
void refuse_unfinished(const std::string& path);

}  // namespace odot::inline ODOT_PRECISION
