// The ranks and the instruction sets that the kernels are tested at.
#pragma once

#include <hwy/highway.h>

#include <vector>

#include "odot/core/types.hpp"

namespace odot::test {

/// Awkward ones, the highest, and those that give whole and half vectors, one and several, without and with bias
/// columns.
inline std::vector<int> tested_ranks() {
  std::vector<int> ranks = {1, 3, 10, 33, 126, 128, 200, 1022, kHighestRank};
  for (int rank = 8; rank <= 72; rank += 8) {
    ranks.push_back(rank - 2);
    ranks.push_back(rank);
  }
  return ranks;
}

/// Calls body() with every instruction set that the kernels are compiled for and this machine has.
template <class Body>
void with_each_instruction_set(Body&& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    body(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace odot::test
