// The files that a subcommand reads and writes, seen together.
#pragma once

#include <string>
#include <vector>

namespace odot::cli {

/// An output and the option that names it, e.g. {"-o", "model.safetensors"}.
struct NamedPath {
  std::string option;
  std::string path;
};

/// Throws UsageError when two outputs are one file, under whatever spelling, when an output is one of the inputs, or
/// when standard input or a pipe is read twice, or when an output's name says that it is compressed. Devices such as
/// /dev/null may be anything.
void check_paths(const std::vector<NamedPath>& outputs, const std::vector<std::string>& inputs);

}  // namespace odot::cli
