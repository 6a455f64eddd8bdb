// Finding the limits of control groups, of version 1 and 2.
#include "core/control_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kNoBytes = std::numeric_limits<std::size_t>::max();
constexpr double kNoQuota = std::numeric_limits<double>::infinity();

// Where a limit stands: the controller's name, and what reads it in a group's folder of version 1 and of version 2.
template <class Limit>
struct Source {
  std::string controller;
  Limit (*first)(const std::string& folder);
  Limit (*second)(const std::string& folder);
};

// A group's limit holds for all groups below it.
template <class Limit>
Limit lowest_above(const std::string& root, std::string group, Limit (*read)(const std::string&)) {
  Limit lowest = read(root);
  while (group.size() > 1) {
    lowest = std::min(lowest, read(root + group));
    group.resize(std::min(group.rfind('/'), group.size()));
  }
  return lowest;
}

template <class Limit>
Limit lowest_of(const std::string& membership, const std::string& root, const Source<Limit>& source, Limit none) {
  Limit lowest = none;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    // "4:memory:/group" in version 1, "0::/group" in version 2.
    const std::size_t colon = line.find(':');
    const std::size_t next = line.find(':', colon + 1);
    if (colon == std::string::npos || next == std::string::npos) continue;
    const std::string controllers = fmt::format(",{},", line.substr(colon + 1, next - colon - 1));
    const std::string group = line.substr(next + 1);
    if (controllers == ",,") {
      for (const char* mount : {"", "/unified"}) {
        lowest = std::min(lowest, lowest_above(root + mount, group, source.second));
      }
    } else if (controllers.find("," + source.controller + ",") != std::string::npos) {
      lowest = std::min(lowest, lowest_above(root + "/" + source.controller, group, source.first));
    }
  }
  return lowest;
}

// The number in a file; version 2 writes "max" for none.
std::size_t bytes_in(const std::string& path) {
  std::ifstream file(path);
  std::size_t limit = 0;
  return file >> limit ? limit : kNoBytes;
}

// Times of a period in which processors may be used; version 1 writes -1 for no quota, version 2 "max".
double share(std::istream&& quota_file, std::istream&& period_file) {
  double quota = 0;
  double period = 0;
  return quota_file >> quota && period_file >> period && quota > 0 && period > 0 ? quota / period : kNoQuota;
}

double first_quota(const std::string& folder) {
  return share(std::ifstream(folder + "/cpu.cfs_quota_us"), std::ifstream(folder + "/cpu.cfs_period_us"));
}

double second_quota(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  std::string period;
  file >> quota >> period;
  return share(std::istringstream(quota), std::istringstream(period));
}

}  // namespace

std::string own_control_groups() {
  std::ifstream file("/proc/self/cgroup");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t control_group_limit(const std::string& membership, const std::string& root) {
  const Source<std::size_t> source{
      .controller = "memory",
      .first = [](const std::string& folder) { return bytes_in(folder + "/memory.limit_in_bytes"); },
      .second = [](const std::string& folder) { return bytes_in(folder + "/memory.max"); }};
  return lowest_of(membership, root, source, kNoBytes);
}

double control_group_processors(const std::string& membership, const std::string& root) {
  return lowest_of(membership, root, Source<double>{"cpu", first_quota, second_quota}, kNoQuota);
}

}  // namespace odot::inline ODOT_PRECISION
