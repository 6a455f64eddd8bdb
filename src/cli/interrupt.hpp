// Ctrl-C and its kin.
#pragma once

namespace odot::cli {

/// From now on a signal that asks the program to end (SIGINT, SIGTERM, SIGHUP, SIGPIPE) removes unfinished outputs
/// first. A signal that the program was started to ignore, as under nohup, stays ignored.
void end_cleanly_on_signals();

/// While it lives, the first SIGINT, SIGTERM or SIGHUP sets a flag instead of ending the program; a second one ends it
/// at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool interrupted();
};

}  // namespace odot::cli
