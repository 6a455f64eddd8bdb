// What the problem of a row has beside its ratings.
#pragma once

#include "kernels/penalty.hpp"
#include "kernels/row_quadratic.hpp"

#include "objective/all_entries.hpp"
#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// uᵀΛu − 2 b·u of one row u of `stride` Reals, with Λ = λI + `matrix`. Newton's method damps its step where λ is next
/// to nothing beside the whole: what is known to be in Λ of I is better given as λ.
struct RowTerms {
  double lambda = 0;  ///< of all elements but the pinned one
  const Real* matrix =
      nullptr;  ///< stride × stride, symmetric, zeros in the padding; of the pinned element too, or null
  const Real* linear = nullptr;  ///< b, `stride` elements with zeros in the padding, or null

  /// Whether λ is all there is.
  bool is_ridge() const { return !matrix && !linear; }
};

/// The terms of one side's rows: one object for all of them, whose rows may be asked for in parallel.
class RowPrior {
 public:
  virtual ~RowPrior() = default;

  /// Asked once for each solve of a row. What the terms point to stays as it is until the row has been solved.
  virtual RowTerms of_row(Index row) const = 0;

  /// What the terms of all rows, each of `stride` Reals, add to f. The same bits on any number of threads.
  virtual double value(const Real* rows) const = 0;
};

/// λ_i ‖u_i‖² with the λ_i of a Penalty, and in the rows' terms, but not in value(), what all entries are to them.
class RidgePrior : public RowPrior {
 public:
  RidgePrior(const RatingSide& side, const Penalty& penalty, std::size_t stride)
      : side_(side), penalty_(penalty), stride_(stride) {}

  /// To be set anew whenever the other side's rows have changed; empty without.
  RowsOfAll& of_all() { return of_all_; }

  RowTerms of_row(Index row) const override {
    RowTerms terms{penalty_.of_row(side_, row)};
    if (of_all_.matrix.empty()) return terms;
    terms.matrix = of_all_.matrix.data();
    terms.linear = of_all_.linear.data();
    return terms;
  }
  double value(const Real* rows) const override { return penalty_.value(side_, rows, stride_); }

 private:
  RatingSide side_;
  Penalty penalty_;
  std::size_t stride_;
  RowsOfAll of_all_;
};

/// u_iᵀΛu_i − 2 b_i·u_i with one matrix for all rows.
class QuadraticPrior : public RowPrior {
 public:
  /// `matrix` is Λ as in RowTerms, `linear` the b of every row, one after another.
  QuadraticPrior(Vector matrix, Vector linear, std::size_t stride);

  RowTerms of_row(Index row) const override { return {0, matrix_.data(), linear_.data() + row * stride_}; }
  double value(const Real* rows) const override;

 private:
  Vector matrix_;
  Vector linear_;
  std::size_t stride_;
};

/// Makes `quadratic`, about `row` and not mirrored, that of the terms other than λ too, but for their value at `row`: a
/// change of f does not depend on it.
void add(const RowTerms& terms, const Real* row, RowQuadratic& quadratic);

}  // namespace odot::inline ODOT_PRECISION
