// Memory for long arrays, in large pages where the system has them.
#include "odot/core/page_allocator.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;
constexpr std::size_t kEnough = 2 * kLargePage;

}  // namespace

void* allocate_pages(std::size_t bytes) {
  const std::size_t alignment = bytes >= kEnough ? kLargePage : kAlignment;
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
  // Advice only: without large pages everything works as well, if slower.
  if (bytes >= kEnough) ::madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);
  return memory;
}

void free_pages(void* memory) { std::free(memory); }

}  // namespace odot::inline ODOT_PRECISION
