// Asynchronous successive halving.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// ASHA (Li et al. 2020, algorithm 2) with one worker: whenever a rung has a trial among its best 1/η that has not been
/// promoted, that one goes on to the next rung, highest rungs first; otherwise a new trial starts at the bottom. One
/// rung is a search without halving. What comes next depends on the results so far alone.
class Halving {
 public:
  /// A trial to be run with the iterations of a rung.
  struct Job {
    std::size_t trial = 0;
    std::size_t rung = 0;
  };

  /// All of `trials`, `rungs` ≥ 1 and `eta` ≥ 2.
  Halving(std::size_t trials, std::size_t rungs, std::size_t eta = 3);

  /// What to run next; nothing when all is done. finish() must be called before the next one is asked for.
  std::optional<Job> next();
  /// Lower is better; a value that is not finite is worse than any other and never promoted.
  void finish(const Job& job, double value);

 private:
  struct Entry {
    double value;
    std::size_t trial;
    bool promoted;
  };

  std::size_t trials_;
  std::size_t eta_;
  std::size_t started_ = 0;
  std::vector<std::vector<Entry>> rungs_;  // best first
};

/// Iterations of a rung: top / eta^(rungs − 1 − rung), at least 1. Where the first rung's would be fewer than `least`,
/// it has these, or all, and those between grow evenly from there, by a factor.
int rung_iterations(int top, std::size_t rung, std::size_t rungs, std::size_t eta = 3, int least = 1);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
