// Files that are not what was written are refused, whatever is wrong with them, before any of it is believed.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <limits>

#include "odr_files.hpp"
#include "ratings/odr/format.hpp"

namespace odot {
namespace {

using namespace test;
using namespace odr;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Every byte of a small file changed, one after the other.
void check_every_byte(const TemporaryFolder& folder, const std::string& text) {
  const std::string path = folder / "odr";
  const std::string bytes = converted(folder, text);
  REQUIRE(fault_of(path) == "");
  const int file = ::open(path.c_str(), O_RDWR);
  const auto put = [&](std::size_t at, char byte) { REQUIRE(::pwrite(file, &byte, 1, static_cast<off_t>(at)) == 1); };
  std::size_t unnoticed = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    put(at, static_cast<char>(bytes[at] ^ (1 << at % 8)));
    unnoticed += fault_of(path).empty();
    put(at, bytes[at]);
  }
  ::close(file);
  CHECK(unnoticed == 0);
  CHECK(fault_of(path) == "");
}

TEST_CASE("any byte that was changed is noticed") {
  const int before = threads();
  set_threads(1);
  const TemporaryFolder folder;
  SUBCASE("codes") { check_every_byte(folder, rating_lines(9, 7, 40)); }
  SUBCASE("values") { check_every_byte(folder, rating_lines(40, 30, 500, 1000)); }
  set_threads(before);
}

TEST_CASE("a file that was cut off anywhere, or is longer, is refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "odr";
  const std::string bytes = converted(folder, rating_lines(9, 7, 40));
  write_bytes(path, bytes + '\0');
  CHECK(has(fault_of(path), "something was appended"));
  std::size_t unnoticed = 0;
  for (std::size_t size = bytes.size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    unnoticed += fault_of(path).empty();
    if (size == bytes.size() - 1 || size == 4095 || size == 8) CHECK(has(fault_of(path), "it was cut off"));
  }
  CHECK(unnoticed == 0);
}

// A file changed by somebody who knows the format, with checksums to match.
struct Forgery {
  Header header;
  std::string bytes;
  std::array<Extent, kSections> places;  // before any change

  explicit Forgery(std::string original) : bytes(std::move(original)) {
    std::memcpy(&header, bytes.data(), sizeof header);
    places = header.sections;
  }

  template <class T>
  T* section(Section which) {
    return reinterpret_cast<T*>(bytes.data() + places[which].begin);
  }

