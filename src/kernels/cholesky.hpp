// Small dense systems with a symmetric positive semidefinite matrix.
#pragma once

#include <cstddef>

namespace odot {

/// Solves A x = b by A = L Lᵀ. `a` is n × n, of which the lower triangle is read; it is overwritten by L. `b` is
/// overwritten by x. Variables that depend on those before them, to within rounding of A's elements (`precision`
/// relative to its diagonal), are set to 0: where A is singular and the system has solutions, x is one of them.
void solve_positive(std::size_t n, double* a, double* b, double precision);

}  // namespace odot
