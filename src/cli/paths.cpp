// Refusing what would write a file that is read, write one twice, or read standard input twice.
#include "cli/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/command.hpp"

namespace odot::cli {
namespace fs = std::filesystem;
namespace {

bool same_file(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return false;
  std::error_code error;
  if (fs::exists(a, error) && fs::exists(b, error)) return fs::is_regular_file(a, error) && fs::equivalent(a, b, error);
  const fs::path first = fs::weakly_canonical(fs::absolute(a, error), error);
  return !first.empty() && first == fs::weakly_canonical(fs::absolute(b, error), error);
}

}  // namespace

void check_paths(const std::vector<NamedPath>& outputs, const std::vector<std::string>& inputs) {
  for (const NamedPath& output : outputs) {
    for (const NamedPath& other : outputs) {
      if (&other == &output) break;
      if (same_file(other.path, output.path)) {
        throw UsageError(
            fmt::format("{} {} and {} {} are the same file", other.option, other.path, output.option, output.path));
      }
    }
    for (const std::string& input : inputs) {
      if (!same_file(input, output.path)) continue;
      throw UsageError(fmt::format("{} {} would overwrite the input {}: give the output another name", output.option,
                                   output.path, input));
    }
  }
  if (std::count(inputs.begin(), inputs.end(), "-") > 1) {
    throw UsageError("standard input (-) is named more than once, but can be read only once");
  }
}

}  // namespace odot::cli
