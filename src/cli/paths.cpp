// Refusing what would write a file that is read, write one twice, or read standard input twice.
#include "cli/paths.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

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

// Names of compressed files, which would promise what is not in them. What is no regular file may be called anything.
void refuse_compressed(const NamedPath& output) {
  const std::string extension = fs::path(output.path).extension().string();
  constexpr std::string_view kCompressed[] = {".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip", ".7z"};
  if (std::ranges::find(kCompressed, extension) == std::end(kCompressed)) return;
  std::error_code error;
  if (fs::exists(output.path, error) && !fs::is_regular_file(output.path, error)) return;
  throw UsageError(
      fmt::format("{} {} names a compressed file, but odot writes none: leave {} away and compress the file then",
                  output.option, output.path, extension));
}

// A second reader of a pipe would wait for ever.
void refuse_twice(const std::vector<std::string>& inputs) {
  std::vector<std::pair<dev_t, ino_t>> seen;
  for (const std::string& input : inputs) {
    struct stat found {};
    if (input == "-" || ::stat(input.c_str(), &found) != 0 || !S_ISFIFO(found.st_mode)) continue;
    const std::pair pipe{found.st_dev, found.st_ino};
    if (std::ranges::find(seen, pipe) != seen.end()) {
      throw UsageError(fmt::format("the pipe {} is named more than once, but can be read only once", input));
    }
    seen.push_back(pipe);
  }
}

}  // namespace

void check_paths(const std::vector<NamedPath>& outputs, const std::vector<std::string>& inputs) {
  refuse_twice(inputs);
  for (const NamedPath& output : outputs) {
    refuse_compressed(output);
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
