// Temporary rating files and compression for the tests of reading.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/ratings/read.hpp"

namespace odot::testing {

/// A directory of its own, removed at the end.
class TemporaryFiles {
 public:
  TemporaryFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "odot-reading-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
    directory_ = name;
    std::filesystem::permissions(directory_, std::filesystem::perms(0755));
  }
  ~TemporaryFiles() { std::filesystem::remove_all(directory_); }
  TemporaryFiles(const TemporaryFiles&) = delete;
  TemporaryFiles& operator=(const TemporaryFiles&) = delete;

  std::string path(std::string_view name) const { return (directory_ / name).string(); }
  std::string write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

 private:
  std::filesystem::path directory_;
};

template <class Filter>
std::string compress(std::string_view bytes) {
  std::string out;
  boost::iostreams::filtering_ostream stream;
  stream.push(Filter());
  stream.push(boost::iostreams::back_inserter(out));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  boost::iostreams::close(stream);
  return out;
}
inline std::string gzip(std::string_view bytes) { return compress<boost::iostreams::gzip_compressor>(bytes); }
inline std::string zstd(std::string_view bytes) { return compress<boost::iostreams::zstd_compressor>(bytes); }

using Row = std::tuple<std::string, std::string, double>;

/// Checks that a message has all these parts.
inline void check_words(const std::string& message, const std::vector<std::string>& words) {
  CAPTURE(message);
  REQUIRE(!message.empty());
  for (const std::string& word : words) {
    CAPTURE(word);
    CHECK(message.find(word) != std::string::npos);
  }
}

/// The ratings with their ids; the value is 0 for pairs.
inline std::vector<Row> rows(const RatingList& list) {
  std::vector<Row> out;
  for (std::size_t k = 0; k < list.ratings.size(); ++k)
    out.emplace_back(list.users[list.ratings.user[k]], list.items[list.ratings.item[k]],
                     list.ratings.value.empty() ? 0 : static_cast<double>(list.ratings.value[k]));
  return out;
}

/// Reads `text` from a file.
inline ReadResult read_text(std::string_view text, const ReadSettings& settings = {}) {
  const TemporaryFiles files;
  return read_ratings({files.write("ratings", text)}, settings);
}

/// The message of the Error that body() throws, the path in it shortened to FILE; empty when there is none.
template <class Body>
std::string message_of(const std::string& path, Body body) {
  try {
    body();
  } catch (const Error& error) {
    std::string message = error.what();
    for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path))
      message.replace(at, path.size(), "FILE");
    return message;
  }
  return "";
}

/// The message of the Error that reading `text` throws, its path shortened to FILE; empty when there is none.
inline std::string error_of(std::string_view text, const ReadSettings& settings = {}) {
  const TemporaryFiles files;
  const std::string path = files.write("ratings", text);
  return message_of(path, [&] { read_ratings({path}, settings); });
}

/// Where the MovieLens files are, or "".
inline std::string data_directory() {
  const char* named = std::getenv("ODOT_DATA");
  const std::string found = named ? named : ODOT_SOURCE_DIR "/../shared/data";
  return std::filesystem::exists(found) ? found : "";
}

}  // namespace odot::testing