  std::string fault(const std::string& path, bool with_checksum = true) {
    auto* sums = section<std::uint64_t>(kChunkSums);
    for (const Section which : {kUserIndices, kUserValues, kItemIndices, kItemValues}) {
      *sums++ = checksum(section<char>(which), places[which].size);
    }
    for (const Section which :
         {kUserIds, kUserIdOffsets, kItemIds, kItemIdOffsets, kUserOffsets, kItemOffsets, kChunkSums}) {
      header.sections[which].checksum = checksum(section<char>(which), places[which].size);
    }
    if (with_checksum) header.checksum = checksum(header);
    std::memcpy(bytes.data(), &header, sizeof header);
    write_bytes(path, bytes);
    return fault_of(path);
  }
};

TEST_CASE("files of another kind are refused by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "odr";
  const std::string bytes = converted(folder, rating_lines(40, 30, 500, 1000));
  const auto fault = [&](const std::function<void(Header&)>& change, bool with_checksum = true) {
    Forgery forgery(bytes);
    change(forgery.header);
    return forgery.fault(path, with_checksum);
  };
  CHECK(fault([](Header&) {}) == "");
  CHECK(has(fault([](Header& h) { h.version = 2; }), "version 2, expected version 1"));
  CHECK(has(fault([](Header& h) { h.version = 2; }, false), "version 2, expected version 1"));
  CHECK(has(fault([](Header& h) { h.byte_order = 0x04030201; }), "big-endian"));
  CHECK(has(fault([](Header& h) { h.byte_order = 7; }), "its header"));
  CHECK(has(fault([](Header& h) { h.magic[1] = 'd'; }), "no .odr file"));
  const bool single = sizeof(Real) == sizeof(float);
  CHECK(has(fault([&](Header& h) { h.value_bytes = single ? 8 : 4; }),
            single ? "double precision, expected single" : "single precision, expected double"));
  CHECK(has(fault_of(folder / "nowhere"), "No such file"));
  CHECK(has(fault_of(folder.path()), "no regular file"));
  write_bytes(path, "");
  CHECK(has(fault_of(path), "no .odr file"));
}

TEST_CASE("headers that promise too much are refused") {
  const TemporaryFolder folder;
  const std::string bytes = converted(folder, rating_lines(9, 7, 40));
  const auto fault = [&](const std::function<void(Header&)>& change) {
    Forgery forgery(bytes);
    change(forgery.header);
    return forgery.fault(folder / "odr");
  };
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t count : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{41}, bytes.size() + 0,
                                    kHuge / 8 - 1, kHuge / 4, kHuge / 2 + 1, kHuge - 1, kHuge}) {
    CAPTURE(count);
    CHECK(has(fault([&](Header& h) { h.users = count; }), "its header"));
    CHECK(has(fault([&](Header& h) { h.items = count; }), "its header"));
    CHECK(has(fault([&](Header& h) { h.ratings = count; }), "its header"));
    for (std::size_t which = 0; which < kSections; ++which) {
      CHECK(has(fault([&](Header& h) { h.sections[which].begin = count; }), "its header"));
      CHECK(fault([&](Header& h) { h.sections[which].size = count; }) != "");
    }
  }
  CHECK(has(fault([](Header& h) { h.table_size = 257; }), "its header"));
  CHECK(has(fault([](Header& h) { h.table_size = 0; }), "its header"));
  CHECK(has(fault([](Header& h) { h.value_bytes = 2; }), "precision"));
}

TEST_CASE("ratings that no writer writes are refused though their checksums are right") {
  const TemporaryFolder folder;
  const std::string codes = converted(folder, rating_lines(9, 7, 40));
  const std::string plain = converted(folder, rating_lines(40, 30, 500, 1000));
  const auto fault = [&](const std::string& bytes, const std::function<void(Forgery&)>& change) {
    Forgery forgery(bytes);
    change(forgery);
    return forgery.fault(folder / "odr");
  };
  for (const Section which : {kUserIndices, kItemIndices}) {
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Index>(which)[39] = 40; }), "indices"));
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Index>(which)[39] = kUnknown; }), "indices"));
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Index>(which)[1] = f.section<Index>(which)[0]; }), "indices"));
  }
  for (const Section which : {kUserValues, kItemValues}) {
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<char>(which)[20] = 10; }), "code"));
    CHECK(has(fault(plain, [&](Forgery& f) { f.section<Real>(which)[20] = std::numeric_limits<Real>::quiet_NaN(); }),
              "no numbers"));
  }
  // Found by tests/fuzz/odr.cpp: a range that is none became a model's, which then could not be loaded.
  using Limits = std::numeric_limits<double>;
  for (const double odd : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK(has(fault(codes, [&](Forgery& f) { f.header.table[3] = odd; }), "its header"));
    CHECK(has(fault(codes, [&](Forgery& f) { f.header.lowest = odd; }), "its header"));
    CHECK(has(fault(plain, [&](Forgery& f) { f.header.highest = odd; }), "its header"));
  }
  // Finite, but not as a float.
  if (sizeof(Real) == sizeof(float)) CHECK(fault(codes, [&](Forgery& f) { f.header.table[3] = Limits::max(); }) != "");
  for (const Section which : {kUserOffsets, kItemOffsets, kUserIdOffsets, kItemIdOffsets}) {
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Offset>(which)[0] = 1; }), "the part with"));
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Offset>(which)[3] = 1000; }), "the part with"));
    CHECK(has(fault(codes, [&](Forgery& f) { f.section<Offset>(which)[f.places[which].size / 8 - 1] += 1; }),
              "the part with"));
  }
}

