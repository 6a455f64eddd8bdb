// A folder of files that comes to be with all of them or not at all.
#pragma once

#include <deque>
#include <string>

#include "core/temporaries.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// A new folder, which is filled under a temporary name beside and gets its own by one renaming. It may take the place
/// of an empty one.
class OutputFolder {
 public:
  /// Throws Error where `path` is neither new nor an empty folder that can be replaced.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// A new file in it; valid as long as this. Throws Error.
  OutputFile& add(const std::string& name);

  /// Commits all files and then the folder. Throws Error; must be the last call.
  void commit();

 private:
  std::string inside(const std::string& name) const;

  std::string path_;    // as the user gave it, for messages
  std::string target_;  // with symbolic links resolved
  Temporary temporary_;
  std::deque<OutputFile> files_;
  std::deque<std::string> names_;
  std::deque<std::string> committed_;
};

}  // namespace odot::inline ODOT_PRECISION
