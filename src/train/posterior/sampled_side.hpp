// One side of a factorisation with all that sampling it needs.
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "train/posterior/feature_effects.hpp"
#include "train/posterior/sampled_effects.hpp"
#include "train/posterior/sampled_rows.hpp"
#include "train/row_inputs.hpp"

namespace odot::inline ODOT_PRECISION {

struct SampledSide {
  /// `pinned` is the pinned element of a row, `moved` whether partners move rows, `half` that of FeatureEffects.
  SampledSide(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved,
              const RowInputs& inputs, double half)
      : ratings(side),
        rows(side, factors, pinned),
        means(side.rows() * factors.stride()),
        variances(means.size()),
        roots(side.rows()) {
    if (moved) effects.emplace(side, other, factors.stride());
    if (inputs.width > 0) features.emplace(side, inputs, rows.free(), factors.stride(), half);
  }

  RatingSide ratings;
  SampledRows rows;
  std::optional<SampledEffects> effects;
  std::optional<FeatureEffects> features;
  Vector means;      // the distributions' that rows were drawn from
  Vector variances;  // 1 / diag P of these
  Vector roots;      // √ω

  const Real* partner_sums() { return effects ? effects->sums().data() : nullptr; }
  /// What moves the prior's mean for each row, or null.
  const Real* offsets() {
    if (!features) return partner_sums();
    return effects ? features->added_to(effects->sums()) : features->moves().data();
  }
  /// What features leave of rows.
  const Real* without_features(const Real* of) { return features ? features->taken_from(of) : of; }
};

}  // namespace odot::inline ODOT_PRECISION