TEST_CASE("ids and summaries that no ratings have are refused though their checksums are right") {
  const TemporaryFolder folder;
  const std::string codes = converted(folder, "aa,x,1\nbb,y,2\ncc,z,4\n");
  const std::string plain = converted(folder, rating_lines(40, 30, 500, 1000));
  const auto fault = [&](const std::string& bytes, const std::function<void(Forgery&)>& change) {
    Forgery forgery(bytes);
    change(forgery);
    return forgery.fault(folder / "odr");
  };
  CHECK(has(fault(codes, [](Forgery& f) { f.section<char>(kUserIds)[2] = f.section<char>(kUserIds)[3] = 'a'; }),
            "the users' ids with one that is empty or there twice"));
  CHECK(has(fault(codes, [](Forgery& f) { f.section<char>(kItemIds)[2] = 'x'; }), "the items' ids with one"));
  CHECK(has(fault(codes, [](Forgery& f) { f.section<Offset>(kUserIdOffsets)[1] = 0; }), "the users' ids with one"));
  for (const std::string& bytes : {codes, plain}) {
    CHECK(has(fault(bytes, [](Forgery& f) { std::swap(f.header.lowest, f.header.highest); }), "its header"));
    CHECK(has(fault(bytes, [](Forgery& f) { f.header.mean = f.header.highest + 1; }), "its header"));
    CHECK(
        has(fault(bytes, [](Forgery& f) { f.header.mean = std::numeric_limits<double>::quiet_NaN(); }), "its header"));
    CHECK(has(fault(bytes, [](Forgery& f) { f.header.deviation = -1; }), "its header"));
    CHECK(has(fault(bytes, [](Forgery& f) { f.header.deviation = f.header.highest - f.header.lowest + 1; }),
              "its header"));
  }
  CHECK(has(fault(codes, [](Forgery& f) { f.header.table[1] = 1; }), "its header"));
  CHECK(has(fault(codes, [](Forgery& f) { f.header.lowest = 0; }), "its header"));
  CHECK(has(fault(plain, [](Forgery& f) { f.section<Real>(kItemValues)[20] = 1e6; }), "outside of their range"));
}

TEST_CASE("damage to ratings is found when they are read first, by whichever thread") {
  const int before = threads();
  const TemporaryFolder folder;
  const std::string path = folder / "odr";
  IdTable users, items;
  for (Index k = 0; k < 1200; ++k) items.add(std::to_string(k));
  for (Index k = 0; k < 900; ++k) users.add(std::to_string(k));
  {
    OutputFile file(path);
    OdrWriter writer(file, users, items);
    std::vector<Index> all(1200);
    for (Index k = 0; k < 1200; ++k) all[k] = k;
    for (Index user = 0; user < 900; ++user) {
      writer.add(std::vector<Index>{1200}, all, std::vector<Real>(1200, static_cast<Real>(user % 5)));
    }
    writer.finish(kPlenty);
    file.commit();
  }
  std::string bytes = read_bytes(path);
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto ratings_at = [](const RatingSide& side, Offset chunk) {
    parallel_for(8, [&](std::size_t part) {
      const Offset begin = chunk * kChunk + part * 8192;
      side.read(begin, begin + 8192, [] {});
    });
  };
  for (const int count : {1, 2, 4}) {
    set_threads(count);
    for (const Section which : {kUserIndices, kUserValues, kItemIndices, kItemValues}) {
      const std::size_t element = header.sections[which].size / header.ratings;
      const std::size_t at = header.sections[which].begin + (3 * kChunk + 5) * element;
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      write_bytes(path, damaged);
      const RatingData data = open_odr(path, kPlenty);
      const bool by_user = which == kUserIndices || which == kUserValues;
      const RatingSide bad = by_user ? data.ratings.by_user() : data.ratings.by_item();
      const RatingSide good = by_user ? data.ratings.by_item() : data.ratings.by_user();
      for (Offset chunk = 0; chunk < 4; ++chunk) ratings_at(good, chunk);
      ratings_at(bad, 0);
      if (count == 2) CHECK_THROWS_AS(verify_rest(data.ratings), Error);
      for (int again = 0; again < 2; ++again) CHECK_THROWS_AS(ratings_at(bad, 3), Error);
      ratings_at(bad, 2);
    }
  }
  set_threads(before);
}

}  // namespace
}  // namespace odot
