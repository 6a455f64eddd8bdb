// Files that are read: opened once, and noticed when they change meanwhile.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// An open file or pipe, and what it was like then. What is mapped changes with the file, and where a file has become
/// shorter there is nothing behind the mapping: whoever maps one asks, after all has been read, whether it is as it
/// was.
class InputFile {
 public:
  enum class Wait { for_writer, never };

  /// "-" is standard input. error() says what went wrong; throws Error only for a file that odot has not finished to
  /// replace. A pipe without a writer is waited for or not.
  explicit InputFile(const std::string& path, Wait wait = Wait::for_writer);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int error() const { return error_; }  ///< errno; 0: it is open
  int descriptor() const { return descriptor_; }
  bool is_regular() const { return S_ISREG(status_.st_mode); }
  bool is_folder() const { return S_ISDIR(status_.st_mode); }
  std::size_t size() const { return static_cast<std::size_t>(status_.st_size); }

  /// Throws Error if the file has been written to since it was opened. Another file of the same name does not count:
  /// what is open stays as it was.
  void check_unchanged() const;

  /// Calls body(), and where that fails because the file has changed, says so instead.
  template <class Body>
  auto reading(Body&& body) const {
    try {
      return body();
    } catch (...) {
      check_unchanged();
      throw;
    }
  }

  /// The first of the open files that has changed, as a message; nullptr: none has. For signal handlers, and safe in
  /// them.
  static const char* changed_one() noexcept;

 private:
  bool has_changed() const noexcept;

  std::string message_;
  bool owned_;
  int error_ = 0;
  int descriptor_;
  struct stat status_ {};
};

}  // namespace odot::inline ODOT_PRECISION
