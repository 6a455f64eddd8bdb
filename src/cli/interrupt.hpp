// Ctrl-C during long work.
#pragma once

namespace odot::cli {

/// While it lives, the first SIGINT or SIGTERM sets a flag instead of ending the program; a second one ends it at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool interrupted();
};

}  // namespace odot::cli
