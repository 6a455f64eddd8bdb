// Ratings and models in other units, a power of four apart, so that nothing is rounded.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// The power of two whose square is next to `scale` > 0: in units of that square the scale is in [½, 2), far from where
/// squares and products of ratings leave the range of Real. 1 where the scale is there already, or is infinite or 0.
double unit_root(double scale);

/// Makes it the model of all ratings times root²: factors grow by `root`, a power of two. The model has no link.
void rescale(Factorization& model, double root);

/// As in training, new rows are found in a unit in which the squares and products of any ratings can be computed with:
/// while this lives, the model is in it. Afterwards all that stayed is as it was, to the bit.
class InUnitOfRatings {
 public:
  explicit InUnitOfRatings(Factorization& model);
  ~InUnitOfRatings() { rescale(model_, root_); }
  InUnitOfRatings(const InUnitOfRatings&) = delete;
  InUnitOfRatings& operator=(const InUnitOfRatings&) = delete;

  double unit() const { return root_ * root_; }

 private:
  Factorization& model_;
  double root_;
};

}  // namespace odot::inline ODOT_PRECISION
