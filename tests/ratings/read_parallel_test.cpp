// Large files, many pieces, any number of threads, and real data, against a reader that is as simple as can be.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <unordered_map>

#include "odot/core/parallel.hpp"
#include "ratings/text/collect.hpp"
#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

/// Lines "user::item::rating…", one after the other.
RatingList read_naively(const std::string& path) {
  RatingList out;
  std::unordered_map<std::string, Index> users;
  std::unordered_map<std::string, Index> items;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    std::vector<std::string> fields;
    for (std::size_t at = 0; at != std::string::npos;) {
      const std::size_t end = line.find("::", at);
      fields.push_back(line.substr(at, end - at));
      at = end == std::string::npos ? end : end + 2;
    }
    const auto number = [](std::unordered_map<std::string, Index>& known, IdTable& table, const std::string& id) {
      const auto [found, is_new] = known.emplace(id, static_cast<Index>(known.size()));
      if (is_new) table.add(id);
      return found->second;
    };
    out.ratings.user.push_back(number(users, out.users, fields.at(0)));
    out.ratings.item.push_back(number(items, out.items, fields.at(1)));
    double value = 0;
    std::istringstream(fields.at(2)) >> value;
    out.ratings.value.push_back(static_cast<Real>(value));
  }
  return out;
}

bool same_ids(const IdTable& a, const IdTable& b) {
  if (a.size() != b.size()) return false;
  for (Index k = 0; k < a.size(); ++k)
    if (a[k] != b[k]) return false;
  return true;
}

bool same(const RatingList& a, const RatingList& b) {
  return a.ratings.user == b.ratings.user && a.ratings.item == b.ratings.item && a.ratings.value == b.ratings.value &&
         same_ids(a.users, b.users) && same_ids(a.items, b.items);
}

/// Unique pairs with ids of many lengths, now and then a blank line; more than one megabyte for 100000 lines.
std::string random_file(std::size_t lines) {
  std::mt19937 random(3);
  std::ostringstream text;
  for (std::size_t k = 0; k < lines; ++k) {
    const std::size_t user = random() % 5000;
    text << (user % 3 ? "" : "a-rather-long-user-name-") << user * user << "::" << k << (k % 5 ? "" : " with blanks")
         << "::" << static_cast<double>(random() % 1000) / 100 << "::" << random() << '\n';
    if (random() % 100 == 0) text << '\n';
  }
  return text.str();
}

class ThreadsRestored {
 public:
  ~ThreadsRestored() { set_threads(before_); }

 private:
  int before_ = threads();
};

TEST_CASE("a large file in many pieces is what a simple reader reads, on any number of threads") {
  const ThreadsRestored restored;
  const TemporaryFiles files;
  const std::string path = files.write("ratings", random_file(300000));
  const RatingList expected = read_naively(path);
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    CHECK(same(read_ratings({path}).list, expected));
  }
}

TEST_CASE("pieces of any size, several rounds of them") {
  const TemporaryFiles files;
  const std::string path = files.write("ratings", random_file(1000));
  const RatingList expected = read_naively(path);
  const reading::Source source(path);
  const reading::Format format = reading::recognise(source.text(), source.name(), {});
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{50}, std::size_t{333}, std::size_t{5000}}) {
    CAPTURE(bytes);
    reading::Collector collector;
    CHECK(collector.add(source, format, bytes) == 1000);
    CHECK(same(collector.list(), expected));

    // Every rating's place is its line in the file.
    std::ifstream file(path);
    std::size_t position = 0;
    std::size_t number = 1;
    bool right = true;
    for (std::string line; std::getline(file, line); ++number)
      if (!line.empty()) right = right && collector.place(position++) == path + ":" + std::to_string(number);
    CHECK(right);
  }
}

TEST_CASE("the first bad line of a file is named, whichever thread finds one") {
  const ThreadsRestored restored;
  std::string text;
  for (int k = 1; k <= 400000; ++k) {
    text += std::to_string(k) + "::1::";
    text += k == 150001 ? "bad" : k == 150002 || k > 300000 ? "worse" : "3";
    text += "\n";
  }
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    CHECK(error_of(text).starts_with("FILE:150001: found \"bad\" as the rating"));
  }
}

TEST_CASE("repeated pairs among many ratings, on any number of threads") {
  const ThreadsRestored restored;
  std::mt19937 random(5);
  std::string text;
  std::unordered_map<std::string, std::vector<double>> values;
  std::vector<std::string> order;
  for (int k = 0; k < 200000; ++k) {
    const std::string pair = std::to_string(random() % 700) + "\t" + std::to_string(random() % 600);
    const auto value = static_cast<double>(random() % 10);
    text += pair + "\t" + std::to_string(static_cast<int>(value)) + "\n";
    if (values[pair].empty()) order.push_back(pair);
    values[pair].push_back(value);
  }
  for (const int count : {1, 3}) {
    set_threads(count);
    for (const Duplicates which : {Duplicates::first, Duplicates::last, Duplicates::mean}) {
      ReadSettings settings;
      settings.duplicates = which;
      const ReadResult result = read_text(text, settings);
      CHECK(result.merged == 200000 - order.size());
      const auto found = rows(result.list);
      REQUIRE(found.size() == order.size());
      std::size_t wrong = 0;
      for (std::size_t k = 0; k < order.size(); ++k) {
        const std::vector<double>& all = values[order[k]];
        double expected = which == Duplicates::first ? all.front() : all.back();
        if (which == Duplicates::mean) {
          expected = 0;
          for (const double value : all) expected += value / static_cast<double>(all.size());
        }
        const auto& [user, item, value] = found[k];
        wrong += user + "\t" + item != order[k] || std::abs(value - expected) > 1e-5;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("MovieLens 1M and 100K") {
  const std::string data = data_directory();
  if (data.empty()) {
    MESSAGE("skipped: no MovieLens data (set ODOT_DATA to a directory that has ml-1m/ratings.dat and ml-100k/u.data)");
    return;
  }
  const std::string path = data + "/ml-1m/ratings.dat";
  const ReadResult result = read_ratings({path});
  CHECK(result.list.ratings.size() == 1000209);
  CHECK(result.list.users.size() == 6040);
  CHECK(result.list.items.size() == 3706);
  CHECK(result.sources[0].separator == "::");
  CHECK_FALSE(result.sources[0].header);
  CHECK(same(result.list, read_naively(path)));

  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  CHECK(same(read_text(gzip(bytes)).list, result.list));
  CHECK(same(read_text(zstd(bytes)).list, result.list));

  const ReadResult small = read_ratings({data + "/ml-100k/u.data"});
  CHECK(small.list.ratings.size() == 100000);
  CHECK(small.list.users.size() == 943);
  CHECK(small.list.items.size() == 1682);
}

}  // namespace
}  // namespace odot
