// Parallel loops on threads of the library's own: they wait for one another as is best for loops as short as these,
// whatever the process's OpenMP does, whose settings are read when it is loaded. How many threads, OpenMP says.
#include "odot/core/parallel.hpp"

#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/control_groups.hpp"
#include "core/missing_threads.hpp"
#include "odot/core/number.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

std::atomic<int> most_missing = 0;

/// Where a thread stands while it works on a loop.
struct Standing {
  int number = 0;
  int threads = 0;  // of the loop; 0 outside loops
};
thread_local Standing standing;

/// One parallel loop, which lives on the stack of the thread that asked for it.
class Loop {
 public:
  Loop(std::size_t count, void (*body)(void*, std::size_t), void* context)
      : count_(count), body_(body), context_(context), error_chunk_(count) {}

  /// Takes chunks until none are left.
  void work(Standing here) {
    const Standing before = std::exchange(standing, here);
    for (std::size_t chunk = 0; (chunk = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
      try {
        body_(context_, chunk);
      } catch (...) {
        const std::scoped_lock lock(error_mutex_);
        if (chunk < error_chunk_) {
          error_chunk_ = chunk;
          error_ = std::current_exception();
        }
      }
    }
    standing = before;
  }

  /// To be called when all threads have come back from work().
  void rethrow() {
    if (error_) std::rethrow_exception(std::move(error_));
  }

 private:
  std::size_t count_;
  void (*body_)(void*, std::size_t);
  void* context_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex error_mutex_;
  std::size_t error_chunk_;
  std::exception_ptr error_;
};

void relax() {
#ifdef __x86_64__
  __builtin_ia32_pause();
#endif
}

/// A number that threads wait for the change of.
class Word {
 public:
  std::uint32_t value() const { return value_; }

  /// Changes the number by adding, and returns what it is then.
  std::uint32_t add(std::uint32_t amount) { return value_ += amount; }

  /// Wakes who waits, after a change.
  void wake() {
    if (sleepers_ == 0) return;
    { const std::scoped_lock lock(mutex_); }  // whoever has seen the old number is asleep
    changed_.notify_all();
  }

  /// Returns when the number is no longer `old`. Threads that sleep at once lose much where loops are short; threads
  /// that spin for long take the cores from whatever else wants them. So they spin for a short while and then sleep.
  /// Not by std::atomic::wait, which yields first: that gives away the thread's turn where other processes want the
  /// core.
  void wait_while(std::uint32_t old) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int i = 0; i < 16; ++i) {
        if (value_ != old) return;
        relax();
      }
    } while (std::chrono::steady_clock::now() < end);
    std::unique_lock lock(mutex_);
    ++sleepers_;
    changed_.wait(lock, [&] { return value_ != old; });
    --sleepers_;
  }

 private:
  static constexpr auto kSpin = std::chrono::microseconds(50);

  alignas(64) std::atomic<std::uint32_t> value_ = 0;  // no other word shares its cache line
  std::atomic<int> sleepers_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// The processors of each place that OpenMP binds threads to (OMP_PROC_BIND, OMP_PLACES), beginning with the calling
/// thread's; none where it binds nothing. Threads inherit the processors of the one that starts them, so that all
/// helpers of a bound thread would share its place.
std::vector<cpu_set_t> bound_places() {
  std::vector<cpu_set_t> places;
  if (omp_get_proc_bind() == omp_proc_bind_false) return places;
  const int count = omp_get_num_places();
  for (int k = 0; k < count; ++k) {
    const int place = (std::max(omp_get_place_num(), 0) + k) % count;
    std::vector<int> processors(static_cast<std::size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, processors.data());
    cpu_set_t& set = places.emplace_back();
    CPU_ZERO(&set);
    for (const int processor : processors) CPU_SET(static_cast<std::size_t>(processor), &set);
  }
  return places;
}

/// What OMP_NUM_THREADS says, of whose list the first number is for loops that are in no other; nothing where it says
/// nothing that OpenMP understands. OpenMP's own number is gone once a thread has set another.
std::optional<int> threads_of_environment() {
  const char* const text = std::getenv("OMP_NUM_THREADS");
  if (!text) return std::nullopt;
  std::string_view first(text);
  first = first.substr(0, first.find(','));
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!first.empty() && blank(first.front())) first.remove_prefix(1);
  while (!first.empty() && blank(first.back())) first.remove_suffix(1);
  const std::optional<int> number = to_number<int>(first);
  return number && *number > 0 ? number : std::nullopt;
}

