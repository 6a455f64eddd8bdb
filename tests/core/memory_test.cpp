// Limits of control groups, of memory and processors, in made-up file systems.
#include "odot/core/memory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "core/control_groups.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::write_bytes;

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

void put(const TemporaryFolder& root, const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(root / path).parent_path());
  write_bytes(root / path, text);
}

TEST_CASE("version 2: the lowest limit from the group up to the root") {
  const TemporaryFolder root;
  put(root, "memory.max", "max\n");
  put(root, "a/memory.max", "3000\n");
  put(root, "a/b/memory.max", "5000\n");
  put(root, "a/c/memory.max", "2000\n");
  put(root, "d/memory.max", "max\n");
  const auto limit = [&](const std::string& membership) { return control_group_limit(membership, root.path()); };
  CHECK(limit("0::/a/b\n") == 3000);
  CHECK(limit("0::/a/c\n") == 2000);
  CHECK(limit("0::/a/c/below\n") == 2000);
  CHECK(limit("0::/d\n") == kNone);
  CHECK(limit("0::/\n") == kNone);
  CHECK(limit("") == kNone);
}

TEST_CASE("version 1, where version 2 is mounted beside it") {
  const TemporaryFolder root;
  put(root, "memory/memory.limit_in_bytes", "9223372036854771712\n");
  put(root, "memory/jobs/one/memory.limit_in_bytes", "70000\n");
  put(root, "cpu/jobs/one/memory.limit_in_bytes", "5\n");
  put(root, "unified/box/memory.max", "60000\n");
  const auto limit = [&](const std::string& membership) { return control_group_limit(membership, root.path()); };
  CHECK(limit("5:cpu,cpuacct:/jobs/one\n4:cpuset,memory:/jobs/one\n0::/\n") == 70000);
  CHECK(limit("4:memory:/jobs/one\n0::/box\n") == 60000);
  CHECK(limit("4:memory:/\n") == 9223372036854771712u);
  CHECK(limit("nonsense\n4:memory\n") == kNone);
}

TEST_CASE("quotas of processors, of both versions: the lowest from the group up to the root") {
  const TemporaryFolder root;
  put(root, "cpu.max", "max 100000\n");
  put(root, "a/cpu.max", "150000 100000\n");
  put(root, "a/b/cpu.max", "400000 100000\n");
  put(root, "a/c/cpu.max", "25000 50000\n");
  put(root, "d/cpu.max", "max 100000\n");
  put(root, "broken/cpu.max", "many\n");
  const auto processors = [&](const std::string& groups) { return control_group_processors(groups, root.path()); };
  CHECK(processors("0::/a/b\n") == 1.5);
  CHECK(processors("0::/a/c/below\n") == 0.5);
  CHECK(std::isinf(processors("0::/d\n")));
  CHECK(std::isinf(processors("0::/broken\n")));
  CHECK(std::isinf(processors("")));
  const TemporaryFolder first;
  put(first, "cpu/cpu.cfs_quota_us", "-1\n");
  put(first, "cpu/cpu.cfs_period_us", "100000\n");
  put(first, "cpu/jobs/cpu.cfs_quota_us", "300000\n");
  put(first, "cpu/jobs/cpu.cfs_period_us", "100000\n");
  put(first, "memory/jobs/cpu.cfs_quota_us", "1\n");
  put(first, "memory/jobs/cpu.cfs_period_us", "100000\n");
  CHECK(control_group_processors("5:cpuacct,cpu:/jobs/one\n4:memory:/jobs\n0::/\n", first.path()) == 3);
  CHECK(std::isinf(control_group_processors("5:cpu:/\n4:memory:/jobs\n", first.path())));
}

TEST_CASE("this process may use some memory, and ratings most of it") {
  CHECK(memory_limit() > std::size_t{16} << 20);
  CHECK(memory_limit() < std::size_t{1} << 50);
  CHECK(default_memory_budget() < memory_limit());
  CHECK(default_memory_budget() > memory_limit() / 2);
}

}  // namespace
}  // namespace odot
