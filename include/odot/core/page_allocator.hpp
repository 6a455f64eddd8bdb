// Memory for long arrays.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

inline constexpr std::size_t kAlignment = 64;  ///< bytes; a cache line

/// Memory aligned to kAlignment, in large pages where there is enough of it for them to pay: random access to many
/// small pages costs more in looking up where they are than in reading them. Throws std::bad_alloc.
void* allocate_pages(std::size_t bytes);
void free_pages(void* memory);

/// An allocator of it.
template <class T>
struct PageAllocator {
  using value_type = T;

  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) {}  // NOLINT(google-explicit-constructor): as allocators are

  T* allocate(std::size_t n) { return static_cast<T*>(allocate_pages(n * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { free_pages(memory); }

  template <class U>
  bool operator==(const PageAllocator<U>&) const {
    return true;
  }
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
