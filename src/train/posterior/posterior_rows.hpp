// The rows of one side as normal distributions, given those of the other.
#pragma once

#include <vector>

#include "kernels/cholesky.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/rows/row_walk.hpp"

namespace odot::inline ODOT_PRECISION {

/// What the rows of a side are inferred from. All rows have `stride` Reals; variances are zero where a pin or padding
/// is.
struct PosteriorTask {
  const Real* columns;                 ///< means of the other side's rows
  const Real* column_variances;        ///< their variances; null where they are points
  ConstGaussianPrior prior;            ///< of this side's rows
  const Real* offsets;                 ///< g_i, which is added to the prior's mean for each row, or null
  double noise_precision;              ///< α: a rating's error is N(0, 1/(α γ_j))
  const Real* column_roots = nullptr;  ///< √γ_j, or null where all γ_j are 1; column_variances are times γ_j then
  const ErrorTargets* targets = nullptr;  ///< instead of the ratings
};

/// Sums over ratings.
struct SquaredErrors {
  double expected = 0;  ///< Σ E e², over the distributions of both sides
  double squared = 0;   ///< Σ e², of the means alone
};

/// Rows of one side, each N(m_i, diag v_i) with the m_i and v_i that minimise the divergence of all rows'
/// distributions from the posterior while the other side's stay (Lim & Teh 2007, with diagonal covariances as Raiko et
/// al. 2007): with P = Λ + α Σ_j γ_j (c_j c_jᵀ + diag w_j) over the means c_j and variances w_j of the row's columns,
/// m = P⁻¹ (Λ(μ + g) + α Σ γ_j x_j c_j) and v = 1 / diag P. The pinned element, which is known, is no variable.
class PosteriorRows {
 public:
  /// `pinned` is the pinned element of a row, or −1.
  PosteriorRows(const RatingSide& side, const FactorLayout& layout, int pinned);
  ~PosteriorRows();

  /// Sets the means in `rows` and the `variances` of all rows. Parallel; the same bits on any number of threads.
  SquaredErrors update(const PosteriorTask& task, Real* rows, Real* variances);

  /// The elements of a row that are variables.
  const std::vector<std::size_t>& free() const { return free_; }

 private:
  struct Workspace;
  struct Rows;

  RatingSide side_;
  std::size_t stride_;
  std::vector<std::size_t> free_;
  std::size_t pinned_;  // the pinned element, or the width
  RowWalk walk_;
  std::vector<Workspace> workspaces_;  // for each thread
  std::vector<double> precision_;      // Λ/α of the free elements, its rows padded
  std::vector<double> squared_;        // errors of each row's means
};

}  // namespace odot::inline ODOT_PRECISION
