// Output that is either complete or not there.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A file that is written to a temporary beside the target and renamed over it by commit(); destroyed without
/// commit(), it leaves no trace and the old target as it was. Opening it early finds an unwritable target before any
/// work is done. "-" is standard output; a target that exists and is no regular file (a pipe, /dev/null) is
/// written in place.
class OutputFile {
 public:
  /// Throws Error when the target cannot be written, saying why.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends bytes. Throws Error (disk full, …).
  void write(std::string_view bytes);

  /// The open file behind it, for writing at any position and for reading back instead of write(); −1 when the target
  /// is written in place. Belongs to this object.
  int descriptor() const;

  /// Hands what was written so far to the operating system, so that readers of an in-place target see it. Throws Error.
  void flush();

  /// Flushes, syncs and renames. Throws Error; then the target is as it was. Must be the last call.
  void commit();

  const std::string& path() const { return path_; }

  /// Removes the temporaries of all open OutputFiles; for a signal handler that is about to end the program, and safe
  /// to call in one.
  static void remove_temporaries() noexcept;

 private:
  [[noreturn]] void fail() const;  // with the reason in errno
  void forget_temporary();

  std::string path_;       // as the user gave it, for messages
  std::string target_;     // with symbolic links resolved
  std::string temporary_;  // empty when written in place
  std::FILE* file_ = nullptr;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
