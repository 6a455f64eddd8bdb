// Saving a training run now and then, and going on from where it was saved.
#pragma once

#include <functional>
#include <string>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// A checkpoint holds all that a run needs to go on to the same bits, a checksum, and what it was made with: the
/// settings, and checksums of the ratings. It is a file of the safetensors format.
struct CheckpointSettings {
  std::string path{};    ///< to write to, always through a temporary file beside it; empty: none is written
  int iterations = 0;    ///< write one after every so many iterations (sweeps, epochs), and
  double seconds = 0;    ///< after the first iteration that ends so many seconds after the last; 0: not for this reason
  std::string resume{};  ///< goes on from this one; empty: starts afresh
  /// Told when a checkpoint could not be written; training goes on, and the one before stays.
  std::function<void(const std::string&)> warn{};

  bool writes() const { return !path.empty(); }
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
