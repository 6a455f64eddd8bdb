// What odot tune searches: the words of its command line, told apart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/options.hpp"
#include "odot/search/space.hpp"

namespace odot::cli {

struct TuneSpace {
  std::vector<Dimension> dimensions;
  std::vector<std::string> toggles;     ///< names of those that are on or off
  Arguments spaces;                     ///< "--rank", "8..128:log2", … as they were given
  Arguments fixed;                      ///< options of train with one value, but for --iterations and --seed
  std::optional<std::string> config{};  ///< text of the --config file, which is read once
  Arguments rest;                       ///< everything but the spaces, for Options::parse()
};

/// Throws UsageError for a space that cannot be read.
TuneSpace take_space(const Arguments& arguments);

/// Options of train for a point of the space.
Arguments point_words(const TuneSpace& space, const std::vector<std::string>& values);

/// Words as a shell reads them.
std::string shell_text(const Arguments& words);

}  // namespace odot::cli
