// Small dense systems with a symmetric positive semidefinite matrix.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {

/// A x = b with room for one system after another.
class PositiveSystem {
 public:
  /// Of up to `most` unknowns.
  explicit PositiveSystem(std::size_t most);

  /// Starts a system of `n` unknowns.
  void start(std::size_t n);

  std::size_t size() const { return n_; }

  /// Where row i's elements k ≥ i of A are to be written, at row(i)[k]; row(i)[size()] is b's. None is set by start().
  double* row(std::size_t i) { return matrix_.data() + i * stride_; }

  /// Solves by A = Lᵀ D L; spends A and b. Variables that depend on those before them, to within rounding of A's
  /// elements (`precision` relative to its diagonal), are set to 0: where A is singular and the system has solutions,
  /// the result is one of them. Its size() elements stay until the next start().
  const double* solve(double precision);

  /// After solve(), for its A: the x with L x = D^(−½) z, which is N(0, A⁻¹) where the size() `normals` z are N(0, I).
  /// Dependent variables are 0. Stays as the result of solve() does, in whose place it is.
  const double* sample(const double* normals);

 private:
  using Doubles = std::vector<double, PageAllocator<double>>;

  std::size_t n_ = 0;
  std::size_t stride_ = 0;
  Doubles matrix_;
  Doubles inverse_;  // of D's elements, 0 for dependent variables
  Doubles factors_;  // a panel's elements of the rows above, over D
  Doubles x_;
};

}  // namespace odot::inline ODOT_PRECISION
