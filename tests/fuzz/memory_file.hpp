// A file in memory, for readers that take paths.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "odot/core/parallel.hpp"

namespace odot::fuzz {

class MemoryFile {
 public:
  MemoryFile()
      : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(descriptor_)) {
    if (descriptor_ < 0) std::abort();
    set_threads(1);
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  const std::string& path() const { return path_; }

  /// Makes these its bytes; nothing may have it mapped.
  void write(std::string_view bytes) const {
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) < 0) std::abort();
  }

 private:
  int descriptor_;
  std::string path_;
};

/// Stops the program, as any finding does, with a sentence about it.
[[noreturn]] inline void report(const std::string& finding) {
  ::write(STDERR_FILENO, finding.data(), finding.size());
  ::write(STDERR_FILENO, "\n", 1);
  std::abort();
}

inline void expect(bool condition, const char* otherwise) {
  if (!condition) report(otherwise);
}

}  // namespace odot::fuzz
