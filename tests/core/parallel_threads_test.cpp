// Parallel loops among other threads: within one another and within OpenMP's regions, from several threads at once,
// after a fork, on processors that OpenMP chose.
#include <doctest/doctest.h>
#include <omp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "odot/core/parallel.hpp"

namespace odot {
namespace {

struct ThreadsGuard {
  int before = threads();
  ~ThreadsGuard() { set_threads(before); }
};

std::size_t runs_of(std::size_t chunks) {
  std::atomic<std::size_t> runs = 0;
  parallel_for(chunks, [&](std::size_t) { ++runs; });
  return runs;
}

// The chunks of a loop wait for one another, so that each has a thread of its own.
template <class Body>
void on_all_threads(Body&& body) {
  std::atomic<int> here = 0;
  parallel_for(static_cast<std::size_t>(threads()), [&](std::size_t) {
    body();
    ++here;
    while (here < threads()) std::this_thread::yield();
  });
}

TEST_CASE("every thread of a loop has a number of its own, below the number of threads") {
  const ThreadsGuard guard;
  for (const int count : {1, 4, 2, 7}) {
    set_threads(count);
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
    on_all_threads([&] { ++seen.at(static_cast<std::size_t>(thread_number())); });
    for (const std::atomic<int>& times : seen) CHECK(times == 1);
    CHECK(thread_number() == 0);
  }
}

TEST_CASE("a loop within a loop runs on the calling thread, errors come out of both") {
  const ThreadsGuard guard;
  set_threads(3);
  std::atomic<int> runs = 0;
  std::atomic<int> elsewhere = 0;
  std::string message;
  try {
    parallel_for(20, [&](std::size_t outer) {
      if (threads() != 3) ++elsewhere;
      const int number = thread_number();
      const auto caller = std::this_thread::get_id();
      parallel_for(10, [&](std::size_t inner) {
        ++runs;
        if (std::this_thread::get_id() != caller || thread_number() != 0 || threads() != 3) ++elsewhere;
        if (outer >= 5 && inner == 9) throw std::runtime_error(std::to_string(outer));
      });
      if (thread_number() != number) ++elsewhere;
    });
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  CHECK(runs == 200);
  CHECK(elsewhere == 0);
  CHECK(message == "5");
}

TEST_CASE("a loop within a parallel region of OpenMP runs on the calling thread") {
  const ThreadsGuard guard;
  set_threads(4);
  std::atomic<int> runs = 0;
  std::atomic<int> elsewhere = 0;
#pragma omp parallel num_threads(3)
  {
    const auto caller = std::this_thread::get_id();
    parallel_for(100, [&](std::size_t) {
      ++runs;
      if (std::this_thread::get_id() != caller || thread_number() != 0) ++elsewhere;
    });
  }
  CHECK(runs == 300);
  CHECK(elsewhere == 0);
}

TEST_CASE("several threads run loops at once, each with the number of threads that it set") {
  std::atomic<int> failures = 0;
  std::vector<std::thread> callers;
  for (int caller = 1; caller <= 4; ++caller) {
    callers.emplace_back([&failures, caller] {
      set_threads(caller);
      for (int repeat = 0; repeat < 200; ++repeat) {
        if (threads() != caller || runs_of(50) != 50) ++failures;
      }
      on_all_threads([] {});
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(failures == 0);
}

TEST_CASE("loops that follow one another closely, and after a pause, lose no chunk") {
  const ThreadsGuard guard;
  for (const int count : {2, 16}) {
    set_threads(count);
    for (int repeat = 0; repeat < 3000; ++repeat) REQUIRE(runs_of(3) == 3);
    for (int repeat = 0; repeat < 20; ++repeat) {
      ::usleep(1500);  // longer than threads spin
      REQUIRE(runs_of(40) == 40);
    }
  }
}

TEST_CASE("a forked child runs loops on threads of its own, and so does its parent") {
  const ThreadsGuard guard;
  set_threads(3);
  REQUIRE(runs_of(100) == 100);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // ends the child where a loop waits for threads that stayed in the parent
    bool right = runs_of(100) == 100;
    on_all_threads([] {});
    set_threads(2);
    right = right && runs_of(100) == 100;
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  on_all_threads([] {});
}

TEST_CASE("0 threads: as many as OMP_NUM_THREADS says, or one for each processor") {
  const ThreadsGuard guard;
  const char* const before = std::getenv("OMP_NUM_THREADS");
  const std::string kept = before ? before : "";
  const auto with = [](const char* text) {
    ::setenv("OMP_NUM_THREADS", text, 1);
    set_threads(7);
    set_threads(0);
    return threads();
  };
  CHECK(with("3") == 3);
  CHECK(with(" 5 , 2") == 5);
  const int all = with("");
  CHECK(all >= 1);
  CHECK(all <= omp_get_num_procs());
  for (const char* nothing : {"many", "0", "-2", "2.5", ","}) CHECK(with(nothing) == all);
  before ? ::setenv("OMP_NUM_THREADS", kept.c_str(), 1) : ::unsetenv("OMP_NUM_THREADS");
}

// Run once more with OMP_PROC_BIND=true (tests/CMakeLists.txt), which leaves the main thread one place.
TEST_CASE("helpers have the processors that OpenMP's threads would have") {
  const ThreadsGuard guard;
  set_threads(2);
  cpu_set_t all;
  CPU_ZERO(&all);
  std::atomic_flag busy;
  on_all_threads([&] {
    cpu_set_t mine;
    ::sched_getaffinity(0, sizeof mine, &mine);
    while (busy.test_and_set()) std::this_thread::yield();
    CPU_OR(&all, &all, &mine);
    busy.clear();
  });
  CHECK(CPU_COUNT(&all) >= std::min(2, omp_get_num_procs()));
}

}  // namespace
}  // namespace odot
