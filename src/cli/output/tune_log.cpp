// The log of a search: writing its lines, and what is known from them when a search goes on.
#include "cli/output/tune_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "odot/core/error.hpp"

namespace odot::cli {

namespace fs = std::filesystem;
namespace {

Json first_line(const Json& search) { return {{"search", search}}; }

}  // namespace

TuneLog::TuneLog(const std::string& path, const Json& search, bool resume) : path_(path) {
  const bool written = fs::is_regular_file(path) && fs::file_size(path) > 0;
  if (written && !resume) {
    throw Error(
        fmt::format("{}: found a log, expected none: give --resume to go on with its search, or another --log", path));
  }
  if (written) read(search);
  file_.reset(std::fopen(path.c_str(), "a"));
  if (!file_) throw Error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  if (!written || fs::file_size(path) == 0) write(first_line(search));
}

void TuneLog::read(const Json& search) {
  std::ifstream file(path_);
  if (!file) throw Error(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  std::uintmax_t whole = 0;  // bytes of finished lines
  std::size_t number = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    ++number;
    try {
      Json json = Json::parse(line);
      if (number == 1 && json.at("search") != search) {
        throw Error(
            fmt::format("{}:1: found the log of another search, {}, expected {}: --resume needs the same ratings, "
                        "space and options",
                        path_, json.at("search").dump(), search.dump()));
      }
      if (number > 1) {
        const std::pair key{json.at("trial").get<std::size_t>(), json.at("rung").get<std::size_t>()};
        // All that is read of a line later is looked at now.
        (void)json.at("status").get<std::string>();
        (void)json.at("command").get<std::string>();
        if (json.at("status") == "done") (void)json.at("rmse").get<double>(), (void)json.at("mae").get<double>();
        lines_[key] = std::move(json);
      }
    } catch (const Json::exception&) {
      throw Error(
          fmt::format("{}:{}: found '{}', expected a line that odot tune wrote", path_, number, line.substr(0, 60)));
    }
    whole += line.size() + 1;
  }
  file.close();
  if (whole == 0) {
    // Nothing but the beginning of a first line is what a kill leaves.
    std::ifstream again(path_, std::ios::binary);
    const std::string found(std::istreambuf_iterator<char>(again), {});
    if (!first_line(search).dump().starts_with(found)) {
      throw Error(fmt::format("{}: found '{}', expected the log of this search", path_, found.substr(0, 60)));
    }
  }
  fs::resize_file(path_, whole);
}

const Json* TuneLog::find(std::size_t trial, std::size_t rung) const {
  const auto found = lines_.find({trial, rung});
  return found == lines_.end() ? nullptr : &found->second;
}

void TuneLog::write(const Json& line) {
  const std::string text = line.dump() + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }
}

}  // namespace odot::cli
