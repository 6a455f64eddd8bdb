// Output through a temporary file beside the target.
#include "odot/core/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/terminal.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

// The temporaries that exist now. In fixed storage and without locks, since a signal handler may look at any moment.
struct Slot {
  std::atomic<bool> taken = false;
  std::atomic<bool> ready = false;
  std::array<char, PATH_MAX> path{};
};
std::array<Slot, 32> slots;

// A temporary that finds no slot or is too long a name stays behind when a signal ends the program, no more.
void remember(const std::string& path) {
  if (path.size() >= PATH_MAX) return;
  for (Slot& slot : slots) {
    if (slot.taken.exchange(true)) continue;
    path.copy(slot.path.data(), path.size());
    slot.path[path.size()] = '\0';
    slot.ready = true;
    return;
  }
}

void forget(const std::string& path) {
  for (Slot& slot : slots) {
    if (!slot.ready || path != slot.path.data()) continue;
    slot.ready = false;
    slot.taken = false;
    return;
  }
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path == "-") {
    file_ = stdout;
    return;
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
    file_ = std::fopen(target_.c_str(), "wb");
    if (!file_) fail();
    return;
  }
  temporary_ = fmt::format("{}.{}.tmp", target_, ::getpid());
  const mode_t mode = exists ? (found.st_mode & 07777) : 0666;
  remember(temporary_);  // before it is there, so that it never is unknown
  const int descriptor = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (descriptor < 0) {
    const int cause = errno;
    forget_temporary();
    errno = cause;
    fail();
  }
  // The umask may have taken bits away that the old target has.
  if (exists) (void)::fchmod(descriptor, mode);
  file_ = ::fdopen(descriptor, "wb");
  if (file_) return;
  // No destructor runs for what was never constructed.
  const int cause = errno;
  ::close(descriptor);
  ::unlink(temporary_.c_str());
  forget_temporary();
  errno = cause;
  fail();
}

OutputFile::~OutputFile() {
  if (file_ && file_ != stdout) std::fclose(file_);
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  forget_temporary();
}

void OutputFile::remove_temporaries() noexcept {
  for (Slot& slot : slots) {
    if (slot.ready) ::unlink(slot.path.data());
  }
}

void OutputFile::forget_temporary() {
  forget(temporary_);
  temporary_.clear();
}

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

void OutputFile::commit() {
  flush();
  if (file_ == stdout) {
    file_ = nullptr;
    return;
  }
  if (!temporary_.empty() && ::fsync(::fileno(file_)) != 0) fail();
  std::FILE* file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0) fail();
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  forget_temporary();
}

}  // namespace odot::inline ODOT_PRECISION
