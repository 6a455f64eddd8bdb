// Writing .odr files. The ratings by user go to the file as they come; those by item are made from them, some items at
// a time where memory is short: each time the rows of users are read from the file once more.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/ratings/odr.hpp"
#include "ratings/odr/format.hpp"
#include "ratings/odr/mapped_bytes.hpp"
#include "ratings/odr/values.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using namespace odr;

constexpr Offset kBlockRatings = Offset{1} << 22;  // of users' rows that are looked at together

struct PackedIds {
  std::string bytes;
  std::vector<Offset> offsets;

  explicit PackedIds(const IdTable& ids) : offsets(1, 0) {
    offsets.reserve(std::size_t{ids.size()} + 1);
    for (Index index = 0; index < ids.size(); ++index) {
      bytes += ids[index];
      offsets.push_back(bytes.size());
    }
  }
};

// The rows of some items, from the mapped rows of all users.
template <class Value>
class ItemSorter {
 public:
  ItemSorter(const MappedBytes& bytes, const Header& header, std::span<const Offset> users,
             std::span<const Offset> items)
      : bytes_(bytes), header_(header), users_(users), items_(items) {}

  // Those of [first, end).
  void sort(Index first, Index end) {
    const Offset base = items_[first];
    const Offset count = items_[end] - base;
    reserve(count);
    std::vector<Offset> next(items_.begin() + first, items_.begin() + end);
    for (Offset& place : next) place -= base;
    // Few enough parts that each finds several ratings in a row, many enough that where they write is in the cache.
    const Offset usual_row = header_.ratings / std::max<Offset>(header_.users, 1);
    const Offset parts = std::clamp<Offset>(usual_row / 16, 4, 32);
    const std::vector<Index> cuts = cut_rows(items_, first, end, count / parts + 1);
    const std::vector<Index> blocks = cut_rows(users_, 0, static_cast<Index>(header_.users), kBlockRatings);
    for (std::size_t block = 0; block + 1 < blocks.size(); ++block) {
      parallel_for(cuts.size() - 1, [&](std::size_t part) {
        place(blocks[block], blocks[block + 1], first, cuts[part], cuts[part + 1], next);
      });
      forget(users_[blocks[block]], users_[blocks[block + 1]]);
    }
  }

  std::span<const Index> indices() const { return {indices_.get(), count_}; }
  std::span<const Value> values() const { return {values_.get(), count_}; }

 private:
  void reserve(Offset count) {
    if (count > capacity_) {
      indices_.reset();
      values_.reset();
      indices_ = std::make_unique_for_overwrite<Index[]>(count);
      values_ = std::make_unique_for_overwrite<Value[]>(count);
      capacity_ = count;
    }
    count_ = count;
  }

  // Of the users [user, last), the ratings of items in [low, high).
  void place(Index user, Index last, Index first, Index low, Index high, std::vector<Offset>& next) {
    const Index* const indices = bytes_.elements<Index>(header_.sections[kUserIndices].begin, 0).data();
    const Value* const values = bytes_.elements<Value>(header_.sections[kUserValues].begin, 0).data();
    for (; user < last; ++user) {
      const Index* const end = indices + users_[user + 1];
      for (const Index* at = std::lower_bound(indices + users_[user], end, low); at != end && *at < high; ++at) {
        const Offset to = next[*at - first]++;
        indices_[to] = user;
        values_[to] = values[at - indices];
      }
    }
  }

  void forget(Offset begin, Offset end) const {
    bytes_.forget(header_.sections[kUserIndices].begin + begin * sizeof(Index), (end - begin) * sizeof(Index));
    bytes_.forget(header_.sections[kUserValues].begin + begin * sizeof(Value), (end - begin) * sizeof(Value));
  }

  const MappedBytes& bytes_;
  const Header& header_;
  std::span<const Offset> users_;
  std::span<const Offset> items_;
  std::unique_ptr<Index[]> indices_;
  std::unique_ptr<Value[]> values_;
  Offset capacity_ = 0;
  Offset count_ = 0;
};

}  // namespace

struct OdrWriter::State {
  State(OutputFile& file, const IdTable& users, const IdTable& items)
      : name(file.path()), descriptor(target_descriptor(file)), values(name), item_counts(items.size(), 0) {
    header.users = users.size();
    header.items = items.size();
    const PackedIds user_ids(users);
    const PackedIds item_ids(items);
    header.sections[kUserIds].size = user_ids.bytes.size();
    header.sections[kItemIds].size = item_ids.bytes.size();
    lay_out(header);  // up to the first ratings it depends on the ids alone
    put(kUserIds, user_ids.bytes);
    put(kUserIdOffsets, bytes_of(user_ids.offsets));
    put(kItemIds, item_ids.bytes);
    put(kItemIdOffsets, bytes_of(item_ids.offsets));
    user_offsets.reserve(header.users + 1);
    user_offsets.push_back(0);
  }

  void write(std::size_t position, std::string_view bytes) const { write_at(descriptor, position, bytes, name); }

  // A whole section.
  void put(Section section, std::string_view bytes) {
    write(header.sections[section].begin, bytes);
    header.sections[section].checksum = checksum(bytes.data(), bytes.size());
  }

  void count_items(std::span<const Index> counts, std::span<const Index> items);
  template <class Value>
  void sort_by_item(std::size_t memory);

  std::string name;
  int descriptor;
  Header header;
  ValueSpill values;
  std::vector<Offset> user_offsets;
  std::vector<Offset> item_counts;
  std::vector<Offset> item_offsets;
  ChunkSums user_index_sums{sizeof(Index)};
  std::vector<std::uint64_t> chunk_sums;
};

