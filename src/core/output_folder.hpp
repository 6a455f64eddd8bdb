// Files that come into a new folder together.
#pragma once

#include <deque>
#include <string>

#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// A folder that is new or empty, and stays so unless all its files are committed.
class OutputFolder {
 public:
  /// Makes the folder, or finds it empty. Throws Error.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// A new file in it; valid as long as this. Throws Error.
  OutputFile& add(const std::string& name);

  /// Commits all files. Throws Error; must be the last call.
  void commit();

 private:
  std::string path_;
  bool made_ = false;
  bool committed_ = false;
  std::deque<OutputFile> files_;
};

}  // namespace odot::inline ODOT_PRECISION
