// Signals: while guarded, the first is remembered; every other ends the program, with its temporary files removed.
#include "cli/interrupt.hpp"

#include <atomic>
#include <csignal>

#include "odot/core/output_file.hpp"

namespace odot::cli {
namespace {

// Atomic, because the handler runs on any thread, those of parallel loops among them.
std::atomic<bool> guarded = false;
std::atomic<bool> flag = false;
static_assert(std::atomic<bool>::is_always_lock_free, "or a signal handler could not touch it");

extern "C" void on_signal(int number) {
  if (guarded && !flag && number != SIGPIPE) {
    flag = true;
    return;
  }
  OutputFile::remove_temporaries();
  // Ends the program as the signal would have, once the handler returns.
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

void end_cleanly_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    if (std::signal(number, on_signal) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

InterruptGuard::InterruptGuard() {
  flag = false;
  guarded = true;
}

InterruptGuard::~InterruptGuard() { guarded = false; }

bool InterruptGuard::interrupted() { return flag; }

}  // namespace odot::cli
