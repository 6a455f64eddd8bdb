// One side of a factorisation with all that sampling it needs.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "train/posterior/moved_side.hpp"
#include "train/posterior/sampled_effects.hpp"
#include "train/posterior/sampled_rows.hpp"

namespace odot::inline ODOT_PRECISION {

struct SampledSide : MovedSide<SampledRows, SampledEffects> {
  /// As MovedSide's.
  SampledSide(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved,
              const RowInputs& inputs, double half)
      : MovedSide(side, other, factors, pinned, moved, inputs, half),
        means(side.rows() * factors.stride()),
        variances(means.size()),
        roots(side.rows()) {}

  Vector means;      // the distributions' that rows were drawn from
  Vector variances;  // 1 / diag P of these
  Vector roots;      // √ω
};

}  // namespace odot::inline ODOT_PRECISION
