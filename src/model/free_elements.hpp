// The variables of a row of factors.
#pragma once

#include <cstddef>
#include <vector>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// The elements of a row that are variables: all of its `width` but the pinned one (−1: none).
inline std::vector<std::size_t> free_elements(std::size_t width, int pinned) {
  std::vector<std::size_t> free;
  for (std::size_t k = 0; k < width; ++k) {
    if (static_cast<int>(k) != pinned) free.push_back(k);
  }
  return free;
}

}  // namespace odot::inline ODOT_PRECISION
