// Improving one row of factors while all columns stay as they are.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "kernels/cholesky.hpp"
#include "kernels/row_quadratic.hpp"
#include "objective/row_objective.hpp"
#include "odot/core/precision.hpp"
#include "odot/optim/minimize.hpp"
#include "train/optimizer_choice.hpp"
#include "train/rows/row_prior.hpp"

namespace odot::inline ODOT_PRECISION {

/// Newton's method, whose single step is exact on a quadratic.
struct NewtonRows {};

/// Rows that are ≥ 0 are solved for among those that are.
struct NonNegativeRows {};

/// An optimizer in at most `iterations` iterations from where a row is.
struct OptimizedRows {
  OptimizerChoice optimizer;
  int iterations = 1;
};

/// How rows are solved.
using RowMethod = std::variant<NewtonRows, NonNegativeRows, OptimizedRows>;

/// Solves rows one after another; each thread has its own. Allocates nothing for a row after the first.
class RowSolver {
 public:
  /// Rows of `stride` Reals of which `width` are in use; `pinned` is the pinned one, or −1.
  RowSolver(const RowMethod& method, std::size_t stride, std::size_t width, int pinned);

  /// Whether a row of that many ratings is solved from its gathered columns, without its quadratic: where forming it
  /// would cost more than it saves. Only where the prior is λI: any other Λ is as large as the quadratic itself.
  bool solves_directly(Offset ratings, const RowTerms& terms) const;

  /// Improves `row`, whose ratings are at [begin, end) of `side`; returns the change of f. `columns` holds one row of
  /// stride for every index.
  double solve(const RatingSide& side, Offset begin, Offset end, const Real* columns, const RowTerms& terms, Real* row);

  /// The same where the quadratic of the row's ratings about it is there already; it is spent.
  double solve(RowQuadratic& quadratic, const RowTerms& terms, Real* row);

  /// The quadratic of the ratings [begin, end) of `row`, a piece of a long row, not mirrored.
  void form(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns, RowQuadratic& out) {
    odot::form(side, begin, end, row, columns, gathered_, out);
  }

  /// Work done by the optimizer since construction.
  const Counts& work() const { return work_; }

 private:
  double minimize_from(Real* row);
  double newton_step(const RowQuadratic& quadratic, double lambda, Real* row);
  double dual_newton_step(double lambda, Real* row);
  double non_negative_step(RowQuadratic& quadratic, double lambda, Real* row);

  std::size_t stride_;
  bool newton_;
  bool non_negative_;
  int iterations_ = 0;             // of an optimizer
  std::vector<std::size_t> free_;  // the elements that may change
  std::size_t most_direct_;
  std::size_t pinned_;  // the element that may not change, or the width
  GatheredColumns gathered_;
  RowQuadratic quadratic_;
  RowObjective objective_;
  std::unique_ptr<Direction> direction_;
  std::unique_ptr<StepRule> rule_;
  MinimizeWorkspace workspace_;
  Vector origin_;
  Vector x_;
  PositiveSystem system_;
  std::vector<double> products_before_;  // of a row with its gathered columns, before and after a step
  std::vector<double> products_after_;
  std::vector<double> values_;  // of a row that is not negative, and half its gradient there
  std::vector<double> slopes_;
  Counts work_;
};

}  // namespace odot::inline ODOT_PRECISION
