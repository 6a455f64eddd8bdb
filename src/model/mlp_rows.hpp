// The inputs of a tile of (user, item) pairs.
#pragma once

#include <algorithm>

#include "odot/model/mlp.hpp"

namespace odot {

/// Writes the inputs of one pair, those of the user and then those of the item; either may be kUnknown.
inline void write_inputs(const MlpSide& users, const MlpSide& items, Index user, Index item, Real* out) {
  out = std::copy_n(users.row(user), users.unknown.size(), out);
  std::copy_n(items.row(item), items.unknown.size(), out);
}

}  // namespace odot
