// Limits of memory that are not the machine's.
#pragma once

#include <cstddef>
#include <string>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// The lowest limit among the groups that `membership` names, the text of /proc/self/cgroup, as they are found below
/// `root` (/sys/fs/cgroup); the largest number there is when none of them has one.
std::size_t control_group_limit(const std::string& membership, const std::string& root);

}  // namespace odot::inline ODOT_PRECISION
