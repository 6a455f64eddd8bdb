// The optimisation loop, the only one in the project.
#pragma once

#include <functional>
#include <string_view>

#include "odot/core/precision.hpp"
#include "odot/optim/direction.hpp"
#include "odot/optim/step_rule.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// When to stop, besides divergence and a failed line search.
struct StopSettings {
  int iterations = 100;  ///< ≥ 0
  double tolerance = 0;  ///< stop when |f_{t−1} − f_t| ≤ tolerance · |f_{t−1}|; 0: never
  double gradient_tolerance =
      0;  ///< stop when ‖∇f‖ ≤ gradient_tolerance · ‖∇f at the start‖; 0: only at a zero gradient
  double seconds = 0;  ///< stop after this many seconds of wall time, the observer's too; 0: no limit
};

enum class StopReason {
  iterations,   ///< the iteration limit
  tolerance,    ///< the relative decrease fell below the tolerance
  gradient,     ///< the gradient norm fell below its tolerance
  time,         ///< the time limit
  line_search,  ///< the rule found no step that lowers f, not even from a fresh start of the direction
  diverged,     ///< f became infinite, NaN or a thousandfold what it was; the result is the last good iterate
  interrupted,  ///< the observer asked to stop
};
/// "iterations", "tolerance", …
std::string_view to_string(StopReason reason);

/// True when f has gone from `start` to a `value` that is infinite, NaN or more than a thousandfold.
bool diverged(double start, double value);

/// True when f has changed by no more than the share `tolerance` > 0 of `before`; never for tolerance 0.
bool settled(double before, double after, double tolerance);

/// Work done so far.
struct Counts {
  int iterations = 0;
  long evaluations = 0;  ///< of value and gradient
  long lines = 0;        ///< line polynomials computed
  long trials = 0;       ///< steps tried by the step rule
  long restarts = 0;     ///< times the direction started afresh because it did not descend or led nowhere
  long floor_steps = 0;  ///< iterations whose step rule ended at its floor or ran out of trials

  /// Adds the work of a run that is a part of this one, but not its iterations.
  void add_work(const Counts& part);

  void visit(StateVisitor& visitor);
};

/// What an observer sees after the start (counts.iterations = 0) and after every iteration.
struct Progress {
  const Iterate& current;
  double gradient_norm;
  LineStep step;
  const Counts& counts;
  double seconds;  ///< since minimize() began, less the time spent in the observer; resumed, with what it took before
  bool last;       ///< the run ends here, whatever the observer says
  bool resumed;    ///< this iterate was observed before the run was saved
  /// Visits all that minimize() needs to go on from here; the objective has to be visited beside it.
  const VisitState& visit;
};
/// Returns true to go on.
using Observer = std::function<bool(const Progress&)>;

struct Summary {
  StopReason reason = StopReason::iterations;
  double value = 0;
  double gradient_norm = 0;
  Counts counts;
  double seconds = 0;  ///< less the time spent in the observer
};

/// The vectors that minimize() works in. Kept from one run to the next, they save it from allocating.
struct MinimizeWorkspace {
  Iterate previous;
  Iterate current;
  Iterate trial;
  Vector direction;
};

/// Minimises from x (objective.size() elements), which becomes the last iterate. With `resume`, which gives back what
/// Progress::visit visited, it goes on from there instead, to the same bits as if it had not been interrupted.
Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer = {}, StateVisitor* resume = nullptr);

/// The same; allocates nothing where `workspace`, `direction` and `rule` have served a run of that size before.
Summary minimize(Objective& objective, Direction& direction, StepRule& rule, const StopSettings& stop, Vector& x,
                 const Observer& observer, MinimizeWorkspace& workspace);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
