// What the operating system is told about large arrays. Advice only: nothing depends on its being taken.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Calls advise(begin, bytes) for the whole pages of `page` bytes (a power of two) between two addresses.
template <class Advise>
void with_whole_pages(const void* data, std::size_t bytes, std::size_t page, Advise advise) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t begin = (address + page - 1) & ~(page - 1);
  const std::uintptr_t end = (address + bytes) & ~(page - 1);
  if (begin < end) advise(reinterpret_cast<void*>(begin), end - begin);
}

/// Gives memory back whose content is not needed any more; a mapped file's can be read again.
inline void release_pages(const void* data, std::size_t bytes) {
  constexpr std::size_t kPage = std::size_t{1} << 12;
  with_whole_pages(data, bytes, kPage, [](void* at, std::size_t size) { ::madvise(at, size, MADV_DONTNEED); });
}

/// For arrays that are filled once or written all over: two megabytes a page instead of four kilobytes.
inline void use_huge_pages(const void* data, std::size_t bytes) {
  constexpr std::size_t kPage = std::size_t{1} << 21;
  with_whole_pages(data, bytes, kPage, [](void* at, std::size_t size) { ::madvise(at, size, MADV_HUGEPAGE); });
}

}  // namespace odot::inline ODOT_PRECISION
