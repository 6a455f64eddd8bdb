// Gradient descent (document, algorithm 5): p_t = −∇f(θ_{t−1}).
#pragma once

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"

namespace odot::inline ODOT_PRECISION {

class GradientDescent : public Direction {
 public:
  struct Settings {};

  explicit GradientDescent(const Settings&) {}

  void reset(std::size_t) override {}

  void next(const Iterate*, const Iterate& current, Span d) override { scale(-1, current.gradient, d); }

  void visit(StateVisitor&) override {}
};

}  // namespace odot::inline ODOT_PRECISION
