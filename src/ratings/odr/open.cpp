// Opening .odr files. Nothing is believed before it was verified.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/input_file.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/odr.hpp"
#include "ratings/odr/format.hpp"
#include "ratings/odr/mapped_bytes.hpp"
#include "ratings/odr/pager.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using namespace odr;

[[noreturn]] void refuse(const std::string& path, const std::string& found_and_expected) {
  throw Error(fmt::format("{}: found {}", path, found_and_expected));
}

[[noreturn]] void refuse_damaged(const std::string& path, std::string_view what) {
  refuse(path,
         fmt::format("that {} is not what was written, expected an intact .odr file: convert the ratings again", what));
}

// An open file with all that a matrix points into.
struct OpenFile {
  explicit OpenFile(const std::string& path);

  template <class T>
  std::span<const T> section(Section which) const {
    const Extent& extent = header.sections[which];
    return bytes.elements<T>(extent.begin, extent.size / sizeof(T));
  }

  InputFile file;
  MappedBytes bytes;
  Header header;
  std::optional<Pager> by_user;
  std::optional<Pager> by_item;
};

OpenFile::OpenFile(const std::string& path) : file(path, InputFile::Wait::never) {
  if (file.error() != 0) refuse(path, fmt::format("{}, expected a readable .odr file", std::strerror(file.error())));
  if (!file.is_regular()) refuse(path, "no regular file, expected an .odr file");
  bytes = MappedBytes(file.descriptor(), file.size(), path);
}

// Whether what the header says of the ratings' values is what some ratings have.
bool has_figures_of_ratings(const Header& header) {
  const auto is_rating = [](double number) { return std::abs(number) <= std::numeric_limits<Real>::max(); };
  const auto table = std::span(header.table).first(header.table_size);
  if (!is_rating(header.lowest) || !is_rating(header.highest) || !std::ranges::all_of(table, is_rating)) return false;
  if (header.table_size > 0 && (table.front() != header.lowest || table.back() != header.highest)) return false;
  // Equal neighbours could not be told apart by a code.
  if (std::ranges::adjacent_find(table, std::greater_equal()) != table.end()) return false;
  const double rounding = 1e-9 * std::max(std::abs(header.lowest), std::abs(header.highest));
  return header.lowest <= header.highest && header.mean >= header.lowest - rounding &&
         header.mean <= header.highest + rounding && header.deviation >= 0 &&
         header.deviation <= header.highest - header.lowest + rounding;
}

// Whether no id is there twice, and none is empty. Hashes that are equal are looked into.
bool are_ids(std::span<const char> text, std::span<const Offset> offsets) {
  const std::size_t count = offsets.size() - 1;
  const auto id = [&](std::size_t k) {
    return std::string_view(text.data() + offsets[k], offsets[k + 1] - offsets[k]);
  };
  std::vector<std::pair<std::size_t, std::size_t>> hashes(count);
  for_each_element(count, [&](std::size_t k) { hashes[k] = {std::hash<std::string_view>()(id(k)), k}; });
  std::ranges::sort(hashes);
  for (std::size_t k = 0; k < count; ++k) {
    if (id(k).empty()) return false;
    for (std::size_t next = k + 1; next < count && hashes[next].first == hashes[k].first; ++next) {
      if (id(hashes[k].second) == id(hashes[next].second)) return false;
    }
  }
  return true;
}

