// Temporary files and folders beside what they are to replace: made, removed by a signal handler, and recognised when
// the process that made them is dead.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// `target` with `suffix` after its name, which is shortened where a file system would not have it otherwise.
std::string beside(const std::string& target, std::string_view suffix);

/// A new file or folder beside `target` under a name that nobody can know before, so that nothing can wait there. Who
/// makes it holds a lock on it: whatever has such a name and can be locked is left over.
struct Temporary {
  std::string path;
  int descriptor = -1;  ///< −1: it could not be made, and errno says why
};
Temporary make_temporary_file(const std::string& target, mode_t mode);
Temporary make_temporary_folder(const std::string& target);

/// Removes what processes that are dead left beside `target`.
void remove_leftovers(const std::string& target);

/// Whether a file or folder of this name is a temporary, of whatever target.
bool is_temporary(std::string_view name);
/// Removes this temporary where the process that made it is dead.
void remove_if_left_over(const std::string& path);

/// What remove_remembered() is to remove: files, and folders once they are empty.
void remember_temporary(const std::string& path);
void forget_temporary(const std::string& path);

/// For a signal handler that is about to end the program, and safe to call in one.
void remove_remembered() noexcept;

/// Makes names in the folder of `path` last. Not every file system can, and those that cannot do not need to.
void sync_folder_of(const std::string& path);

}  // namespace odot::inline ODOT_PRECISION
