// The row of networks among the kinds of models, and the inputs of a tile of (user, item) pairs.
#pragma once

#include <algorithm>

#include "odot/core/precision.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/mlp.hpp"

namespace odot::inline ODOT_PRECISION {

const ModelKind& mlp_kind();

/// Writes the inputs of one pair, those of the user and then those of the item; either may be kUnknown.
inline void write_inputs(const Mlp& model, Index user, Index item, Real* out) {
  out = std::copy_n(model.user_side.row(user), model.user_side.unknown.size(), out);
  std::copy_n(model.item_side.row(item), model.item_side.unknown.size(), out);
}

}  // namespace odot::inline ODOT_PRECISION
