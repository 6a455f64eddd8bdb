// What the optimizers minimise.
#pragma once

#include <array>
#include <optional>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// f along a line: f(x + α d) − f(x) = α c[0] + α² c[1] + α³ c[2] + α⁴ c[3], without cancellation.
struct LinePolynomial {
  std::array<double, 4> c{};

  double change(double step) const { return step * (c[0] + step * (c[1] + step * (c[2] + step * c[3]))); }
  double slope(double step) const { return c[0] + step * (2 * c[1] + step * (3 * c[2] + step * 4 * c[3])); }
};

/// A differentiable function of size() variables.
class Objective {
 public:
  virtual ~Objective() = default;

  virtual std::size_t size() const = 0;

  /// Returns f(x) and writes ∇f(x) to `gradient`; both have size() elements.
  virtual double value_gradient(ConstSpan x, Span gradient) = 0;

  /// The polynomial that f is along x + α d, for objectives that are one of degree ≤ 4 along every line and get
  /// it for less than an evaluation; others return nothing, and line searches then evaluate f at every trial.
  virtual std::optional<LinePolynomial> line(ConstSpan x, ConstSpan d) {
    (void)x, (void)d;
    return std::nullopt;
  }
};

/// A point with its value and gradient.
struct Iterate {
  Vector x;
  Vector gradient;
  double value = 0;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
