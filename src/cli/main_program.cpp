// The program: finds the subcommand and turns what it throws into messages and exit codes.
#include "cli/main_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>

#include "cli/interrupt.hpp"
#include "core/missing_threads.hpp"
#include "odot/core/error.hpp"
#include "odot/version.hpp"

namespace odot::cli {
namespace {

int run(const Arguments& words) {
  if (words.empty()) {
    std::cerr << overview();
    return kWrongUsage;
  }
  std::string name = words[0];
  Arguments rest(words.begin() + 1, words.end());
  if (name == "--version") {
    std::cout << "odot " << version() << "\n";
    return kDone;
  }
  if (name == "--help" || name == "-h" || name == "help") {
    if (rest.empty()) {
      std::cout << overview();
      return kDone;
    }
    if (rest[0] == "--json") {
      Json all = Json::array();
      for (const Command& command : commands()) all.push_back({{"name", command.name}, {"summary", command.summary}});
      print_json({{"commands", std::move(all)}});
      return kDone;
    }
    name = rest[0];
    rest[0] = "--help";
  }
  return find_command(name).run(rest);
}

// Where a standard stream was closed, the next file that is opened would take its place and get what is meant for it.
void fill_standard_streams() {
  for (int stream = 0; stream < 3; ++stream) {
    // Read-only, so that output which cannot be delivered is an error.
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", O_RDONLY);
  }
}

// Memory of long arrays goes back to the system when they are freed. Left alone, glibc raises this bound to the longest
// array that was ever freed, and keeps what reading took while training needs as much again.
void return_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);  // bytes; its default, but fixed
#endif
}

// As in a container that may have few processes, or under ulimit -u or -v.
void tell_missing_threads() {
  const int missing = missing_threads();
  if (missing == 0) return;
  log(fmt::format(
      "odot: warning: the system refused to start {} thread{}, so that the work was done by fewer: raise its "
      "limit of processes or memory, or give a lower --threads\n",
      missing, missing == 1 ? "" : "s"));
}

// Results that did not reach their reader are an error too.
void finish_output() {
  if (!std::cout.flush() || std::fflush(stdout) != 0) {
    throw Error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  }
}

}  // namespace

std::string message_of(const Error& error) {
  std::string text = error.what();
  if (!error.setting().empty()) text.insert(error.setting_at(), "--");
  return text;
}

void log(const std::string& text) { std::fputs(text.c_str(), stderr); }

void print_json(const Json& json) { std::cout << json.dump(2) << "\n"; }

Json number_or_null(double value) { return value - value == 0 ? Json(value) : Json(nullptr); }

int main_program(const Arguments& words) {
  return_memory();
  fill_standard_streams();
  end_cleanly_on_signals();
  try {
    const int code = run(words);
    finish_output();
    tell_missing_threads();
    return code;
  } catch (const Error& error) {
    std::cerr << "odot: " << message_of(error) << "\n";
    if (error.kind() != ErrorKind::usage) return kBadData;
    const bool known = std::ranges::any_of(
        commands(), [&](const Command& command) { return !words.empty() && words[0] == command.name; });
    std::cerr << "Try `odot " << (known ? words[0] + " " : "") << "--help`.\n";
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    std::cerr << "odot: not enough memory\n";
  } catch (const std::exception& error) {
    std::cerr << "odot: " << error.what() << "\n";
  }
  return kBadData;
}

}  // namespace odot::cli
