// How an optimizer chooses where to go.
#pragma once

#include "odot/core/precision.hpp"
#include "odot/core/state.hpp"
#include "odot/optim/objective.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// The direction-finding half of an optimizer. Owns its moments, curvature pairs and the like.
class Direction {
 public:
  virtual ~Direction() = default;

  /// Forgets everything and prepares for n variables. Throws Error where n is too large for the method.
  virtual void reset(std::size_t n) = 0;

  /// Writes the direction at `current` to d (n elements). `previous` is the iterate before it, nullptr for
  /// the first call after reset().
  virtual void next(const Iterate* previous, const Iterate& current, Span d) = 0;

  /// Visits all that next() depends on besides its arguments and the settings. What was saved is put back after a
  /// reset() for as many variables.
  virtual void visit(StateVisitor& visitor) = 0;

  /// True for directions that carry their own length, so that step 1 is the natural first trial (Newton-like
  /// methods and adaptive gradient descent).
  virtual bool unit_step() const { return false; }

  /// How many times the current gradient the direction becomes when the gradient stays the same: 1/(1−β) under
  /// momentum β.
  virtual double gain() const { return 1; }

  /// True for directions whose elements are each divided by the size of their own gradients (AdaGrad and what came of
  /// it): their length says nothing of the gradient's, so that a step which suits −∇f need not suit them.
  virtual bool scales_elements() const { return false; }
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