// A copy, as it is checked: the counts are in proportion to the file's size, so that nothing overflows or takes more
// memory than the file.
Header read_header(const std::string& path, const MappedBytes& bytes) {
  Header header;
  if (bytes.size() < header.magic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    refuse(path, "no .odr file, expected one");
  }
  if (bytes.size() < sizeof(Header)) {
    refuse(path,
           fmt::format("an .odr file of {} bytes, expected at least {}: it was cut off", bytes.size(), sizeof(Header)));
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  if (header.byte_order == __builtin_bswap32(kByteOrder)) {
    refuse(path, "an .odr file in big-endian byte order, expected little-endian: convert the ratings on this machine");
  }
  if (header.byte_order != kByteOrder) refuse_damaged(path, "its header");
  if (header.version != kVersion) {
    refuse(path, fmt::format("an .odr file of version {}, expected version {}: convert the ratings with this program",
                             header.version, kVersion));
  }
  if (header.checksum != checksum(header)) refuse_damaged(path, "its header");
  if (header.file_size != bytes.size()) {
    refuse(path, fmt::format("an .odr file of {} bytes, expected {}: {}", bytes.size(), header.file_size,
                             bytes.size() < header.file_size ? "it was cut off" : "something was appended"));
  }
  const bool codes = header.value_bytes == 1;
  if (!codes && header.value_bytes != sizeof(Real)) {
    refuse(path, fmt::format("ratings in {} precision, expected {} precision as this program has: convert them with it",
                             header.value_bytes == sizeof(float) ? "single" : "double",
                             sizeof(Real) == sizeof(float) ? "single" : "double"));
  }
  const std::uint64_t most = header.file_size;
  Header expected = header;
  if (std::max({header.users, header.items, header.ratings, header.sections[kUserIds].size,
                header.sections[kItemIds].size}) > most ||
      std::max(header.users, header.items) >= kUnknown || header.table_size > kMostTableValues ||
      (codes && header.ratings > 0) != (header.table_size > 0)) {
    refuse_damaged(path, "its header");
  }
  // Training would end in a model that cannot be loaded.
  if (!has_figures_of_ratings(header)) refuse_damaged(path, "its header");
  lay_out(expected);
  const auto same_place = [](const Extent& a, const Extent& b) { return a.begin == b.begin && a.size == b.size; };
  if (expected.file_size != header.file_size || !std::ranges::equal(expected.sections, header.sections, same_place)) {
    refuse_damaged(path, "its header");
  }
  return header;
}

// Ascending from 0 to `end`.
bool are_offsets(std::span<const Offset> offsets, Offset end) {
  return offsets.front() == 0 && offsets.back() == end && std::ranges::is_sorted(offsets);
}

// Everything but the ratings.
void verify(const std::string& path, const OpenFile& file) {
  const Header& header = file.header;
  const auto& sections = header.sections;
  std::uint64_t end = sizeof(Header);
  for (const Extent& section : sections) {
    const auto gap = file.bytes.elements<char>(end, section.begin - end);
    if (std::ranges::any_of(gap, [](char byte) { return byte != 0; })) {
      refuse_damaged(path, "the space between its parts");
    }
    end = section.end();
  }
  constexpr std::array kSummed{kUserIds,     kUserIdOffsets, kItemIds,  kItemIdOffsets,
                               kUserOffsets, kItemOffsets,   kChunkSums};
  constexpr std::array kNames{"the users' ids",  "the users' ids",  "the items' ids", "the items' ids",
                              "the users' rows", "the items' rows", "its checksums"};
  parallel_for(kSummed.size(), [&](std::size_t k) {
    const Extent& section = sections[kSummed[k]];
    bool good = checksum(file.bytes.data() + section.begin, section.size) == section.checksum;
    const auto check_offsets = [&](std::uint64_t last) {
      good = good && are_offsets(file.section<Offset>(kSummed[k]), last);
    };
    if (kSummed[k] == kUserIdOffsets) check_offsets(sections[kUserIds].size);
    if (kSummed[k] == kItemIdOffsets) check_offsets(sections[kItemIds].size);
    if (kSummed[k] == kUserOffsets || kSummed[k] == kItemOffsets) check_offsets(header.ratings);
    if (!good) refuse_damaged(path, fmt::format("the part with {}", kNames[k]));
  });
  for (const auto& [text, offsets, name] :
       {std::tuple(kUserIds, kUserIdOffsets, kNames[0]), std::tuple(kItemIds, kItemIdOffsets, kNames[2])}) {
    if (!are_ids(file.section<char>(text), file.section<Offset>(offsets))) {
      refuse(path, fmt::format("{} with one that is empty or there twice, expected different ones: convert the ratings "
                               "again",
                               name));
    }
  }
}

MappedSide map_side(const std::string& path, const OpenFile& file, bool by_user) {
  const Header& header = file.header;
  MappedSide side;
  side.name = path;
  side.file = &file.file;
  side.base = file.bytes.data();
  side.offsets = file.section<Offset>(by_user ? kUserOffsets : kItemOffsets);
  side.indices = file.section<Index>(by_user ? kUserIndices : kItemIndices);
  side.values = file.section<char>(by_user ? kUserValues : kItemValues).data();
  side.value_bytes = header.value_bytes;
  side.table_size = header.table_size;
  side.lowest = static_cast<Real>(header.lowest);
  side.highest = static_cast<Real>(header.highest);
  side.columns = static_cast<Index>(by_user ? header.items : header.users);
  const auto sums = file.section<std::uint64_t>(kChunkSums);
  const std::size_t chunks = chunk_count(header.ratings);
  side.index_checksums = sums.subspan(by_user ? 0 : 2 * chunks, chunks);
  side.value_checksums = sums.subspan(by_user ? chunks : 3 * chunks, chunks);
  return side;
}

StoredSide store(const MappedSide& side, Pager& pager) {
  StoredSide stored{side.offsets, side.indices};
  if (side.table_size > 0) {
    stored.codes = reinterpret_cast<const std::uint8_t*>(side.values);
  } else {
    stored.plain = reinterpret_cast<const Real*>(side.values);
  }
  stored.pager = &pager;
  return stored;
}

}  // namespace

