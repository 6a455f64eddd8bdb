// How much memory this process may use.
#include "odot/core/memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "core/control_groups.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// The number in a file; version 2 writes "max" for none.
std::size_t limit_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t limit = 0;
  return file >> limit ? limit : kNone;
}

// A group's limit holds for all groups below it.
std::size_t lowest_above(const std::string& root, std::string group, const char* file) {
  std::size_t lowest = limit_in(root + "/" + file);
  while (group.size() > 1) {
    lowest = std::min(lowest, limit_in(root + group + "/" + file));
    group.resize(std::min(group.rfind('/'), group.size()));
  }
  return lowest;
}

}  // namespace

std::size_t control_group_limit(const std::string& membership, const std::string& root) {
  std::size_t lowest = kNone;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    // "4:memory:/group" in version 1, "0::/group" in version 2.
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      for (const char* mount : {"", "/unified"}) {
        lowest = std::min(lowest, lowest_above(root + mount, group, "memory.max"));
      }
    } else if (controllers.find(",memory,") != std::string::npos) {
      lowest = std::min(lowest, lowest_above(root + "/memory", group, "memory.limit_in_bytes"));
    }
  }
  return lowest;
}

std::size_t memory_limit() {
  const auto machine =
      static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGE_SIZE));
  std::ifstream file("/proc/self/cgroup");
  const std::string membership(std::istreambuf_iterator<char>(file), {});
  return std::min(machine, control_group_limit(membership, "/sys/fs/cgroup"));
}

std::size_t default_memory_budget() { return memory_limit() / 5 * 3; }

}  // namespace odot::inline ODOT_PRECISION
