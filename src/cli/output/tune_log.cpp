// The log of a search: writing its lines, and what is known from them when a search goes on.
#include "cli/output/tune_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/output/file_lock.hpp"
#include "cli/output/texts.hpp"
#include "core/digest.hpp"
#include "core/json.hpp"
#include "odot/core/error.hpp"
#include "ratings/text/fields.hpp"

namespace odot::cli {

namespace fs = std::filesystem;
namespace {

constexpr const char* kChecksum = "checksum";

// A line as it is written: its own checksum last.
std::string with_checksum(Json line) {
  Digest digest;
  digest.add(json_text(line));
  line[kChecksum] = digest.text();
  return json_text(line);
}

std::string first_line(const Json& search) { return with_checksum({{"search", search}}); }

}  // namespace

TuneLog::TuneLog(const std::string& path, const Json& search, bool resume)
    : path_(path), search_(Json::parse(json_text(search))) {
  const bool there = fs::exists(path);
  file_.reset(std::fopen(path.c_str(), "a"));
  if (!file_) throw Error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  if (!claim(::fileno(file_.get()))) {
    throw Error(
        fmt::format("{}: found another search at work that writes this log: wait for its end, or give another "
                    "--log",
                    path));
  }
  const bool written = there && fs::is_regular_file(path) && fs::file_size(path) > 0;
  if (written && !resume) {
    throw Error(
        fmt::format("{}: found a log, expected none: give --resume to go on with its search, or another --log", path));
  }
  if (written) read();
  if (!written || fs::file_size(path) == 0) append(first_line(search_));
}

void TuneLog::read() {
  std::ifstream file(path_);
  if (!file) throw Error(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  std::uintmax_t whole = 0;  // bytes of finished lines
  std::size_t number = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    ++number;
    const auto fail = [&](const std::string& problem) {
      throw Error(fmt::format("{}:{}: {}", path_, number, problem));
    };
    try {
      Json json = parse_json<Json>(line);
      const std::string checksum = json.at(kChecksum).get<std::string>();
      json.erase(kChecksum);
      if (number == 1 && json.at("search") != search_) {
        fail(
            fmt::format("found the log of another search, {}, expected {}: --resume needs the same ratings, space and "
                        "options",
                        json_text(json.at("search")), json_text(search_)));
      }
      if (with_checksum(json) != line) {
        fail(
            fmt::format("found a line that was altered after it was written, {}, expected one with its checksum {}: "
                        "restore it, or begin another log",
                        reading::printable(line), checksum));
      }
      if (number > 1) {
        const std::pair key{json.at("trial").get<std::size_t>(), json.at("rung").get<std::size_t>()};
        // All that is read of a line later is looked at now.
        (void)json.at("status").get<std::string>();
        (void)json.at("command").get<std::string>();
        if (json.at("status") == "done") (void)json.at("rmse").get<double>(), (void)json.at("mae").get<double>();
        if (!lines_.emplace(key, std::move(json)).second) {
          fail(fmt::format("found trial {}, rung {} again, expected it once: remove one of its lines", key.first,
                           key.second));
        }
      }
    } catch (const Json::exception&) {
      fail(fmt::format("found {}, expected a line that odot tune wrote", reading::printable(line)));
    }
    whole += line.size() + 1;
  }
  file.close();
  if (whole == 0) {
    // Nothing but the beginning of a first line is what a kill leaves.
    std::ifstream again(path_, std::ios::binary);
    const std::string found(std::istreambuf_iterator<char>(again), {});
    if (!first_line(search_).starts_with(found)) {
      throw Error(fmt::format("{}: found {}, expected the log of this search", path_, reading::printable(found)));
    }
  }
  fs::resize_file(path_, whole);
}

const Json* TuneLog::find(std::size_t trial, std::size_t rung) const {
  const auto found = lines_.find({trial, rung});
  return found == lines_.end() ? nullptr : &found->second;
}

void TuneLog::write(const Json& line) { append(with_checksum(line)); }

void TuneLog::append(const std::string& line) {
  const std::string text = line + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    throw Error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }
}

}  // namespace odot::cli
