// Limits that are not the machine's: of memory and processors, in control groups.
#pragma once

#include <cstddef>
#include <string>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Where the system shows control groups.
inline constexpr const char* kControlGroups = "/sys/fs/cgroup";

/// What /proc/self/cgroup says: the groups that this process is in.
std::string own_control_groups();

/// The lowest limit of memory in bytes among the groups that `membership` names, the text of /proc/self/cgroup, as they
/// are found below `root` (/sys/fs/cgroup); the largest number there is when none of them has one.
std::size_t control_group_limit(const std::string& membership, const std::string& root);

/// Likewise the lowest quota of processors: how many of them may be busy all the time, 1.5 for one and a half; infinite
/// when no group has one.
double control_group_processors(const std::string& membership, const std::string& root);

}  // namespace odot::inline ODOT_PRECISION
