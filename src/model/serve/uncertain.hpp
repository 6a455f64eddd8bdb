// Scores of all items that need more than the factors' values.
#pragma once

#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/recommend.hpp"

namespace odot::inline ODOT_PRECISION {

/// What items are ranked by, in double: bounds, and with a link the means of ratings.
class ItemScores {
 public:
  /// The model must stay as it is. Bounds need its posterior: throws Error where there is none.
  ItemScores(const FactorView& model, RankBy by);

  /// The scores of all items, of which `out` has as many places.
  void of_user(Index user, std::span<double> out) const;

 private:
  FactorView model_;
  RankBy by_;
  FactorLayout layout_;  // of a sample
  int samples_;
  std::vector<Vector> rows_;  // of items, of each sample
  Vector squares_;            // of these, the mean over samples
};

/// recommend() by these scores. Users, items and what is excluded are checked already.
TopLists recommend_by_scores(const FactorView& model, std::span<const Index> users, const RecommendSettings& settings);

}  // namespace odot::inline ODOT_PRECISION
