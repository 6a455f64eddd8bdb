// Output through a temporary file beside the target.
#include "odot/core/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/temporaries.hpp"
#include "core/terminal.hpp"
#include "core/unfinished.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

// Links of others in folders where everybody can make files, as /tmp: the rule by which Linux itself does not follow
// them (fs.protected_symlinks), which renaming does not ask.
bool is_planted_link(const std::string& path) {
  struct stat link {};
  struct stat folder {};
  if (::lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return false;
  const fs::path parent = fs::path(path).parent_path();
  if (::stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) return false;
  const bool everybodys = (folder.st_mode & S_ISVTX) != 0 && (folder.st_mode & S_IWOTH) != 0;
  return everybodys && link.st_uid != ::geteuid() && link.st_uid != folder.st_uid;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : OutputFile(path, path) {}

OutputFile::OutputFile(const std::string& path, std::string name) : path_(std::move(name)) {
  if (path == "-") {
    file_ = stdout;
    return;
  }
  if (is_planted_link(path)) {
    throw Error(
        fmt::format("cannot write {}: it is a link that another user made; remove it, or give another name", path_),
        ErrorKind::system);
  }
  std::error_code ignored;
  const fs::path resolved = fs::weakly_canonical(path, ignored);
  target_ = resolved.empty() ? path : resolved.string();
  struct stat found {};
  const bool exists = ::stat(target_.c_str(), &found) == 0;
  if (exists && S_ISDIR(found.st_mode)) {
    throw Error(fmt::format("cannot write {}: it is a directory", path_), ErrorKind::system);
  }
  if (exists && ::access(target_.c_str(), W_OK) != 0) fail();
  if (exists && !S_ISREG(found.st_mode)) {
    open_in_place();
    return;
  }
  remove_leftovers(target_);
  const mode_t mode = exists ? (found.st_mode & 07777) : 0666;
  Temporary made = make_temporary_file(target_, mode);
  if (made.descriptor < 0) fail();
  // The umask may have taken bits away that the old target has.
  if (exists) (void)::fchmod(made.descriptor, mode);
  file_ = ::fdopen(made.descriptor, "wb");
  temporary_ = std::move(made.path);
  if (file_) return;
  // No destructor runs for what was never constructed.
  const int cause = errno;
  ::close(made.descriptor);
  ::unlink(temporary_.c_str());
  forget_temporary(temporary_);
  errno = cause;
  fail();
}

// Without O_CREAT and O_TRUNC: what has become a regular file since it was looked at stays as it is.
void OutputFile::open_in_place() {
  const int descriptor = ::open(target_.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) fail();
  struct stat found {};
  const bool changed = ::fstat(descriptor, &found) != 0 || S_ISREG(found.st_mode);
  if (!changed) file_ = ::fdopen(descriptor, "wb");
  if (file_) return;
  const int cause = changed ? EEXIST : errno;
  ::close(descriptor);
  errno = cause;
  fail();
}

OutputFile::~OutputFile() {
  // The temporary goes first: when its lock is gone, it is anybody's.
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    forget_temporary(temporary_);
  }
  if (file_ && file_ != stdout) std::fclose(file_);
}

void OutputFile::remove_temporaries() noexcept { remove_remembered(); }

void OutputFile::fail() const {
  const int cause = errno;
  throw Error(fmt::format("cannot write {}: {}{}", path_ == "-" ? "standard output" : path_, std::strerror(cause),
                          cause == ENOENT ? " (does the folder exist?)" : ""),
              ErrorKind::system);
}

void OutputFile::write(std::string_view bytes) {
  const bool written =
      file_ == stdout ? write_escaped(bytes, file_) : std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  if (!written) fail();
}

int OutputFile::descriptor() const { return temporary_.empty() ? -1 : ::fileno(file_); }

void OutputFile::flush() {
  if (std::fflush(file_) != 0) fail();
}

// Does all that fails where there is no room.
void OutputFile::prepare() {
  flush();
  if (!temporary_.empty() && ::fsync(::fileno(file_)) != 0) fail();
}

void OutputFile::take_place() {
  if (!temporary_.empty()) {
    if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
    forget_temporary(std::exchange(temporary_, {}));
    // Locked until it has its name; what is in it is on the disk.
    std::fclose(std::exchange(file_, nullptr));
    return;
  }
  std::FILE* const file = std::exchange(file_, nullptr);
  if (file != stdout && std::fclose(file) != 0) fail();
}

void OutputFile::commit() {
  prepare();
  const bool renamed = !temporary_.empty();
  take_place();
  if (!renamed) return;
  ::unlink(unfinished_mark(target_).c_str());
  sync_folder_of(target_);
}

void OutputFile::commit_together(std::span<OutputFile* const> files) {
  if (files.size() == 1) return files[0]->commit();
  std::vector<std::string> targets;
  for (OutputFile* const file : files) {
    file->prepare();
    if (!file->temporary_.empty()) targets.push_back(file->target_);
  }
  UnfinishedMarks marks(targets);
  for (OutputFile* const file : files) file->take_place();
  for (const std::string& target : targets) sync_folder_of(target);
  marks.remove();
}

}  // namespace odot::inline ODOT_PRECISION
