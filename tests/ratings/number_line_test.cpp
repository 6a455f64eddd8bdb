// Lines of plain numbers, which have a path of their own, against the path of all other lines and against a simple
// reader; and how repeated pairs are found in lists of any order.
#include "ratings/text/number_line.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "odot/core/parallel.hpp"
#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace testing;

// Ids and ratings that a reader of numbers is apt to get wrong.
const std::vector<std::string> kIds = {"0",         "1",         "10",         "7",
                                       "007",       "07",        "00",         "+7",
                                       "-7",        "7.0",       "1e1",        "99999999",
                                       "100000000", "123456789", "4294967295", "4294967296",
                                       "12345678",  "012345678", "7a",         "1234567890123456789012345",
                                       "4194304",   "x",         "0000000000", "18446744073709551617"};
const std::vector<std::string> kRatings = {
    "1",    "0",          "5",        "4.",         ".5",        "3.5",        "1e1",
    "+4",   "-3.5",       "-0",       "0.1",        "00012",     "12.34567",   "0.12345678",
    "1e-3", "12345678.5", "99999999", "1234567890", "0.1000000", "1.00000001", "12345678.87654321",
    "0.3",  "2.675",      "-.25",     "33.33",      "007.50",    "16777217",   "123456.1234567891",
    "3.e2"};

// A few thousand pairs of them, with what may follow a rating and end a line.
std::vector<std::vector<std::string>> tricky_lines() {
  std::mt19937 random(17);
  std::vector<std::vector<std::string>> out;
  for (int k = 0; k < 4000; ++k) {
    const std::string user = k % 3 ? kIds[random() % kIds.size()] : std::to_string(random() % 200);
    const std::string item = std::to_string(k) + (k % 5 ? "" : kIds[random() % kIds.size()]);
    out.push_back({user, item, kRatings[random() % kRatings.size()]});
  }
  return out;
}

std::string join(const std::vector<std::vector<std::string>>& lines, const std::string& separator, bool shifted,
                 bool timed) {
  std::string text;
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const auto& line = lines[k];
    // A column before all others takes a line off the path of numbers.
    text += (shifted ? "x" + separator : "") + line[0] + separator + line[1] + separator + line[2];
    if (timed) text += separator + std::to_string(97830 + k % 4 * 1000000);
    if (k % 7 == 2) text += " ";
    if (k % 5 == 3) text += "\r";
    if (k + 1 < lines.size()) text += "\n";
    if (k % 11 == 4) text += "\n";
  }
  return text;
}

bool same(const RatingList& a, const RatingList& b) {
  if (a.users.size() != b.users.size() || a.items.size() != b.items.size()) return false;
  for (Index k = 0; k < a.users.size(); ++k)
    if (a.users[k] != b.users[k]) return false;
  for (Index k = 0; k < a.items.size(); ++k)
    if (a.items[k] != b.items[k]) return false;
  if (a.ratings.user != b.ratings.user || a.ratings.item != b.ratings.item) return false;
  for (std::size_t k = 0; k < a.ratings.size(); ++k)
    if (a.ratings.value[k] != b.ratings.value[k] ||
        std::signbit(a.ratings.value[k]) != std::signbit(b.ratings.value[k]))
      return false;
  return a.ratings.value.size() == b.ratings.value.size();
}

