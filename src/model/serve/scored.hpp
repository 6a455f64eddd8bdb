// What choosing the best of many scores has in common, whatever they are.
#pragma once

#include "odot/core/error.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/recommend.hpp"

namespace odot::inline ODOT_PRECISION {

/// From the best to the last; equal scores by their place in the model.
inline bool ranks_before(const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score > b.score : a.index < b.index;
}

/// Throws the Error of scores that are not finite.
[[noreturn]] inline void too_large() {
  throw Error("the model's factors are too large, or no numbers: what they are multiplied to is not finite",
              ErrorKind::numerical);
}

}  // namespace odot::inline ODOT_PRECISION
