// Loading rating files for a subcommand, with a word on standard error about what was found.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "odot/ratings/read.hpp"

namespace odot::cli {

/// Reads the files with the options' reading settings and, unless --quiet, says how they were recognised.
ReadResult load_ratings(const std::vector<std::string>& paths, const Options& options);

/// The separator that an output made from these files should have.
std::string separator_of(const ReadResult& result);

/// The largest resident size of the process so far.
std::size_t peak_memory_bytes();

}  // namespace odot::cli
