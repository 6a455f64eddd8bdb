// The masked pass that value and gradient come from.
#pragma once

#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/penalty.hpp"
#include "odot/core/vector.hpp"

namespace odot {

/// One orientation's share of value and gradient. By user, rows are those of U and columns the item rows of V; by
/// item the other way round. A pass reads the ratings of the side once.
class MaskedGradient {
 public:
  struct Sums {
    double squared_error = 0;  ///< Σ e_ij² over the side's ratings, e_ij = row_i·column_j − x_ij
    double penalty = 0;        ///< Σ λ_i ‖row_i‖² without the pinned column
  };

  /// `side` must outlive this; `stride` is the length of every factor row in Reals, a multiple of kLanes.
  MaskedGradient(const Side& side, std::size_t stride);

  /// gradient row i ← 2 Σ_j e_ij column_j + 2 λ_i row_i. `rows` and `gradient` are side.rows() × stride, `columns` one
  /// row of stride for every index; all aligned to a pack.
  Sums operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* gradient);

 private:
  template <class Width>
  void run_chunk(Width width, std::size_t chunk, const Real* rows, const Real* columns, const Penalty& penalty,
                 Real* gradient);
  template <class Width>
  double finish_row(Width width, Index row, const Real* rows, const Penalty& penalty, Real* gradient) const;

  Side side_;
  std::size_t stride_;
  ChunkPlan plan_;
  std::vector<Sums> sums_;  // of each chunk
  Vector pieces_;           // partial gradients of the long rows' pieces
};

}  // namespace odot
