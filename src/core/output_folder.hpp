// A folder of files that belong together.
#pragma once

#include <deque>
#include <string>

#include "core/temporaries.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// A new folder is filled under a temporary name beside and gets its own by one renaming. In a folder that is there,
/// which has to be empty, the files are replaced together: it may be where a file system is mounted, or where this
/// process runs, or in a folder that may not be written, so that it cannot be renamed.
class OutputFolder {
 public:
  /// Removes what commands that were killed left in it. Throws Error where `path` is neither new nor an empty folder.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// A new file in it; valid as long as this. Throws Error.
  OutputFile& add(const std::string& name);

  /// Commits all files and then the folder, if it is new. Throws Error; must be the last call.
  void commit();

 private:
  void commit_in_place();
  std::string inside(const std::string& name) const;

  std::string path_;     // as the user gave it, for messages
  std::string target_;   // with symbolic links resolved
  Temporary temporary_;  // none where the folder was there
  std::deque<OutputFile> files_;
  std::deque<std::string> names_;
  std::deque<std::string> committed_;
};

}  // namespace odot::inline ODOT_PRECISION
