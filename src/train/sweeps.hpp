// The loop of the methods that go over all factors in sweeps instead of minimising in all of them at once.
#pragma once

#include "train/factor_training.hpp"

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// A method that improves U and V in turn.
class Sweeper {
 public:
  virtual ~Sweeper() = default;

  /// Improves every row of `theta` once.
  virtual void sweep(Vector& theta) = 0;

  /// f and Σ e² at the factors after the last sweep, or at the start.
  virtual double value() const = 0;
  virtual double squared_error() const = 0;

  virtual long passes() const = 0;

  /// Visits what is not a function of the factors alone.
  virtual void visit(StateVisitor& visitor) = 0;

  /// Whether f, which was `before` a sweep, has settled for this tolerance, above 0: by default, as everywhere, its
  /// change is that share of it.
  virtual bool settled(double before, double tolerance) const;

  /// Whether f can grow from sweep to sweep. Where it cannot, no iterate is kept to go back to.
  virtual bool can_diverge() const { return true; }

  /// What optimizers of rows have done so far.
  virtual Counts work() const { return {}; }
};

/// To resume, before a Sweeper is made of them: the factors that were saved. Does nothing otherwise.
void restore_factors(const TrainTask& task, Vector& theta);

/// Sweeps until the stop settings say so, the observer does, or f diverges; `theta` is then the last good iterate.
/// Throws Error where f is no number any more and its method cannot diverge.
TrainOutcome run_sweeps(const TrainTask& task, Sweeper& sweeper, Vector& theta);

}  // namespace odot::inline ODOT_PRECISION