OdrWriter::OdrWriter(OutputFile& file, const IdTable& users, const IdTable& items)
    : state_(std::make_unique<State>(file, users, items)) {}

OdrWriter::~OdrWriter() = default;

void OdrWriter::State::count_items(std::span<const Index> counts, std::span<const Index> items) {
  std::size_t k = 0;
  for (const Index count : counts) {
    Index after = 0;  // one more than the last item
    for (const std::size_t end = k + count; k < end; ++k) {
      if (items[k] < after || items[k] >= item_counts.size()) {
        throw Error(fmt::format("cannot write {}: item {} is out of range or out of order", name, items[k]),
                    ErrorKind::usage);
      }
      after = items[k] + 1;
      ++item_counts[items[k]];
    }
  }
}

void OdrWriter::add(std::span<const Index> counts, std::span<const Index> items, std::span<const Real> values) {
  State& s = *state_;
  const Offset total = std::accumulate(counts.begin(), counts.end(), Offset{0});
  if (total != items.size() || total != values.size() || s.user_offsets.size() + counts.size() > s.header.users + 1) {
    throw Error(
        fmt::format("cannot write {}: {} ratings of {} users do not fit {} items, {} values and {} users", s.name,
                    total, s.user_offsets.size() - 1 + counts.size(), items.size(), values.size(), s.header.users),
        ErrorKind::usage);
  }
  const Offset before = s.user_offsets.back();
  for (const Index count : counts) s.user_offsets.push_back(s.user_offsets.back() + count);
  parallel_for(3, [&](std::size_t task) {
    if (task == 0) s.write(s.header.sections[kUserIndices].begin + before * sizeof(Index), bytes_of(items));
    if (task == 1) s.count_items(counts, items);
    if (task == 2) s.user_index_sums.add(bytes_of(items));
  });
  s.values.append(values);
}

template <class Value>
void OdrWriter::State::sort_by_item(std::size_t memory) {
  const std::size_t mapped = header.sections[kUserValues].end();
  const MappedBytes bytes(descriptor, mapped, name);
  ItemSorter<Value> sorter(bytes, header, user_offsets, item_offsets);
  ChunkSums index_sums(sizeof(Index));
  ChunkSums value_sums(sizeof(Value));
  const Offset most = std::max<std::size_t>(memory / (sizeof(Index) + sizeof(Value)), 1);
  const std::vector<Index> groups = cut_rows(item_offsets, 0, static_cast<Index>(header.items), most);
  for (std::size_t group = 0; group + 1 < groups.size(); ++group) {
    sorter.sort(groups[group], groups[group + 1]);
    const Offset begin = item_offsets[groups[group]];
    parallel_for(4, [&](std::size_t task) {
      const auto at = [&](Section section, std::size_t element) {
        return header.sections[section].begin + begin * element;
      };
      if (task == 0) write(at(kItemIndices, sizeof(Index)), bytes_of(sorter.indices()));
      if (task == 1) index_sums.add(bytes_of(sorter.indices()));
      if (task == 2) write(at(kItemValues, sizeof(Value)), bytes_of(sorter.values()));
      if (task == 3) value_sums.add(bytes_of(sorter.values()));
    });
  }
  for (ChunkSums* sums : {&index_sums, &value_sums}) {
    const std::vector<std::uint64_t> all = sums->finish();
    chunk_sums.insert(chunk_sums.end(), all.begin(), all.end());
  }
}

ValueSummary OdrWriter::finish(std::size_t memory) {
  State& s = *state_;
  Header& header = s.header;
  s.user_offsets.resize(header.users + 1, s.user_offsets.back());
  s.item_offsets.assign(header.items + 1, 0);
  std::partial_sum(s.item_counts.begin(), s.item_counts.end(), s.item_offsets.begin() + 1);
  header.ratings = s.user_offsets.back();
  header.value_bytes = static_cast<std::uint32_t>(s.values.value_bytes());
  const std::vector<Real> table = s.values.table();
  header.table_size = static_cast<std::uint32_t>(table.size());
  std::ranges::copy(table, header.table.begin());
  lay_out(header);

  s.chunk_sums = s.user_index_sums.finish();
  ChunkSums value_sums(header.value_bytes);
  std::size_t position = header.sections[kUserValues].begin;
  const ValueSummary summary = s.values.read_back([&](std::string_view bytes) {
    s.write(position, bytes);
    value_sums.add(bytes);
    position += bytes.size();
  });
  header.mean = summary.mean;
  header.deviation = summary.deviation;
  header.lowest = summary.lowest;
  header.highest = summary.highest;
  const std::vector<std::uint64_t> sums = value_sums.finish();
  s.chunk_sums.insert(s.chunk_sums.end(), sums.begin(), sums.end());

  if (s.values.coded()) {
    s.sort_by_item<std::uint8_t>(memory);
  } else {
    s.sort_by_item<Real>(memory);
  }
  s.put(kUserOffsets, bytes_of(s.user_offsets));
  s.put(kItemOffsets, bytes_of(s.item_offsets));
  s.put(kChunkSums, bytes_of(s.chunk_sums));
  header.checksum = checksum(header);
  s.write(0, {reinterpret_cast<const char*>(&header), sizeof(Header)});
  resize_file(s.descriptor, header.file_size, s.name);  // where the last section is empty
  return summary;
}

}  // namespace odot::inline ODOT_PRECISION
