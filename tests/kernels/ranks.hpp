// The ranks that the kernels are tested at.
#pragma once

#include <type_traits>
#include <vector>

#include "kernels/pack.hpp"

namespace odot::test {

inline bool is_compiled(std::size_t packs) {
  return with_width(packs * kLanes, [](auto width) { return !std::is_same_v<decltype(width), AnyWidth>; });
}

/// Awkward ones, the highest, and those that give each compiled width, without and with bias columns.
inline std::vector<int> tested_ranks() {
  std::vector<int> ranks = {1, 3, 10, 33, 200, 1024};
  for (std::size_t packs = 1; packs <= kMostPacks; ++packs) {
    if (!is_compiled(packs)) continue;
    ranks.push_back(static_cast<int>(packs * kLanes));
    ranks.push_back(static_cast<int>(packs * kLanes) - 2);
  }
  return ranks;
}

}  // namespace odot::test
