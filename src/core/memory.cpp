// How much memory this process may use.
#include "odot/core/memory.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/control_groups.hpp"

namespace odot::inline ODOT_PRECISION {

std::size_t memory_limit() {
  const auto machine =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGE_SIZE));
  return std::min(machine, control_group_limit(own_control_groups(), kControlGroups));
}

std::size_t default_memory_budget() { return memory_limit() / 5 * 3; }

}  // namespace odot::inline ODOT_PRECISION
