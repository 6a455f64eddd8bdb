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
#include <streambuf>

#include "cli/interrupt.hpp"
#include "cli/output/texts.hpp"
#include "core/missing_threads.hpp"
#include "core/terminal.hpp"
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

// Standard output, on its way to a terminal perhaps.
class ResultStream : public std::streambuf {
 protected:
  int_type overflow(int_type c) override {
    if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
    const char one = traits_type::to_char_type(c);
    return xsputn(&one, 1) == 1 ? c : traits_type::eof();
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    return write_escaped({text, static_cast<std::size_t>(size)}, stdout) ? size : 0;
  }
  int sync() override { return std::fflush(stdout); }
};

// While this lives, std::cout writes by a ResultStream.
class ResultsToStandardOutput {
 public:
  ResultsToStandardOutput() : before_(std::cout.rdbuf(&results_)) {}
  ~ResultsToStandardOutput() { std::cout.rdbuf(before_); }
  ResultsToStandardOutput(const ResultsToStandardOutput&) = delete;
  ResultsToStandardOutput& operator=(const ResultsToStandardOutput&) = delete;

 private:
  ResultStream results_;
  std::streambuf* before_;
};

// Results that did not reach their reader are an error too.
void finish_output() {
  if (!std::cout.flush() || std::fflush(stdout) != 0) {
    throw Error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  }
}

// Its beginning and its end, where a message quotes what nobody wants to read all of: a name or a value of megabytes.
std::string shortened(const std::string& message) {
  constexpr std::size_t kLongest = 2000;  // bytes
  if (message.size() <= kLongest) return message;
  std::size_t end = message.size() - kLongest / 4;
  while (end < message.size() && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) ++end;
  return fmt::format("{} … {}", first_characters(message, kLongest / 4), message.substr(end));
}

}  // namespace

std::string message_of(const Error& error) {
  std::string text = error.what();
  if (!error.setting().empty()) text.insert(error.setting_at(), "--");
  return shortened(text);
}

void log(const std::string& text) { (void)write_escaped(text, stderr); }

void draw(const std::string& text) { std::fputs(text.c_str(), stderr); }

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void print_json(const Json& json) { std::cout << json_text(json, 2) << "\n"; }

Json number_or_null(double value) { return value - value == 0 ? Json(value) : Json(nullptr); }

int main_program(const Arguments& words) {
  return_memory();
  fill_standard_streams();
  end_cleanly_on_signals();
  const ResultsToStandardOutput results;
  try {
    const int code = run(words);
    finish_output();
    tell_missing_threads();
    return code;
  } catch (const Error& error) {
    log(fmt::format("odot: {}\n", message_of(error)));
    if (error.kind() != ErrorKind::usage) return kBadData;
    const bool known = std::ranges::any_of(
        commands(), [&](const Command& command) { return !words.empty() && words[0] == command.name; });
    log(fmt::format("Try `odot {}--help`.\n", known ? words[0] + " " : ""));
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    log("odot: not enough memory\n");
  } catch (const std::exception& error) {
    log(fmt::format("odot: {}\n", error.what()));
  }
  return kBadData;
}

}  // namespace odot::cli
