// From rating files to .odr in bounded memory. Ratings go to a temporary file as they are read; when all users are
// known, they are sorted, as many users at a time as there is room for.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/ratings/odr.hpp"
#include "ratings/odr/format.hpp"
#include "ratings/odr/mapped_bytes.hpp"
#include "ratings/text/collect.hpp"
#include "ratings/text/duplicates.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using namespace reading;

struct Record {
  Index user;
  Index item;
  Real value;
};

constexpr std::size_t kSortBytes = 40;  // for a rating, while its user's group is sorted
constexpr std::size_t kMostGroups = 1024;
constexpr std::size_t kBufferRecords = std::size_t{1} << 20;  // of all groups together
constexpr std::size_t kParts = 8;                             // of a group, for threads
constexpr std::size_t kBlockRecords = std::size_t{1} << 20;   // read at a time

// Ratings in the order of the files, and how many each user has.
class Spool {
 public:
  explicit Spool(const std::string& beside) : file_(beside) {}

  void add(const Triples& ratings) {
    records_.resize(ratings.size());
    for (std::size_t k = 0; k < ratings.size(); ++k) {
      const Index user = ratings.user[k];
      records_[k] = {user, ratings.item[k], ratings.value[k]};
      if (user >= counts_.size()) counts_.resize(user + std::size_t{1}, 0);
      ++counts_[user];
    }
    file_.append(odr::bytes_of(records_));
  }

  MappedBytes map() const { return file_.map(); }
  std::size_t size() const { return file_.size() / sizeof(Record); }

  std::vector<Offset> offsets() const {
    std::vector<Offset> offsets(counts_.size() + 1, 0);
    std::partial_sum(counts_.begin(), counts_.end(), offsets.begin() + 1);
    return offsets;
  }

 private:
  SpillFile file_;
  std::vector<Record> records_;
  std::vector<Offset> counts_;
};

// The same records with those of each group of users together, in the same order otherwise.
std::unique_ptr<SpillFile> group_records(const MappedBytes& spool, std::size_t count, std::span<const Offset> offsets,
                                         const std::vector<Index>& groups, const std::string& beside) {
  std::vector<std::uint16_t> group_of(offsets.size() - 1);
  struct Buffer {
    std::vector<Record> records;
    std::size_t written;  // where the next go, in records
  };
  std::vector<Buffer> buffers;
  for (std::size_t group = 0; group + 1 < groups.size(); ++group) {
    std::fill(group_of.begin() + groups[group], group_of.begin() + groups[group + 1],
              static_cast<std::uint16_t>(group));
    buffers.push_back({{}, offsets[groups[group]]});
  }
  auto out = std::make_unique<SpillFile>(beside);
  const auto flush = [&](Buffer& buffer) {
    out->write(buffer.written * sizeof(Record), odr::bytes_of(buffer.records));
    buffer.written += buffer.records.size();
    buffer.records.clear();
  };
  const std::size_t most = kBufferRecords / buffers.size();
  for (std::size_t begin = 0; begin < count; begin += kBlockRecords) {
    const auto block = spool.elements<Record>(begin * sizeof(Record), std::min(kBlockRecords, count - begin));
    for (const Record& record : block) {
      Buffer& buffer = buffers[group_of[record.user]];
      buffer.records.push_back(record);
      if (buffer.records.size() >= most) flush(buffer);
    }
    spool.forget(begin * sizeof(Record), block.size_bytes());
  }
  for (Buffer& buffer : buffers) flush(buffer);
  return out;
}

// A pair that a user has twice: which two of the user's ratings, in the order of the files. Of all the user's pairs the
// one whose second place comes first.
struct UserRepetition {
  Index user;
  std::uint32_t first;
  std::uint32_t second;
};

// Sorts the rows of some users and sees to repeated pairs.
class UserSorter {
 public:
  explicit UserSorter(Duplicates duplicates) : duplicates_(duplicates) {}

  // `records` are those of the users [first, end), whose rows are at offsets[user] − offsets[first].
  void sort(std::span<const Record> records, std::span<const Offset> offsets, Index first, Index end) {
    const Offset base = offsets[first];
    keys_.resize(records.size());
    read_.resize(records.size());
    items_.resize(records.size());
    values_.resize(records.size());
    counts_.assign(end - first, 0);
    const std::vector<Index> cuts = odr::cut_rows(offsets, first, end, records.size() / kParts + 1);
    std::vector<std::vector<UserRepetition>> found(cuts.size() - 1);
    parallel_for(cuts.size() - 1, [&](std::size_t part) {
      const Index low = cuts[part];
      const Index high = cuts[part + 1];
      for (const Record& record : records) {
        if (record.user < low || record.user >= high) continue;
        const Index place = counts_[record.user - first]++;
        const Offset at = offsets[record.user] - base + place;
        keys_[at] = std::uint64_t{record.item} << 32 | place;
        read_[at] = record.value;
      }
      for (Index user = low; user < high; ++user) {
        if (const auto repetition = sort_row(offsets[user] - base, counts_[user - first])) {
          found[part].push_back({user, repetition->first, repetition->second});
        }
      }
    });
    for (const auto& part : found) repetitions_.insert(repetitions_.end(), part.begin(), part.end());
    close_gaps(offsets, first);
  }

  std::span<const Index> counts() const { return counts_; }
  std::span<const Index> items() const { return items_; }
  std::span<const Real> values() const { return values_; }
  std::size_t merged() const { return merged_; }
  const std::vector<UserRepetition>& repetitions() const { return repetitions_; }

 private:
  struct Places {
    std::uint32_t first;
    std::uint32_t second;
  };

