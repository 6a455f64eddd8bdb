// Signals: while guarded, the first is remembered; every other ends the program, with its temporary files removed. A
// fault in a mapped file that has changed is told.
#include "cli/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

#include "cli/command.hpp"
#include "core/input_file.hpp"
#include "odot/core/output_file.hpp"

namespace odot::cli {
namespace {

// Those that ask a program to end. Batch systems send the later ones some time before they kill.
constexpr struct {
  int number;
  const char* name;  // in messages; without one, whoever sent it knows, and nothing is said
} kEndings[] = {{SIGINT, nullptr},    {SIGPIPE, nullptr},       {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"},
                {SIGQUIT, "SIGQUIT"}, {SIGXCPU, "SIGXCPU"},     {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"},
                {SIGALRM, "SIGALRM"}, {SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"}};

// Atomic, because the handler runs on any thread, those of parallel loops among them.
std::atomic<bool> guarded = false;
std::atomic<bool> flag = false;
static_assert(std::atomic<bool>::is_always_lock_free, "or a signal handler could not touch it");

void say(const char* text) { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

// The system sends SIGXCPU again every second, and batch systems repeat theirs: no reason to lose what is being saved.
bool repeats(int number) { return number == SIGXCPU || number == SIGUSR1 || number == SIGUSR2; }

extern "C" void on_signal(int number) {
  if (guarded && number != SIGPIPE && number != SIGQUIT) {
    if (!flag.exchange(true) || repeats(number)) return;
  }
  OutputFile::remove_temporaries();
  for (const auto& ending : kEndings) {
    if (ending.number != number || !ending.name) continue;
    say("odot: ended by ");
    say(ending.name);
    say("; what was not finished is removed\n");
  }
  // Ends the program as the signal would have, once the handler returns.
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// Where a mapped file was cut off there is nothing to read (SIGBUS); where it was overwritten, numbers that were
// verified may lead anywhere (SIGSEGV).
extern "C" void on_fault(int number) {
  OutputFile::remove_temporaries();
  if (const char* const changed = InputFile::changed_one()) {
    say("odot: ");
    say(changed);
    say("\n");
    ::_exit(kBadData);
  }
  // Otherwise the same instruction fails again, and ends the program.
  std::signal(number, SIG_DFL);
}

}  // namespace

void end_cleanly_on_signals() {
  for (const auto& ending : kEndings) {
    if (std::signal(ending.number, on_signal) == SIG_IGN) std::signal(ending.number, SIG_IGN);
  }
  for (const int number : {SIGBUS, SIGSEGV}) std::signal(number, on_fault);
  // Writing more than the limit of a file's size is an error like a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
}

InterruptGuard::InterruptGuard() {
  flag = false;
  guarded = true;
}

InterruptGuard::~InterruptGuard() { guarded = false; }

bool InterruptGuard::interrupted() { return flag; }

}  // namespace odot::cli
