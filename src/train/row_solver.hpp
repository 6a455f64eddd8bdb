// Improving one row of factors while all columns stay as they are.
#pragma once

#include <memory>
#include <vector>

#include "kernels/cholesky.hpp"
#include "kernels/row_quadratic.hpp"
#include "objective/row_objective.hpp"
#include "odot/optim/minimize.hpp"
#include "train/optimizer_choice.hpp"

namespace odot {

/// How rows are solved: by `optimizer` in at most `iterations` iterations from where they are, or without one by
/// Newton's method, whose single step is exact on a quadratic. With `non_negative`, and then no optimizer, rows that
/// are ≥ 0 are solved for among those that are.
struct RowMethod {
  std::optional<OptimizerChoice> optimizer{};
  int iterations = 1;
  bool non_negative = false;
};

/// Solves rows one after another; each thread has its own. Allocates nothing for a row after the first.
class RowSolver {
 public:
  /// Rows of `stride` Reals of which `width` are in use; `pinned` is the pinned one, or −1.
  RowSolver(const RowMethod& method, std::size_t stride, std::size_t width, int pinned);

  /// Whether a row of that many ratings is solved from its gathered columns, without its quadratic: where forming it
  /// would cost more than it saves.
  bool solves_directly(Offset ratings) const;

  /// Improves `row`, whose ratings are at [begin, end) of `side`; returns the change of f. `columns` holds one row of
  /// stride for every index.
  double solve(const Side& side, Offset begin, Offset end, const Real* columns, double lambda, Real* row);

  /// The same where the quadratic of the row's ratings about it is there already; it is mirrored here.
  double solve(RowQuadratic& quadratic, double lambda, Real* row);

  /// The quadratic of the ratings [begin, end) of `row`, a piece of a long row, not mirrored.
  void form(const Side& side, Offset begin, Offset end, const Real* row, const Real* columns, RowQuadratic& out) {
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
  int iterations_;
  bool non_negative_;
  bool newton_;
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

}  // namespace odot
