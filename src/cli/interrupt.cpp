#include "cli/interrupt.hpp"

#include <csignal>

#include "odot/core/output_file.hpp"

namespace odot::cli {
namespace {

volatile std::sig_atomic_t guarded = 0;
volatile std::sig_atomic_t flag = 0;

extern "C" void on_signal(int number) {
  if (guarded && !flag && number != SIGPIPE) {
    flag = 1;
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
  flag = 0;
  guarded = 1;
}

InterruptGuard::~InterruptGuard() { guarded = 0; }

bool InterruptGuard::interrupted() { return flag != 0; }

}  // namespace odot::cli
