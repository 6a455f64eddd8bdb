// What is written is read back as it was.
#include "odot/ratings/write.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/ratings/read.hpp"
#include "support/temporary_folder.hpp"

namespace odot {
namespace {

using test::TemporaryFolder;

constexpr std::string_view kSeparators[] = {",", "\t", ";", "::", " ", "|"};

std::string field(std::string_view id, std::string_view separator) {
  std::string line;
  append_field(line, id, separator);
  return line;
}

std::vector<std::string> ids_of(const IdTable& table) {
  std::vector<std::string> ids;
  for (Index k = 0; k < table.size(); ++k) ids.emplace_back(table[k]);
  return ids;
}

TEST_CASE("plain ids are written as they are, others in quotes") {
  CHECK(field("1193", "::") == "1193");
  CHECK(field("New York", ",") == "New York");
  CHECK(field("New York", " ") == "\"New York\"");
  CHECK(field("a,b", ",") == "\"a,b\"");
  CHECK(field("say \"hi\"", ",") == "\"say \"\"hi\"\"\"");
  CHECK(field(" x", ",") == "\" x\"");
  CHECK(field("x:", "::") == "\"x:\"");
  CHECK(field("naïve", ";") == "naïve");
  CHECK(field("two\nlines", ",") == "\"two\nlines\"");
  CHECK(field("carriage\rreturn", "\t") == "\"carriage\rreturn\"");
  CHECK(field("\x28\xb5\x2f\xfd", ",") == "\"\x28\xb5\x2f\xfd\"");  // as zstd data begin
}

TEST_CASE("an id that no line can hold is an error") {
  std::string line;
  CHECK_THROWS_AS(append_field(line, "", ","), Error);
  CHECK_THROWS_AS(append_field(line, std::string_view("\0", 1), ","), Error);
}

TEST_CASE("numbers are short and read back as the same bits") {
  const auto number = [](Real value) {
    std::string line;
    append_number(line, value);
    return line;
  };
  CHECK(number(Real(3.5)) == "3.5");
  CHECK(number(Real(0.1)) == "0.1");
  CHECK(number(5) == "5");
  CHECK(number(Real(-0.25)) == "-0.25");
  std::mt19937 generator(3);
  for (int repeat = 0; repeat < 10'000; ++repeat) {
    const Real value = std::ldexp(static_cast<Real>(generator()) / 7, static_cast<int>(generator() % 120) - 60);
    REQUIRE(static_cast<Real>(std::stod(number(value))) == value);
  }
  CHECK(static_cast<Real>(std::stod(number(std::numeric_limits<Real>::max()))) == std::numeric_limits<Real>::max());
}

TEST_CASE("any ids come back through a file with any separator") {
  const std::vector<std::string> odd = {"plain", " ",    " lead",    "trail ", "a b",   "a,b",           "a;b",
                                        "a|b",   "a::b", ":",        "x:",     "::",    "a\tb",          "\t",
                                        "\"",    "\"\"", "a\"b",     "\"a\"",  "%%x",   "#no",           "-",
                                        "1.5",   "nan",  "käse",     "日本",   "'x'",   "\xEF\xBB\xBFx", "\\",
                                        "a\\tb", "user", "\xFF\xFE", "1,5",    "1 2 3", "two\nlines",    "a\r\nb\r"};
  RatingList list;
  std::mt19937 generator(1);
  for (const std::string& user : odd) {
    for (const std::string& item : odd) {
      list.ratings.user.push_back(list.users.add(user));
      list.ratings.item.push_back(list.items.add(item));
      list.ratings.value.push_back(static_cast<Real>(generator() % 1000) / 7);
    }
  }
  std::vector<std::size_t> all(list.ratings.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const TemporaryFolder folder;
  for (std::string_view separator : kSeparators) {
    CAPTURE(separator);
    const std::string path = folder / "ratings";
    {
      OutputFile file(path);
      write_ratings(file, list, all, separator);
      file.commit();
    }
    for (bool told : {false, true}) {
      CAPTURE(told);
      ReadSettings settings;
      if (told) settings.separator = std::string(separator);
      const RatingList back = read_ratings({path}, settings).list;
      CHECK(ids_of(back.users) == ids_of(list.users));
      CHECK(ids_of(back.items) == ids_of(list.items));
      CHECK(back.ratings.user == list.ratings.user);
      CHECK(back.ratings.item == list.ratings.item);
      CHECK(back.ratings.value == list.ratings.value);
    }
  }
}

TEST_CASE("each id is safe on the first line of a file") {
  const TemporaryFolder folder;
  for (const char* id : {"%%MatrixMarket matrix coordinate real general", "# comment", "\xEF\xBB\xBF", "\""}) {
    RatingList list;
    list.ratings = {{list.users.add(id)}, {list.items.add("item")}, {Real(2)}};
    const std::size_t first = 0;
    OutputFile file(folder / "one");
    write_ratings(file, list, {&first, 1}, ",");
    file.commit();
    const RatingList back = read_ratings({folder / "one"}).list;
    CHECK(ids_of(back.users) == ids_of(list.users));
    CHECK(back.ratings.value == list.ratings.value);
  }
}

TEST_CASE("only the chosen positions are written, in their order") {
  RatingList list;
  for (const char* id : {"a", "b", "c"}) {
    list.ratings.user.push_back(list.users.add(id));
    list.ratings.item.push_back(list.items.add(std::string(id) + "1"));
    list.ratings.value.push_back(static_cast<Real>(list.ratings.size()));
  }
  const TemporaryFolder folder;
  const std::vector<std::size_t> positions = {2, 0};
  OutputFile file(folder / "out");
  write_ratings(file, list, positions, "::");
  file.commit();
  CHECK(test::read_bytes(folder / "out") == "c::c1::3\na::a1::1\n");
}

}  // namespace
}  // namespace odot
