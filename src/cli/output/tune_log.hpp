// The log of a search: a line on what is searched, then one for every training.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cli/command.hpp"

namespace odot::cli {

class TuneLog {
 public:
  /// `search` is whatever decides the search. With `resume` a log that is there is read: its search must be this one,
  /// its lines as they were written, each training once; a last line that was not finished is cut off. Without it a log
  /// with anything in it is an error, and so is a log that another process writes.
  TuneLog(const std::string& path, const Json& search, bool resume);

  /// What the log has of this training, or nullptr.
  const Json* find(std::size_t trial, std::size_t rung) const;
  /// Appends a line with its checksum, at once. Throws Error (disk full, …).
  void write(const Json& line);

 private:
  void read();
  void append(const std::string& line);

  std::string path_;
  Json search_;  // as it is read back
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::map<std::pair<std::size_t, std::size_t>, Json> lines_;
};

}  // namespace odot::cli