bool is_odr(const std::string& path) {
  if (path == "-") return false;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;  // a pipe's first bytes would be lost
  std::ifstream file(path, std::ios::binary);
  std::array<char, kMagic.size()> start{};
  return file.read(start.data(), start.size()) && start == kMagic;
}

bool is_one_odr(const std::vector<std::string>& paths) {
  const auto found = std::ranges::find_if(paths, is_odr);
  if (found == paths.end() || paths.size() == 1) return found != paths.end();
  throw Error(
      fmt::format("{}: found an .odr file among several, expected it to be the only one: convert all of the ratings "
                  "into one file",
                  *found));
}

RatingData open_odr(const std::string& path, std::size_t memory) {
  const auto file = std::make_shared<OpenFile>(path);
  file->file.reading([&] {
    file->header = read_header(path, file->bytes);
    verify(path, *file);
  });
  const Header& header = file->header;

  const std::uint64_t rating_bytes = 2 * header.ratings * (sizeof(Index) + header.value_bytes);
  const double share = memory >= rating_bytes ? 1 : static_cast<double>(memory) / static_cast<double>(rating_bytes);
  const MappedSide by_user = map_side(path, *file, true);
  const MappedSide by_item = map_side(path, *file, false);
  file->by_user.emplace(by_user, share);
  file->by_item.emplace(by_item, share);

  const auto ids = [&](Section bytes, Section offsets) {
    const auto text = file->section<char>(bytes);
    return IdTable({text.data(), text.size()}, file->section<Offset>(offsets), file);
  };
  std::vector<Real> table(header.table_size);
  std::transform(header.table.begin(), header.table.begin() + header.table_size, table.begin(),
                 [](double value) { return static_cast<Real>(value); });
  const ValueSummary summary{header.mean, header.deviation, header.lowest, header.highest};
  return {
      ids(kUserIds, kUserIdOffsets), ids(kItemIds, kItemIdOffsets),
      RatingMatrix(store(by_user, *file->by_user), store(by_item, *file->by_item), std::move(table), summary, file)};
}

void verify_rest(const RatingMatrix& matrix) {
  for (const StoredSide& side : {matrix.stored_by_user(), matrix.stored_by_item()}) {
    if (auto* const pager = dynamic_cast<Pager*>(side.pager)) pager->verify_rest();
  }
}

Triples read_triples(const RatingMatrix& matrix, Offset begin, Offset end, std::span<const Index> users,
                     std::span<const Index> items) {
  const RatingSide side = matrix.by_user();
  const std::size_t count = end - begin;
  Triples out;
  out.user.resize(count);
  out.item.resize(count);
  out.value.resize(count);
  const VectorChunks chunks(count);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    const Offset first = begin + chunks.begin(chunk);
    const Offset last = begin + chunks.end(chunk);
    auto user = static_cast<Index>(std::ranges::upper_bound(side.offsets, first) - side.offsets.begin()) - 1;
    side.read(first, last, [&] {
      for (Offset k = first; k < last; ++k) {
        while (k >= side.offsets[user + 1]) ++user;
        out.user[k - begin] = users[user];
        out.item[k - begin] = items[side.indices[k]];
      }
      side.values.read(first, last, out.value.data() + (first - begin));
    });
  });
  return out;
}

RatingList read_odr(const std::string& path) {
  RatingData data = open_odr(path, std::numeric_limits<std::size_t>::max());
  const auto own_numbers = [](Index count) {
    std::vector<Index> numbers(count);
    std::iota(numbers.begin(), numbers.end(), Index{0});
    return numbers;
  };
  Triples triples = read_triples(data.ratings, 0, data.ratings.size(), own_numbers(data.users.size()),
                                 own_numbers(data.items.size()));
  verify_rest(data.ratings);
  return {std::move(data.users), std::move(data.items), std::move(triples)};
}

}  // namespace odot::inline ODOT_PRECISION
