// Ratings and .odr files for tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/ratings/odr.hpp"
#include "odot/ratings/write.hpp"
#include "support/temporary_folder.hpp"

namespace odot::test {

inline constexpr std::size_t kPlenty = std::size_t{1} << 40;

/// Lines "user,item,value" in random order; no pair twice. Values are halves, or where `values` is more than 256 as
/// many others.
inline std::string rating_lines(Index users, Index items, std::size_t count, unsigned values = 10, unsigned seed = 5) {
  std::mt19937 generator(seed);
  std::set<std::pair<Index, Index>> pairs;
  std::string text;
  while (pairs.size() < count) {
    const auto user = static_cast<Index>(generator() % users);
    const auto item = static_cast<Index>(generator() % (generator() % items + 1));
    if (!pairs.emplace(user, item).second) continue;
    text += "u" + std::to_string(user) + "," + std::to_string(item) + ",";
    append_number(text, static_cast<Real>(generator() % values) / Real(2));
    text += "\n";
  }
  return text;
}

/// The bytes of the .odr file that a text becomes.
inline std::string converted(const TemporaryFolder& folder, const std::string& text, std::size_t memory = kPlenty,
                             const ReadSettings& settings = {}) {
  write_bytes(folder / "text", text);
  OutputFile file(folder / "odr");
  convert_to_odr({folder / "text"}, settings, memory, file);
  file.commit();
  return read_bytes(folder / "odr");
}

/// Names of the files in a folder, sorted.
inline std::vector<std::string> files_of(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// Reads everything that can be read. Throws Error.
inline void read_all(const RatingData& data) {
  std::size_t bytes = 0;
  for (Index user = 0; user < data.users.size(); ++user) bytes += data.users[user].size();
  for (Index item = 0; item < data.items.size(); ++item) bytes += data.items[item].size();
  double sum = static_cast<double>(bytes);
  for (const RatingSide& side : {data.ratings.by_user(), data.ratings.by_item()}) {
    std::vector<Real> values(side.size());
    side.read(0, side.size(), [&] { side.values.read(0, side.size(), values.data()); });
    for (const Real value : values) sum += static_cast<double>(value);
    side.read(0, side.size(), [&] {
      for (const Index index : side.indices) sum += index;
    });
  }
  REQUIRE(sum == sum);
}

/// The message of the Error that opening and reading a file throws; empty when there is none.
inline std::string fault_of(const std::string& path) {
  try {
    read_all(open_odr(path, kPlenty));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace odot::test
