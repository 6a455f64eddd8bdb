// Names of temporaries, locks on them, and a list of them that a signal handler can read.
#include "core/temporaries.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <system_error>

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = ".odot-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::size_t kDigits = 16;

// The temporaries that exist now. In fixed storage and without locks, since a signal handler may look at any moment.
struct Slot {
  std::atomic<bool> taken = false;
  std::atomic<bool> ready = false;
  std::array<char, PATH_MAX> path{};
};
std::array<Slot, 128> slots;

std::string random_digits() {
  std::uint64_t number = 0;
  // Before the system has gathered randomness early after its start, this waits.
  while (::getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return fmt::format("{:0{}x}", number, kDigits);
}

// False where somebody who removes leftovers was faster. File systems without locks have no leftovers recognised.
bool hold(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat found {};
  return ::fstat(descriptor, &found) == 0 && found.st_nlink > 0;
}

// `make(path)` makes and opens it, or returns −1.
Temporary make(const std::string& target, const std::function<int(const std::string&)>& make_new) {
  for (;;) {
    Temporary made{beside(target, fmt::format("{}{}{}", kPrefix, random_digits(), kSuffix)), -1};
    remember_temporary(made.path);  // before it is there, so that it never is unknown
    made.descriptor = make_new(made.path);
    if (made.descriptor >= 0 && hold(made.descriptor)) return made;
    const int cause = errno;
    forget_temporary(made.path);
    if (made.descriptor >= 0) {
      ::close(made.descriptor);
    } else if (cause != EEXIST) {
      errno = cause;
      return made;
    }
  }
}

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

}  // namespace

std::string beside(const std::string& target, std::string_view suffix) {
  const fs::path path(target);
  const std::string name = path.filename().string().substr(0, NAME_MAX - suffix.size());
  return (path.parent_path() / (name + std::string(suffix))).string();
}

Temporary make_temporary_file(const std::string& target, mode_t mode) {
  return make(target, [mode](const std::string& path) {
    return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  });
}

Temporary make_temporary_folder(const std::string& target) {
  return make(target, [](const std::string& path) {
    if (::mkdir(path.c_str(), 0777) != 0) return -1;
    return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
}

bool is_temporary(std::string_view name) {
  constexpr std::size_t kAdded = kPrefix.size() + kDigits + kSuffix.size();
  if (name.size() <= kAdded) return false;
  const std::string_view added = name.substr(name.size() - kAdded);
  const std::string_view digits = added.substr(kPrefix.size(), kDigits);
  return added.starts_with(kPrefix) && added.ends_with(kSuffix) &&
         digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Only what is this user's own.
void remove_if_left_over(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat found {};
  if (::fstat(descriptor, &found) == 0 && found.st_uid == ::geteuid() && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    std::error_code ignored;
    if (S_ISREG(found.st_mode)) fs::remove(path, ignored);
    if (S_ISDIR(found.st_mode)) fs::remove_all(path, ignored);
  }
  ::close(descriptor);
}

void remove_leftovers(const std::string& target) {
  const std::string any(kPrefix.size() + kDigits + kSuffix.size(), '-');
  const std::string longest = fs::path(beside(target, any)).filename().string();
  std::error_code error;
  for (fs::directory_iterator at(folder_of(target), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool of_target =
        name.size() == longest.size() && name.starts_with(longest.substr(0, name.size() - any.size()));
    if (of_target && is_temporary(name)) remove_if_left_over(at->path().string());
  }
}

// A temporary that finds no slot or is too long a name stays behind when a signal ends the program, until the next
// output beside it.
void remember_temporary(const std::string& path) {
  if (path.size() >= PATH_MAX) return;
  for (Slot& slot : slots) {
    if (slot.taken.exchange(true)) continue;
    path.copy(slot.path.data(), path.size());
    slot.path[path.size()] = '\0';
    slot.ready = true;
    return;
  }
}

void forget_temporary(const std::string& path) {
  for (Slot& slot : slots) {
    if (!slot.ready || path != slot.path.data()) continue;
    slot.ready = false;
    slot.taken = false;
    return;
  }
}

void remove_remembered() noexcept {
  for (int (*const remove)(const char*) : {&::unlink, &::rmdir}) {
    for (Slot& slot : slots) {
      if (slot.ready) remove(slot.path.data());
    }
  }
}

void sync_folder_of(const std::string& path) {
  const int folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  (void)::fsync(folder);
  ::close(folder);
}

}  // namespace odot::inline ODOT_PRECISION
