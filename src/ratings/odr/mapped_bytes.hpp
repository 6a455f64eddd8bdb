// A file's bytes in memory, and temporary files without a name.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// A part of a file, mapped for reading. Unmapped when destroyed.
class MappedBytes {
 public:
  MappedBytes() = default;
  /// The bytes [0, size) of an open file. Throws Error, which calls the file `name`.
  MappedBytes(int descriptor, std::size_t size, const std::string& name);
  MappedBytes(MappedBytes&& other) noexcept;
  MappedBytes& operator=(MappedBytes&& other) noexcept;
  ~MappedBytes();

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// The bytes [begin, begin + size) will not be needed soon: takes their whole pages out of this process.
  void forget(std::size_t begin, std::size_t size) const;

  template <class T>
  std::span<const T> elements(std::size_t begin, std::size_t count) const {
    return {reinterpret_cast<const T*>(data_ + begin), count};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes all of `bytes` at `position` of an open file. Throws Error, which calls the file `name`.
void write_at(int descriptor, std::size_t position, std::string_view bytes, const std::string& name);

/// Makes an open file as long as this. Throws Error, which calls the file `name`.
void resize_file(int descriptor, std::size_t size, const std::string& name);

/// A temporary file in the folder of `beside`, which vanishes with this object or with the process, however that ends.
class SpillFile {
 public:
  explicit SpillFile(const std::string& beside);
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;
  ~SpillFile();

  void write(std::size_t position, std::string_view bytes);
  void append(std::string_view bytes) { write(size_, bytes); }
  std::size_t size() const { return size_; }
  MappedBytes map() const { return {descriptor_, size_, name_}; }

 private:
  std::string name_;  // for messages
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

}  // namespace odot::inline ODOT_PRECISION