TEST_CASE("lines of numbers are read like all others, id by id and bit by bit") {
  const auto lines = tricky_lines();
  for (const auto& [separator, timed] : std::vector<std::pair<std::string, bool>>{{",", false},
                                                                                  {",", true},
                                                                                  {"\t", true},
                                                                                  {"::", true},
                                                                                  {" ", false},
                                                                                  {" ", true},
                                                                                  {";", true},
                                                                                  {"|", false}}) {
    CAPTURE(separator);
    CAPTURE(timed);
    ReadSettings settings;
    settings.separator = separator;
    settings.header = false;
    settings.columns = {"1", "2", "3"};
    const RatingList list = read_text(join(lines, separator, false, timed), settings).list;
    settings.columns = {"2", "3", "4"};
    CHECK(same(list, read_text(join(lines, separator, true, timed), settings).list));

    const std::vector<Row> found = rows(list);
    REQUIRE(found.size() == lines.size());
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      const auto value = static_cast<Real>(std::strtod(lines[k][2].c_str(), nullptr));
      wrong += found[k] != Row(lines[k][0], lines[k][1], static_cast<double>(value));
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("short ratings are the nearest numbers") {
  std::mt19937 random(23);
  std::size_t wrong = 0;
  std::size_t given_up = 0;
  for (int k = 0; k < 200000; ++k) {
    std::string text = k % 3 == 0 ? "-" : "";
    for (auto digits = 1 + random() % 8; digits-- > 0;) text += static_cast<char>('0' + random() % 10);
    if (k % 5 != 0) {
      text += '.';
      for (auto digits = 1 + random() % 8; digits-- > 0;) text += static_cast<char>('0' + random() % 10);
    }
    const std::string bytes = text + "\n" + std::string(reading::kNumberLineRoom, '1');
    Real value = 0;
    const char* const end = reading::read_short_rating(bytes.data(), value);
    if (!end) {
      ++given_up;
      continue;
    }
    wrong += end != bytes.data() + text.size() || value != static_cast<Real>(std::strtod(text.c_str(), nullptr));
  }
  CHECK(wrong == 0);
  CHECK(given_up < 10000);
}

TEST_CASE("quotes anywhere on a line of numbers count") {
  std::string text;
  for (int k = 0; k < 100; ++k) text += std::to_string(k) + ",1,2,plain\n";
  CHECK(error_of(text + "100,1,2,\"open\n" + text).starts_with("FILE:101: found a quote that is not closed"));
  const RatingList list = read_text(text + "\"5\",\"2\",3,\"a\"\"b\"\n").list;
  CHECK(list.users.size() == 100);
  CHECK(list.users[list.ratings.user.back()] == "5");
  CHECK(list.ratings.size() == 101);
}

TEST_CASE("row numbers of Matrix Market files are checked on the path of numbers too") {
  std::string entries;
  for (int k = 1; k <= 40; ++k) entries += std::to_string(k) + " 1 2.5\n";
  const auto error = [&](const std::string& line) {
    return error_of("%%MatrixMarket matrix coordinate real general\n50 9 81\n" + entries + line + "\n" + entries);
  };
  CHECK(error("51 2 3").starts_with("FILE:43: found \"51\" as the row number"));
  CHECK(error("0 2 3").starts_with("FILE:43: found \"0\" as the row number"));
  CHECK(error("5 10 3").starts_with("FILE:43: found \"10\" as the column number"));
  CHECK(error("5 0 3").starts_with("FILE:43: found \"0\" as the column number"));
}

TEST_CASE("separators that numbers may hold") {
  const auto read = [](const std::string& line, const std::string& separator) {
    std::string text;
    for (int k = 0; k < 10; ++k) text += line + "\n";
    ReadSettings settings;
    settings.separator = separator;
    settings.header = false;
    settings.columns = {"1", "2", "3"};
    settings.duplicates = Duplicates::first;
    return rows(read_text(text, settings).list);
  };
  CHECK(read("1.2.3.5", ".") == std::vector<Row>{{"1", "2", 3}});
  CHECK(read("1-2-3-5", "-") == std::vector<Row>{{"1", "2", 3}});
  CHECK(read("17273", "7") == std::vector<Row>{{"1", "2", 3}});
  CHECK(read("1.52.53.5", ".5") == std::vector<Row>{{"1", "2", 3}});
  CHECK(read("1e2e3e5", "e") == std::vector<Row>{{"1", "2", 3}});
}

TEST_CASE("repeated pairs are found in lists of any order, with both places") {
  constexpr int kUsers = 300;
  constexpr int kItems = 200;
  std::vector<std::pair<int, int>> by_user;
  std::vector<std::pair<int, int>> by_item;
  for (int u = 0; u < kUsers; ++u)
    for (int i = 0; i < kItems; ++i) by_user.emplace_back(u, (i * 37 + u) % kItems);
  for (int i = 0; i < kItems; ++i)
    for (int u = 0; u < kUsers; ++u) by_item.emplace_back((u * 7 + i) % kUsers, i);
  std::vector<std::pair<int, int>> shuffled = by_user;
  std::mt19937 random(3);
  for (std::size_t k = shuffled.size(); k-- > 1;) std::swap(shuffled[k], shuffled[random() % (k + 1)]);
  const int before = threads();
  for (const auto* pairs : {&by_user, &by_item, &shuffled}) {
    std::vector<std::string> lines;
    for (const auto& [user, item] : *pairs) lines.push_back(std::to_string(user) + " " + std::to_string(item) + " 3\n");
    // Within a row, and far away; the later one is the same pair again, in place of its own.
    for (const auto& [first, second] : {std::pair<std::size_t, std::size_t>{100, 103}, {8190, 8193}, {50, 59999}}) {
      std::string clean;
      std::string text;
      for (std::size_t k = 0; k < lines.size(); ++k) {
        clean += lines[k];
        text += lines[k == second ? first : k];
      }
      const std::string expected = "FILE:" + std::to_string(second + 1) + ": found a second rating of item \"" +
                                   std::to_string((*pairs)[first].second) + "\" by user \"" +
                                   std::to_string((*pairs)[first].first) +
                                   "\", expected one: the first is at FILE:" + std::to_string(first + 1) + " ";
      for (const int count : {1, 3}) {
        set_threads(count);
        CHECK(error_of(clean) == "");
        CHECK(error_of(text).starts_with(expected));
        const ReadResult merged = read_text(text, ReadSettings{.duplicates = Duplicates::last});
        CHECK(merged.merged == 1);
        CHECK(merged.list.ratings.size() == lines.size() - 1);
      }
    }
  }
  set_threads(before);
}

}  // namespace
}  // namespace odot
