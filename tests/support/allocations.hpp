// Counts allocations: include this in exactly one source of a test program. The C library's allocating functions are
// replaced by ones that count and pass the request on; not where a sanitizer has replaced them already.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ODOT_TEST_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ODOT_TEST_SANITIZED
#endif

namespace odot::test {

#if defined(__GLIBC__) && !defined(ODOT_TEST_SANITIZED)
inline constexpr bool kCountsAllocations = true;
#else
inline constexpr bool kCountsAllocations = false;
#endif

/// Since the program began, on all threads.
inline std::atomic<long> allocations = 0;

}  // namespace odot::test

#if defined(__GLIBC__) && !defined(ODOT_TEST_SANITIZED)
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  ++odot::test::allocations;
  return __libc_malloc(size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++odot::test::allocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  ++odot::test::allocations;
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : ENOMEM;
}
}
#endif
