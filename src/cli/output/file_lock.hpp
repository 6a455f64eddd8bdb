// Files that are written line by line are one process's at a time.
#pragma once

#include <sys/file.h>

#include <cerrno>

namespace odot::cli {

/// Claims an open file until its descriptor is closed, by whatever end of the process; false where another has it. File
/// systems that know no locks have none.
inline bool claim(int descriptor) { return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

}  // namespace odot::cli
