// One side of a factorisation, whose rows' prior means partners and features move.
#pragma once

#include <optional>

#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "train/posterior/feature_effects.hpp"
#include "train/posterior/unrated_shift.hpp"
#include "train/row_inputs.hpp"

namespace odot::inline ODOT_PRECISION {

/// `Rows` infers or draws the rows, `Effects` those of partners.
template <class Rows, class Effects>
struct MovedSide {
  /// `pinned` is the pinned element of a row, `moved` whether partners move rows, `half` that of FeatureEffects.
  MovedSide(const RatingSide& side, const RatingSide& other, const FactorLayout& factors, int pinned, bool moved,
            const RowInputs& inputs, double half)
      : ratings(side), rows(side, factors, pinned) {
    if (moved) effects.emplace(side, other, factors.stride());
    if (inputs.width == 0) return;
    features.emplace(side, inputs, rows.free(), factors.stride(), half);
    shift.emplace(side, other, rows.free(), pinned, factors.stride());
  }

  RatingSide ratings;
  Rows rows;
  std::optional<Effects> effects;
  std::optional<FeatureEffects> features;
  std::optional<UnratedShift> shift;  // where there are features

  const Real* partner_sums() { return effects ? effects->sums().data() : nullptr; }
  /// What moves the prior's mean for each row, or null.
  const Real* offsets() {
    if (!features) return partner_sums();
    return effects ? features->added_to(effects->sums()) : features->moves().data();
  }
  /// For FeatureEffects::expect_unrated(), with the partners' rows in `columns`, and ratings that deviate by
  /// `deviation`, of which factors are the root.
  FeatureEffects::Shift shift_by(const Real* columns, double deviation) {
    return [=, this](Vector& expected) { return (*shift)(expected, columns, kShiftRidge * deviation); };
  }
  /// What features leave of rows.
  const Real* without_features(const Real* of) { return features ? features->taken_from(of) : of; }
};

}  // namespace odot::inline ODOT_PRECISION
