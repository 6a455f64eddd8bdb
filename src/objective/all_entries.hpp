// What all entries of the matrix, observed or not, add to an objective, in time that does not depend on how many there
// are.
#pragma once

#include <optional>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/optim/objective.hpp"

namespace odot::inline ODOT_PRECISION {

/// α₀ and t₀ of α₀ Σ_ij (u_i·v_j − t₀)², the sum over all users i and items j (Hu, Koren & Volinsky 2008 and, for
/// ratings, Steck 2010).
struct UnobservedTerm {
  double weight = 0;
  double target = 0;
};

/// What that sum is to the rows u of one side while those of the other stay: uᵀΛu − 2 b·u and a constant.
struct RowsOfAll {
  Vector matrix;  ///< Λ, stride × stride, symmetric
  Vector linear;  ///< b
};

/// The sum itself: with Gram matrices, since Σ_ij (u_i·v_j)² = Σ_kl (UᵀU)_kl (VᵀV)_kl, in time (users + items) stride².
/// Everything is computed in double. Parallel; the same bits on any number of threads.
class AllEntries {
 public:
  AllEntries(const FactorLayout& layout, const UnobservedTerm& term) : layout_(layout), term_(term) {}

  /// At θ, of layout.size() elements.
  double value(const Real* theta) const;

  /// Adds its gradient at θ, but for pinned columns, to `gradient`; returns value(theta).
  double add_gradient(const Real* theta, Real* gradient) const;

  /// The polynomial that it is along θ + α d; d is 0 in pinned columns.
  LinePolynomial line(const Real* theta, const Real* direction) const;

  /// For the rows of U where θ holds V, and for those of V where it holds U.
  void for_users(const Real* theta, RowsOfAll& out) const;
  void for_items(const Real* theta, RowsOfAll& out) const;

  /// As for_users(), of any `columns`, `count` rows of `stride` Reals.
  static void set_rows(const Real* columns, Index count, std::size_t stride, const UnobservedTerm& term,
                       RowsOfAll& out);

 private:
  struct Moments;

  double value(const Moments& users, const Moments& items) const;
  // To the `rows` rows of one side, u, from the moments of the other's.
  void add_gradient(const Real* u, std::size_t rows, int pinned, const Moments& columns, Real* to) const;

  FactorLayout layout_;
  UnobservedTerm term_;
};

}  // namespace odot::inline ODOT_PRECISION