  // Leaves each pair once; `count` becomes how many there are. Returns the repetition whose second place comes first.
  std::optional<Places> sort_row(Offset begin, Index& count) {
    const std::span<std::uint64_t> keys(keys_.data() + begin, count);
    if (!std::ranges::is_sorted(keys)) std::ranges::sort(keys);
    const Real* const read = read_.data() + begin;
    std::optional<Places> earliest;
    Offset out = begin;
    for (std::size_t k = 0; k < keys.size(); ++out) {
      const std::uint64_t item = keys[k] >> 32;
      const auto first = static_cast<std::uint32_t>(keys[k]);
      Real value = read[first];
      double sum = static_cast<double>(value);
      std::size_t times = 1;
      for (++k; k < keys.size() && keys[k] >> 32 == item; ++k) {
        const auto again = static_cast<std::uint32_t>(keys[k]);
        if (++times == 2 && (!earliest || again < earliest->second)) earliest = Places{first, again};
        sum += static_cast<double>(read[again]);
        if (duplicates_ == Duplicates::last) value = read[again];
        if (duplicates_ == Duplicates::mean) value = static_cast<Real>(sum / static_cast<double>(times));
      }
      items_[out] = static_cast<Index>(item);
      values_[out] = value;
    }
    count = static_cast<Index>(out - begin);
    return earliest;
  }

  // Moves rows together that have become shorter.
  void close_gaps(std::span<const Offset> offsets, Index first) {
    const Offset base = offsets[first];
    Offset to = 0;
    for (std::size_t row = 0; row < counts_.size(); ++row) {
      const Offset from = offsets[first + row] - base;
      if (to < from) {
        std::copy_n(items_.begin() + static_cast<std::ptrdiff_t>(from), counts_[row],
                    items_.begin() + static_cast<std::ptrdiff_t>(to));
        std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(from), counts_[row],
                    values_.begin() + static_cast<std::ptrdiff_t>(to));
      }
      to += counts_[row];
    }
    merged_ += items_.size() - to;
    items_.resize(to);
    values_.resize(to);
  }

  Duplicates duplicates_;
  std::vector<std::uint64_t> keys_;  // the item, and below it the place among the user's ratings
  std::vector<Real> read_;           // in the order of the files
  std::vector<Index> items_;
  std::vector<Real> values_;
  std::vector<Index> counts_;
  std::size_t merged_ = 0;
  std::vector<UserRepetition> repetitions_;
};

// Finds in the files' order which user's repetition comes first.
[[noreturn]] void refuse(const std::vector<UserRepetition>& repetitions, const MappedBytes& spool, std::size_t count,
                         Collector& collector) {
  const RatingList& list = collector.list();
  struct Progress {
    const UserRepetition* repetition = nullptr;
    std::uint32_t seen = 0;
    std::size_t first = 0;
  };
  std::vector<Progress> users(list.users.size());
  for (const UserRepetition& repetition : repetitions) users[repetition.user].repetition = &repetition;
  const auto records = spool.elements<Record>(0, count);
  for (std::size_t position = 0;; ++position) {
    const Record& record = records[position];
    Progress& user = users[record.user];
    if (!user.repetition) continue;
    if (user.seen == user.repetition->first) user.first = position;
    if (user.seen == user.repetition->second) {
      throw repetition_error(collector.place(user.first), collector.place(position), list.users[record.user],
                             list.items[record.item]);
    }
    ++user.seen;
  }
}

}  // namespace

Converted convert_to_odr(const std::vector<std::string>& paths, const ReadSettings& settings, std::size_t memory,
                         OutputFile& file) {
  for (const std::string& path : paths) {
    if (is_odr(path)) throw Error(fmt::format("{}: found an .odr file, expected ratings to convert into one", path));
  }
  odr::target_descriptor(file);  // before any work
  Converted result;
  Spool spool(file.path());
  Collector collector([&](const Triples& ratings) { spool.add(ratings); });
  result.sources = collect_all(paths, settings, collector);
  const IdTable& users = collector.list().users;
  OdrWriter writer(file, users, collector.list().items);

  const std::size_t count = spool.size();
  const std::vector<Offset> offsets = spool.offsets();
  const Offset most = std::max<std::size_t>({memory / kSortBytes, count / kMostGroups, 1});
  const std::vector<Index> groups = odr::cut_rows(offsets, 0, static_cast<Index>(offsets.size() - 1), most);
  const MappedBytes in_order = spool.map();
  std::unique_ptr<SpillFile> grouped;
  MappedBytes by_group;
  if (groups.size() > 2) {
    grouped = group_records(in_order, count, offsets, groups, file.path());
    by_group = grouped->map();
  }
  UserSorter sorter(settings.duplicates);
  for (std::size_t group = 0; group + 1 < groups.size(); ++group) {
    const Offset begin = offsets[groups[group]];
    const Offset end = offsets[groups[group + 1]];
    const MappedBytes& bytes = grouped ? by_group : in_order;
    sorter.sort(bytes.elements<Record>(begin * sizeof(Record), end - begin), offsets, groups[group], groups[group + 1]);
    bytes.forget(begin * sizeof(Record), (end - begin) * sizeof(Record));
    writer.add(sorter.counts(), sorter.items(), sorter.values());
  }
  if (settings.duplicates == Duplicates::refuse && !sorter.repetitions().empty()) {
    refuse(sorter.repetitions(), in_order, count, collector);
  }
  result.users = users.size();
  result.items = collector.list().items.size();
  result.merged = sorter.merged();
  result.ratings = count - result.merged;
  sorter = UserSorter(settings.duplicates);  // frees its memory
  result.values = writer.finish(memory);
  return result;
}

}  // namespace odot::inline ODOT_PRECISION
