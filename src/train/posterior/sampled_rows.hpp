// The rows of one side drawn from their conditional distribution, given those of the other.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cholesky.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"
#include "train/posterior/draws.hpp"
#include "train/posterior/gaussian_prior.hpp"
#include "train/rows/row_walk.hpp"

namespace odot::inline ODOT_PRECISION {

/// What a side's rows are drawn from: a rating's error is N(0, 1/(α ω_i γ_j)) with a weight for each row and column.
/// All rows have `stride` Reals.
struct SampleTask {
  const Real* columns;       ///< the other side's rows
  const Real* column_roots;  ///< √γ_j of these
  ConstGaussianPrior prior;  ///< of this side's rows
  const Real* offsets;       ///< g_i, which is added to the prior's mean for each row, or null
  double noise_precision;    ///< α
  double freedom;            ///< ν of the weights ω_i ~ Gamma(ν/2, ν/2)
  std::uint64_t seed;
  Drawn what;
  int sweep;
};

/// The sampler's rows of one side (Salakhutdinov & Mnih 2008). With P = Λ + α ω_i Σ γ_j c_j c_jᵀ a row is drawn from
/// N(m, P⁻¹), m = P⁻¹ (Λ(μ + g_i) + α ω_i Σ γ_j x_j c_j), then its weight from
/// Gamma((ν + n_i)/2, (ν + α Σ γ_j e_j²)/2), e_j the errors of what was drawn. The pinned element is known.
class SampledRows {
 public:
  /// `pinned` is the pinned element of a row, or −1.
  SampledRows(const RatingSide& side, const FactorLayout& layout, int pinned);
  ~SampledRows();

  /// Draws all `rows` and their `weights` anew, and sets `means` to the m of each, `variances` to 1 / diag P. Returns
  /// Σ ω_i γ_j e². Parallel; the same bits on any number of threads.
  double update(const SampleTask& task, Real* rows, Real* means, Real* variances, Real* weights);

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
};

}  // namespace odot::inline ODOT_PRECISION
