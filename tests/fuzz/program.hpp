// The program's subcommands on files in memory. Whatever one throws but an odot::Error is a finding.
#pragma once

#include <string>
#include <vector>

#include "bytes.hpp"
#include "cli/command.hpp"
#include "memory_file.hpp"
#include "odot/core/error.hpp"
#include "support/temporary_folder.hpp"

namespace odot::fuzz {

using Words = std::vector<std::string>;

/// Runs the subcommand that the first word names; the others are its arguments.
inline void run(Words words, const Words& more = {}) {
  words.insert(words.end(), {"--quiet", "--threads", "1"});
  words.insert(words.end(), more.begin(), more.end());
  try {
    cli::find_command(words[0]).run({words.begin() + 1, words.end()});
  } catch (const Error&) {
  }
}

/// Some ratings, in a file.
inline const std::string& ratings_path() {
  static const MemoryFile file;
  static const bool written = [] {
    std::string text;
    for (int user = 1; user <= 6; ++user) {
      for (int item = 1; item <= 5; ++item) {
        if ((user + item) % 4 == 0) continue;
        text += std::to_string(user) + "," + std::to_string(item) + "," + std::to_string(1 + user * item % 5) + "\n";
      }
    }
    file.write(text);
    return true;
  }();
  (void)written;
  return file.path();
}

/// What a command writes to the file that follows its words, as bytes.
inline std::string written_by(const Words& words) {
  const test::TemporaryFolder folder;
  Words all = words;
  all.push_back(folder / "file");
  run(all);
  const std::string bytes = test::read_bytes(folder / "file");
  expect(!bytes.empty(), "a command that the others start from wrote nothing");
  return bytes;
}

/// A model of these ratings, in a file.
inline const std::string& model_path() {
  static const MemoryFile file;
  static const bool written = [] {
    file.write(written_by({"train", ratings_path(), "--rank", "2", "--iterations", "2", "-o"}));
    return true;
  }();
  (void)written;
  return file.path();
}

}  // namespace odot::fuzz
