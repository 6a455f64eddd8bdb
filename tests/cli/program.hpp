// Running the odot program as a user does: arguments, input, folder, signals; and what came of it.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary_folder.hpp"

namespace odot::test {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;   ///< exit code, or −1 when a signal ended the program
  int signal = 0;  ///< the signal that ended it
  std::string out;
  std::string err;
};

/// How to run it; by default in the folder `in`, with no input.
struct Conditions {
  std::string input{};
  bool keep_input_open = false;  ///< standard input does not end
  std::string out_file{};        ///< standard output goes here instead of into Outcome::out
  std::string err_file{};
  int close = -1;                         ///< a standard stream to be closed
  bool terminal = false;                  ///< standard error is a terminal
  std::vector<unsigned short> columns{};  ///< the terminal's widths, each after half a second of the one before
  bool unprivileged = false;              ///< as a user who is not root
  std::vector<std::pair<int, unsigned long>> limits{};  ///< RLIMIT_… and how much
  /// Once `ready` says so, the signals are sent, all of them before the program can act on one.
  std::function<bool()> ready{};
  std::vector<int> signals{};
};

/// Whether this machine has pseudo-terminals to run programs on; a bare container may have none.
bool has_terminals();

/// Runs odot with these arguments. Fails the test when it cannot be started or does not end within two minutes.
Outcome run(const TemporaryFolder& in, const Words& arguments, const Conditions& conditions = {});

/// A folder to run the program in, again and again.
struct Session {
  TemporaryFolder folder;

  /// Fails the test unless the exit code is 0.
  Outcome done(const Words& words, const Conditions& conditions = {}) const;
  /// Fails the test unless it ends with this exit code and a message that has all these parts, prints nothing else and
  /// writes nothing.
  void refused(int code, const Words& words, const Words& message) const;
};

/// Whether the program can be started by an unprivileged user from here; says so when it cannot.
bool can_run_unprivileged(const TemporaryFolder& in);

/// Names of all files below the folder, sorted.
Words files_in(const TemporaryFolder& folder);

/// Checks that `text` has all these parts.
void check_has(const std::string& text, const Words& parts);

Words lines_of(const std::string& text);

/// Ratings from 1 to 5 by 30 users of 20 items in CSV, with structure and without repeated pairs.
std::string small_ratings();

/// Writes small_ratings() to r.csv, and features of its users and items to users.csv and items.csv; the last of `users`
/// users may be more than have ratings.
void write_rated_features(const TemporaryFolder& folder, int users);

/// The fields of a rating file's lines.
std::vector<Words> fields_of(const std::string& text, char separator = ',');

}  // namespace odot::test
