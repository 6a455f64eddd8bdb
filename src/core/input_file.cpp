// What open files were like, in fixed storage and without locks, so that a signal handler can compare.
#include "core/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "core/unfinished.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// One that finds no place is not told of when it is cut off while it is mapped, no more.
std::array<std::atomic<const InputFile*>, 64> open_files{};

}  // namespace

InputFile::InputFile(const std::string& path, Wait wait)
    : message_(fmt::format("{}: the file changed while it was read, expected one that nobody writes to; start again",
                           path == "-" ? "standard input" : path)),
      owned_(path != "-"),
      descriptor_(STDIN_FILENO) {
  const int flags = O_RDONLY | O_NOCTTY | O_CLOEXEC | (wait == Wait::never ? O_NONBLOCK : 0);
  if (owned_) descriptor_ = ::open(path.c_str(), flags);
  if (descriptor_ < 0 || ::fstat(descriptor_, &status_) != 0) {
    error_ = errno;
    return;
  }
  if (owned_ && is_regular()) {
    try {
      refuse_unfinished(path);
    } catch (...) {
      ::close(descriptor_);
      throw;
    }
  }
  for (auto& place : open_files) {
    const InputFile* none = nullptr;
    if (place.compare_exchange_strong(none, this)) break;
  }
}

InputFile::~InputFile() {
  for (auto& place : open_files) {
    const InputFile* self = this;
    place.compare_exchange_strong(self, nullptr);
  }
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

// The time of the last writing, but not of a change of name, owner or permissions, which leave the bytes as they are.
bool InputFile::has_changed() const noexcept {
  struct stat now {};
  if (!is_regular() || ::fstat(descriptor_, &now) != 0) return false;
  return now.st_size != status_.st_size || now.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
         now.st_mtim.tv_nsec != status_.st_mtim.tv_nsec;
}

void InputFile::check_unchanged() const {
  if (has_changed()) throw Error(message_, ErrorKind::system);
}

const char* InputFile::changed_one() noexcept {
  for (const auto& place : open_files) {
    const InputFile* const file = place;
    if (file && file->has_changed()) return file->message_.c_str();
  }
  return nullptr;
}

}  // namespace odot::inline ODOT_PRECISION
