// Output that is either complete or not there.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A file that is written to a temporary beside the target and renamed over it by commit(); destroyed without
/// commit(), it leaves no trace and the old target as it was. Opening it early finds an unwritable target before any
/// work is done, and removes temporaries of the same target whose process is dead. "-" is standard output; a target
/// that exists and is no regular file (a pipe, /dev/null) is written in place.
class OutputFile {
 public:
  /// Throws Error when the target cannot be written, saying why.
  explicit OutputFile(const std::string& path);
  /// The same, called `name` in messages and by path().
  OutputFile(const std::string& path, std::string name);
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

  /// Commits files that belong together: all are complete on the disk before the first takes its place. A process that
  /// is killed between the first and the last leaves a mark beside each, FILE.odot-unfinished, which readers of this
  /// library refuse and the next commit of the file removes. Throws Error; where that is before the first has taken its
  /// place, all targets are as they were. Must be the last call for each.
  static void commit_together(std::span<OutputFile* const> files);

  const std::string& path() const { return path_; }

  /// Removes the temporaries of all open OutputFiles; for a signal handler that is about to end the program, and safe
  /// to call in one.
  static void remove_temporaries() noexcept;

 private:
  [[noreturn]] void fail() const;  // with the reason in errno
  void open_in_place();
  void prepare();
  void take_place();

  std::string path_;       // as the user gave it, for messages
  std::string target_;     // with symbolic links resolved
  std::string temporary_;  // empty when written in place
  std::FILE* file_ = nullptr;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
