// Marks are empty files. Who replaces files locks theirs, in order of their names, so that nobody waits for one
// another.
#include "core/unfinished.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/temporaries.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

// The mark's open file, which is still there when the lock is had; −1 where it cannot be made.
int mark(const std::string& path) {
  for (;;) {
    const int flags = O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const int descriptor = ::open(path.c_str(), flags, 0666);
    if (descriptor < 0) return -1;
    while (::flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
    struct stat found {};
    if (::fstat(descriptor, &found) == 0 && found.st_nlink > 0) return descriptor;
    ::close(descriptor);  // who had it before has removed it
  }
}

}  // namespace

std::string unfinished_mark(const std::string& target) { return beside(target, ".odot-unfinished"); }

UnfinishedMarks::UnfinishedMarks(const std::vector<std::string>& targets) {
  std::vector<std::string> paths;
  for (const std::string& target : targets) paths.push_back(unfinished_mark(target));
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  for (const std::string& path : paths) {
    const int descriptor = mark(path);
    if (descriptor < 0) {
      const int cause = errno;
      // No destructor runs for what was never constructed.
      for (const Mark& made : marks_) {
        ::unlink(made.path.c_str());
        ::close(made.descriptor);
      }
      throw Error(
          fmt::format("cannot write {}, which marks files that are replaced together: {}", path, std::strerror(cause)),
          ErrorKind::system);
    }
    marks_.push_back({path, descriptor});
  }
  for (const std::string& path : paths) sync_folder_of(path);
}

UnfinishedMarks::~UnfinishedMarks() {
  for (const Mark& mark : marks_) ::close(mark.descriptor);
}

void UnfinishedMarks::remove() {
  for (const Mark& mark : marks_) ::unlink(mark.path.c_str());
  for (const Mark& mark : marks_) sync_folder_of(mark.path);
}

void refuse_unfinished(const std::string& path) {
  std::error_code ignored;
  const std::string mark = unfinished_mark(fs::weakly_canonical(path, ignored).string());
  if (!fs::exists(fs::symlink_status(mark, ignored))) return;
  throw Error(fmt::format("{}: found a file that odot has not finished to replace together with others (there is {}), "
                          "expected all of them to be of one command: run that command again, or remove the mark if "
                          "the file is as it should be",
                          path, mark),
              ErrorKind::system);
}

}  // namespace odot::inline ODOT_PRECISION
