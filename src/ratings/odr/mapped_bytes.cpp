// Mapping files and writing temporary ones.
#include "ratings/odr/mapped_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "odot/core/error.hpp"
#include "ratings/pages.hpp"

namespace odot::inline ODOT_PRECISION {

MappedBytes::MappedBytes(int descriptor, std::size_t size, const std::string& name) : size_(size) {
  if (size == 0) return;
  void* const start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (start == MAP_FAILED)
    throw Error(fmt::format("{} cannot be mapped: {}", name, std::strerror(errno)), ErrorKind::system);
  data_ = static_cast<char*>(start);
}

MappedBytes::MappedBytes(MappedBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedBytes& MappedBytes::operator=(MappedBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedBytes::~MappedBytes() {
  if (data_) ::munmap(data_, size_);
}

void MappedBytes::forget(std::size_t begin, std::size_t size) const { release_pages(data_ + begin, size); }

void write_at(int descriptor, std::size_t position, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw Error(fmt::format("cannot write {}: {}", name, std::strerror(errno)), ErrorKind::system);
    // Starts writing to the disk at once, so that little is left to wait for, or to keep in memory, at the end.
    ::sync_file_range(descriptor, static_cast<off_t>(position), done, SYNC_FILE_RANGE_WRITE);
    bytes.remove_prefix(static_cast<std::size_t>(done));
    position += static_cast<std::size_t>(done);
  }
}

void resize_file(int descriptor, std::size_t size, const std::string& name) {
  if (::ftruncate(descriptor, static_cast<off_t>(size)) != 0) {
    throw Error(fmt::format("cannot write {}: {}", name, std::strerror(errno)), ErrorKind::system);
  }
}

SpillFile::SpillFile(const std::string& beside) {
  const std::filesystem::path folder = std::filesystem::path(beside).parent_path();
  const std::string where = folder.empty() ? "." : folder.string();
  name_ = fmt::format("a temporary file in {}", where);
  descriptor_ = ::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {  // a file system that has no files without a name
    std::string path = where + "/odot-XXXXXX";
    descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor_ >= 0) ::unlink(path.c_str());
  }
  if (descriptor_ < 0) throw Error(fmt::format("cannot write {}: {}", name_, std::strerror(errno)), ErrorKind::system);
}

SpillFile::~SpillFile() { ::close(descriptor_); }

void SpillFile::write(std::size_t position, std::string_view bytes) {
  write_at(descriptor_, position, bytes, name_);
  size_ = std::max(size_, position + bytes.size());
}

}  // namespace odot::inline ODOT_PRECISION
