// How far what rows give is from FactorView::latent(), from what is not known of them.
#pragma once

#include <optional>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// The rows of one side as what is known of them says, sample by sample.
class SideRows {
 public:
  /// Means and variances of a row.
  struct Distribution {
    const Real* mean;
    const Real* variance;
  };

  /// The model has a posterior, and must stay as it is.
  SideRows(const FactorView& model, bool items);

  /// Of a row that nothing is known of (kUnknown) its prior. `room` is where means may be put.
  Distribution row(Index index, int sample, Vector& room) const;

  double noise(Index index) const;

 private:
  FactorView model_;
  bool items_;
  FactorLayout layout_;
  double unknown_noise_;
  Vector unknown_means_;
  Vector unknown_variances_;
};

/// The variances of what a user's and an item's row give, about FactorView::latent().
class LatentVariances {
 public:
  /// Of rows without a posterior everything is known. The model must stay as it is.
  explicit LatentVariances(const FactorView& model);

  /// With indices as there. Added to `noise` times the noise weights of both.
  double operator()(Index user, Index item, double noise = 0) const;

  /// The same of a known user and a known item, without noise. Of a single sample nothing need be prepared for it.
  static double of_known(const FactorView& model, Index user, Index item);

 private:
  FactorView model_;
  std::optional<SideRows> users_;
  std::optional<SideRows> items_;
};

}  // namespace odot::inline ODOT_PRECISION