/// The processors that the calling thread and its helpers may run on: all of OpenMP's places where it binds, which has
/// left one of them to a thread that it has bound.
int available_processors() {
  cpu_set_t available;
  CPU_ZERO(&available);
  const std::vector<cpu_set_t> places = bound_places();
  for (const cpu_set_t& place : places) CPU_OR(&available, &available, &place);
  if (!places.empty() && CPU_COUNT(&available) > 0) return CPU_COUNT(&available);
  return omp_get_num_procs();
}

/// A thread for each processor that may be busy: more than a control group's quota would wait for their turn together.
int default_threads() {
  if (const std::optional<int> said = threads_of_environment()) return *said;
  const double quota = std::ceil(control_group_processors(own_control_groups(), kControlGroups));
  return static_cast<int>(std::clamp<double>(available_processors(), 1, std::max(quota, 1.0)));
}

/// A thread's helpers. A loop ends when all have been in it. Not to wait for those that the system wakes late was
/// slower where other processes want the cores: who never sleeps is made to wait longest.
class Team {
 public:
  explicit Team(int threads) : threads_(threads) {
    const std::vector<cpu_set_t> places = bound_places();
    helpers_.reserve(static_cast<std::size_t>(threads - 1));
    try {
      for (int number = 1; number < threads; ++number) {
        std::thread& helper = helpers_.emplace_back([this, number] { help(number); });
        if (places.empty()) continue;
        const cpu_set_t& place = places[static_cast<std::size_t>(number) % places.size()];
        ::pthread_setaffinity_np(helper.native_handle(), sizeof place, &place);
      }
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
      const int missing = threads - 1 - static_cast<int>(helpers_.size());
      for (int before = most_missing; before < missing && !most_missing.compare_exchange_weak(before, missing);) {
      }
    }
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() {
    ended_ = true;
    call();
    for (std::thread& helper : helpers_) helper.join();
  }

  int threads() const { return threads_; }

  /// Whether this is a child of the process that made the team; its helpers stayed there.
  bool forked() const { return ::getpid() != process_; }

  void run(Loop& loop) {
    loop_ = &loop;
    inside_.add(static_cast<std::uint32_t>(helpers_.size()));
    call();
    loop.work({0, threads_});
    for (std::uint32_t inside; (inside = inside_.value()) != 0;) inside_.wait_while(inside);
  }

 private:
  void call() {
    calls_.add(1);
    calls_.wake();
  }

  void help(int number) {
    for (std::uint32_t call = 0;; ++call) {
      calls_.wait_while(call);
      if (ended_) return;
      loop_->work({number, threads_});
      if (inside_.add(-1U) == 0) inside_.wake();
    }
  }

  int threads_;
  pid_t process_ = ::getpid();
  Loop* loop_ = nullptr;
  Word calls_;   // to helpers: how many loops there were, and the end
  Word inside_;  // the number of helpers that have not left the loop
  std::atomic<bool> ended_ = false;
  std::vector<std::thread> helpers_;
};

/// What a forked child inherits of a team can be neither used nor taken down; it is left alone.
struct Disband {
  void operator()(Team* team) const {
    if (!team->forked()) delete team;
  }
};
thread_local std::unique_ptr<Team, Disband> own_team;

}  // namespace

void set_threads(int threads) { omp_set_num_threads(threads > 0 ? threads : default_threads()); }

int threads() {
  return standing.threads > 0 ? standing.threads : std::min(omp_get_max_threads(), omp_get_thread_limit());
}

int missing_threads() { return most_missing; }

int thread_number() { return standing.number; }

void run_chunks(std::size_t count, void (*body)(void* context, std::size_t chunk), void* context) {
  Loop loop(count, body, context);
  const int all = threads();
  if (all == 1 || standing.threads > 0 || omp_in_parallel()) {
    loop.work({0, all});
  } else {
    if (!own_team || own_team->threads() != all || own_team->forked()) own_team.reset(new Team(all));
    own_team->run(loop);
  }
  loop.rethrow();
}

}  // namespace odot::inline ODOT_PRECISION
