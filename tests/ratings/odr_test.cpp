// .odr files hold the ratings of the text they were made from, however little memory there was.
#include "odot/ratings/odr.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <sstream>

#include "odr_files.hpp"
#include "support/rating_files.hpp"

namespace odot {
namespace {

using namespace test;

void check_same_ids(const IdTable& some, const IdTable& others) {
  REQUIRE(some.size() == others.size());
  std::size_t wrong = 0;
  for (Index index = 0; index < some.size(); ++index) wrong += some[index] != others[index];
  CHECK(wrong == 0);
}

void check_same_side(const RatingSide& some, const RatingSide& others) {
  CHECK(std::ranges::equal(some.offsets, others.offsets));
  CHECK(std::ranges::equal(some.indices, others.indices));
  REQUIRE(some.size() == others.size());
  std::size_t wrong = 0;
  for (Offset k = 0; k < some.size(); ++k) wrong += some.values[k] != others.values[k];
  CHECK(wrong == 0);
}

void check_same(const RatingData& some, const RatingData& others) {
  check_same_ids(some.users, others.users);
  check_same_ids(some.items, others.items);
  check_same_side(some.ratings.by_user(), others.ratings.by_user());
  check_same_side(some.ratings.by_item(), others.ratings.by_item());
  CHECK(some.ratings.table() == others.ratings.table());
  CHECK((some.ratings.stored_by_user().codes != nullptr) == (others.ratings.stored_by_user().codes != nullptr));
  // To the last bit, since models are made with them.
  CHECK(some.ratings.summary().mean == others.ratings.summary().mean);
  CHECK(some.ratings.summary().deviation == others.ratings.summary().deviation);
  CHECK(some.ratings.summary().lowest == others.ratings.summary().lowest);
  CHECK(some.ratings.summary().highest == others.ratings.summary().highest);
}

TEST_CASE("an .odr file is the matrix of its text") {
  const TemporaryFolder folder;
  const auto check = [&](const std::string& text, bool codes) {
    const std::string bytes = converted(folder, text);
    const RatingData expected = read_ratings({folder / "text"}).list;
    CHECK(is_odr(folder / "odr"));
    CHECK_FALSE(is_odr(folder / "text"));
    const RatingData data = open_odr(folder / "odr", kPlenty);
    check_same(data, expected);
    CHECK(data.ratings.table().empty() != codes);
    CHECK(data.ratings.summary().mean == doctest::Approx(summarize(read_odr(folder / "odr").ratings.value).mean));
    RatingData shifted = open_odr(folder / "odr", kPlenty);
    shifted.ratings.subtract(1.5);
    CHECK(shifted.ratings.by_item().values[0] == data.ratings.by_item().values[0] - Real(1.5));
  };
  check("a,b,1\n", true);
  check("a,b,-0\nb,b,0\n", true);
  check(rating_lines(300, 200, 20'000), true);
  check(rating_lines(300, 200, 20'000, 256), true);
  check(rating_lines(300, 200, 20'000, 257), false);
  check(rating_lines(2000, 20, 9000, 5000), false);
}

TEST_CASE("a list read from .odr is sorted and has the same ratings") {
  const TemporaryFolder folder;
  converted(folder, rating_lines(100, 80, 2000, 400));
  const RatingList list = read_odr(folder / "odr");
  auto expected = testing::rows(read_ratings({folder / "text"}).list);
  auto rows = testing::rows(list);
  for (std::size_t k = 1; k < list.ratings.size(); ++k) {
    REQUIRE(std::pair(list.ratings.user[k - 1], list.ratings.item[k - 1]) <
            std::pair(list.ratings.user[k], list.ratings.item[k]));
  }
  std::ranges::sort(expected);
  std::ranges::sort(rows);
  CHECK(rows == expected);
}

TEST_CASE("reading takes a single .odr file like any other") {
  const TemporaryFolder folder;
  const std::string odr = folder / "odr";
  const std::string text = folder / "text";
  converted(folder, rating_lines(100, 80, 2000));
  const ReadResult result = read_ratings({odr});
  const RatingList list = read_odr(odr);
  check_same_ids(result.list.users, list.users);
  check_same_ids(result.list.items, list.items);
  CHECK(testing::rows(result.list) == testing::rows(list));
  CHECK(result.merged == 0);
  REQUIRE(result.sources.size() == 1);
  CHECK(result.sources[0].path == odr);
  CHECK(result.sources[0].kind == "odr");
  CHECK(result.sources[0].ratings == 2000);
  const RatingList pairs = read_ratings({odr}, {.pairs_only = true}).list;
  CHECK(pairs.ratings.user == list.ratings.user);
  CHECK(pairs.ratings.item == list.ratings.item);
  CHECK(pairs.ratings.value.empty());

  CHECK(is_one_odr({odr}));
  CHECK_FALSE(is_one_odr({text}));
  CHECK_FALSE(is_one_odr({text, text}));
  CHECK_FALSE(is_one_odr({}));
  for (const auto& paths : {std::vector{text, odr}, {odr, text}, {odr, odr}}) {
    CHECK_THROWS_WITH_AS(is_one_odr(paths), doctest::Contains((odr + ": found an .odr file among several").c_str()),
                         Error);
    CHECK_THROWS_WITH_AS(read_ratings(paths), doctest::Contains("among several"), Error);
  }
  OutputFile file(folder / "again");
  CHECK_THROWS_WITH_AS(convert_to_odr({odr}, {}, kPlenty, file), doctest::Contains("found an .odr file, expected"),
                       Error);
}

TEST_CASE("the same bytes with any memory and on any number of threads") {
  const int before = threads();
  const TemporaryFolder folder;
  for (const unsigned values : {10u, 3000u}) {
    const std::string text = rating_lines(300, 150, 15'000, values);
    const std::string expected = converted(folder, text);
    for (const int count : {1, 2, 3}) {
      set_threads(count);
      for (const std::size_t memory : {std::size_t{1}, std::size_t{1000}, std::size_t{100'000}, kPlenty}) {
        CAPTURE(count);
        CAPTURE(memory);
        CHECK((converted(folder, text, memory) == expected));
      }
    }
  }
  set_threads(before);
}

TEST_CASE("repeated pairs are treated as in reading, with any memory") {
  const TemporaryFolder folder;
  std::string text = rating_lines(40, 30, 800);
  text += "\n\n" + rating_lines(40, 30, 300, 7, 6) + rating_lines(40, 30, 300, 9, 7);
  write_bytes(folder / "text", text);
  for (const Duplicates which : {Duplicates::first, Duplicates::last, Duplicates::mean}) {
    ReadSettings settings;
    settings.duplicates = which;
    const ReadResult read = read_ratings({folder / "text"}, settings);
    REQUIRE(read.merged > 100);
    const RatingData expected = read.list;
    for (const std::size_t memory : {std::size_t{1}, std::size_t{10'000}, kPlenty}) {
      converted(folder, text, memory, settings);
      check_same(open_odr(folder / "odr", kPlenty), expected);
    }
    OutputFile file(folder / "odr");
    CHECK(convert_to_odr({folder / "text"}, settings, 1, file).merged == read.merged);
  }
  const auto message = [&](auto body) { return testing::message_of(folder / "text", body); };
  const std::string expected = message([&] { read_ratings({folder / "text"}); });
  REQUIRE(expected.find("a second rating") != std::string::npos);
  std::filesystem::remove(folder / "odr");
  for (const std::size_t memory : {std::size_t{1}, std::size_t{10'000}, kPlenty}) {
    CHECK(message([&] { converted(folder, text, memory); }) == expected);
    CHECK(files_of(folder) == std::vector<std::string>{"text"});
  }
}

TEST_CASE("what cannot be read is an error, as in reading, and leaves nothing") {
  const TemporaryFolder folder;
  const auto message = [&](auto body) { return testing::message_of(folder / "text", body); };
  for (const std::string text : {"", "a,b,1\na,c\n", "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 5\n"}) {
    write_bytes(folder / "text", text);
    const std::string expected = message([&] { read_ratings({folder / "text"}); });
    REQUIRE(expected != "");
    CHECK(message([&] { converted(folder, text); }) == expected);
    CHECK(files_of(folder) == std::vector<std::string>{"text"});
  }
}

TEST_CASE("a writer gives the same bytes however ratings are cut, also where they turn out not to be few") {
  const TemporaryFolder folder;
  // The first users' values are few; those of users 60 and above are not.
  const RatingList list = testing::read_text(rating_lines(100, 80, 3000)).list;
  const RatingData data = list;
  const RatingSide side = data.ratings.by_user();
  std::vector<Real> values(side.size());
  side.values.read(0, side.size(), values.data());
  for (const bool many : {false, true}) {
    if (many) {
      for (Offset k = side.offsets[60]; k < side.size(); ++k) values[k] = static_cast<Real>(k) / Real(4);
    }
    std::string expected;
    for (const Index step : {100u, 1u, 7u, 59u}) {
      OutputFile file(folder / "odr");
      OdrWriter writer(file, data.users, data.items);
      for (Index user = 0; user < 100; user += step) {
        const Index end = std::min<Index>(user + step, 100);
        std::vector<Index> counts;
        for (Index u = user; u < end; ++u) counts.push_back(static_cast<Index>(side.count(u)));
        const Offset begin = side.offsets[user];
        const Offset count = side.offsets[end] - begin;
        writer.add(counts, side.indices.subspan(begin, count), std::span(values).subspan(begin, count));
      }
      writer.finish(kPlenty);
      file.commit();
      const std::string bytes = read_bytes(folder / "odr");
      if (expected.empty()) expected = bytes;
      CHECK((bytes == expected));
    }
    const RatingMatrix matrix = open_odr(folder / "odr", kPlenty).ratings;
    CHECK(matrix.table().empty() == many);
    std::size_t wrong = 0;
    for (Offset k = 0; k < side.size(); ++k) wrong += matrix.by_user().values[k] != values[k];
    CHECK(wrong == 0);
  }
}

TEST_CASE("users and items may be without ratings, and a file without any") {
  const TemporaryFolder folder;
  IdTable users, items;
  for (const char* id : {"a", "b", "c"}) users.add(id);
  items.add("x");
  {
    OutputFile file(folder / "some");
    OdrWriter writer(file, users, items);
    writer.add(std::vector<Index>{0, 1}, std::vector<Index>{0}, std::vector<Real>{4});
    writer.finish(kPlenty);
    file.commit();
    const RatingData data = open_odr(folder / "some", kPlenty);
    CHECK(data.ratings.size() == 1);
    CHECK(data.ratings.by_user().count(1) == 1);
    CHECK(data.ratings.by_item().indices[0] == 1);
    CHECK(data.users.find("c") == 2);
  }
  OutputFile file(folder / "none");
  OdrWriter writer(file, users, items);
  CHECK(writer.finish(kPlenty).mean == 0);
  file.commit();
  CHECK(open_odr(folder / "none", 0).ratings.size() == 0);
  CHECK(fault_of(folder / "none") == "");
}

TEST_CASE("what does not fit a writer is an error") {
  const TemporaryFolder folder;
  IdTable users, items;
  users.add("a");
  for (const char* id : {"b", "c"}) items.add(id);
  OutputFile file(folder / "odr");
  const auto add = [&](std::vector<Index> counts, std::vector<Index> indices, std::vector<Real> values) {
    OdrWriter(file, users, items).add(counts, indices, values);
  };
  add({2}, {0, 1}, {1, 2});
  CHECK_THROWS_AS(add({2}, {1, 0}, {1, 2}), Error);
  CHECK_THROWS_AS(add({2}, {1, 1}, {1, 2}), Error);
  CHECK_THROWS_AS(add({1}, {2}, {1}), Error);
  CHECK_THROWS_AS(add({1, 1}, {0, 0}, {1, 2}), Error);
  CHECK_THROWS_AS(add({1}, {0, 1}, {1, 2}), Error);
  CHECK_THROWS_AS(add({2}, {0, 1}, {1}), Error);
  OutputFile device("/dev/null");
  CHECK_THROWS_AS(OdrWriter(device, users, items), Error);
}

// How much of a file this process has in memory.
std::size_t resident_bytes(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t sum = 0;
  bool of_file = false;
  for (std::string line; std::getline(maps, line);) {
    if (line[0] < 'A' || line[0] > 'Z') of_file = line.ends_with(path);  // the first line of a mapping
    if (of_file && line.rfind("Rss:", 0) == 0) sum += std::stoul(line.substr(4)) * 1024;
  }
  return sum;
}

TEST_CASE("no more of a file stays in memory than is allowed, and passes read the same") {
  const TemporaryFolder folder;
  const std::string path = folder / "odr";
  constexpr Index kUsers = 3000;
  constexpr Index kItems = 500;
  {
    IdTable users, items;
    for (Index k = 0; k < kUsers; ++k) users.add(std::to_string(k));
    for (Index k = 0; k < kItems; ++k) items.add(std::to_string(k));
    OutputFile file(path);
    OdrWriter writer(file, users, items);
    std::vector<Index> all(kItems);
    for (Index k = 0; k < kItems; ++k) all[k] = k;
    for (Index user = 0; user < kUsers; ++user) {
      std::vector<Real> values(kItems, static_cast<Real>(user % 7));
      writer.add(std::vector<Index>{kItems}, all, values);
    }
    writer.finish(1 << 20);
    file.commit();
  }
  const int before = threads();
  const std::size_t size = std::filesystem::file_size(path);
  for (const int count : {1, 3}) {
    set_threads(count);
    for (const std::size_t memory : {std::size_t{0}, size / 2, kPlenty}) {
      CAPTURE(memory);
      const RatingData data = open_odr(path, memory);
      CHECK(resident_bytes(path) < size / 4);
      for (int pass = 0; pass < 3; ++pass) {
        for (const RatingSide& side : {data.ratings.by_user(), data.ratings.by_item()}) {
          std::vector<std::size_t> wrong(side.rows(), 0);
          parallel_for(side.rows(), [&](std::size_t row) {
            const Offset begin = side.offsets[row];
            side.read(begin, side.offsets[row + 1], [&] {
              for (Offset k = begin; k < side.offsets[row + 1]; ++k) {
                const std::size_t user = side.columns == kItems ? row : side.indices[k];
                wrong[row] += side.indices[k] != k - begin || side.values[k] != static_cast<Real>(user % 7);
              }
            });
          });
          CHECK(std::ranges::count(wrong, std::size_t{0}) == side.rows());
        }
      }
      const std::size_t resident = resident_bytes(path);
      if (memory == 0) CHECK(resident < size / 4);
      if (memory == size / 2) CHECK(resident < size * 3 / 4);
      if (memory == kPlenty) CHECK(resident > size * 3 / 4);
    }
  }
  set_threads(before);
}

}  // namespace
}  // namespace odot
