// Ctrl-C and its kin.
#pragma once

namespace odot::cli {

/// From now on a signal that asks the program to end (SIGINT, SIGTERM, SIGHUP, SIGPIPE, and those of batch systems)
/// removes unfinished outputs first. A signal that the program was started to ignore, as under nohup, stays ignored. A
/// fault because a mapped input has changed ends the program with a message, and a file beyond the size that is allowed
/// is an error of whoever writes it.
void end_cleanly_on_signals();

/// While it lives, the first signal that asks to end (but SIGPIPE and SIGQUIT) sets a flag instead of ending the
/// program; a second one ends it at once, except where that is SIGXCPU, SIGUSR1 or SIGUSR2.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool interrupted();
};

}  // namespace odot::cli
