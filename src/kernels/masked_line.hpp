// The masked pass that the line polynomial comes from.
#pragma once

#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/penalty.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Along (U + αP)(V + αQ) the error of a rating is e + α l + α² w with l = u·q + p·v and w = p·q; these are the sums
/// over all ratings that make its square (De Sterck & Winlaw 2015).
struct LineSums {
  double el = 0;  ///< Σ e l
  double ll = 0;  ///< Σ l²
  double ew = 0;  ///< Σ e w
  double lw = 0;  ///< Σ l w
  double ww = 0;  ///< Σ w²

  LineSums& operator+=(const LineSums& part) {
    el += part.el;
    ll += part.ll;
    ew += part.ew;
    lw += part.lw;
    ww += part.ww;
    return *this;
  }
};

/// What a line pass works on.
struct LineTask {
  const RatingSide& side;
  std::size_t stride;
  const Real* rows;
  const Real* columns;
  const Real* row_steps;
  const Real* column_steps;
  bool prefetch;  ///< of columns and their steps
};

/// One pass over the ratings of one side.
class MaskedLine {
 public:
  /// `side` must outlive this; `stride` as for MaskedGradient.
  MaskedLine(const RatingSide& side, std::size_t stride);

  /// `rows` and `row_steps` are side.rows() × stride (by user U and P), `columns` and `column_steps` one row of stride
  /// for every index (V and Q).
  LineSums operator()(const Real* rows, const Real* columns, const Real* row_steps, const Real* column_steps);

 private:
  RatingSide side_;
  std::size_t stride_;
  ChunkPlan plan_;
  std::vector<LineSums> sums_;  // of each chunk
};

}  // namespace odot::inline ODOT_PRECISION
