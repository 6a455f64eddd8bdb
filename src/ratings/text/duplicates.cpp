// Per user, a stamp on every item tells whether it was there before. Lists that are sorted by user or by item are read
// as they are; of others, positions are bucketed by user.
#include "ratings/text/duplicates.hpp"

#include <fmt/format.h>
#include <tsl/robin_map.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "odot/core/parallel.hpp"
#include "ratings/text/fields.hpp"

namespace odot::inline ODOT_PRECISION::reading {
namespace {

constexpr std::size_t kMostBuckets = 256;
constexpr std::size_t kBucketRatings = 4096;  // a bucket should have at least about as many

std::size_t bucket_count(std::size_t ratings) { return std::min(ratings / kBucketRatings + 1, kMostBuckets); }

/// What one thread remembers of the user at hand.
template <class Position>
struct Stamps {
  explicit Stamps(Index items) : seen_by(items, kUnknown), first(items) {}
  std::vector<Index> seen_by;   // by item: the last user who had it
  std::vector<Position> first;  // by item: where that user had it first
};

/// Ranges of users and the positions of their ratings, ascending within a range.
template <class Position>
struct Buckets {
  std::vector<Position> positions;
  std::vector<std::size_t> begin;  // of every bucket, and the end
};

template <class Position>
Buckets<Position> bucket_by_user(const std::vector<Index>& user, Index users) {
  const std::size_t count = bucket_count(user.size());
  const auto bucket_of = [=](Index u) { return static_cast<std::size_t>(std::uint64_t{u} * count / users); };
  const VectorChunks chunks(user.size());
  std::vector<std::size_t> next(chunks.count() * count, 0);  // by chunk and bucket: counts, then where to write
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) ++next[chunk * count + bucket_of(user[k])];
  });
  Buckets<Position> out;
  std::size_t sum = 0;
  for (std::size_t bucket = 0; bucket < count; ++bucket) {
    out.begin.push_back(sum);
    for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
      const std::size_t ratings = next[chunk * count + bucket];
      next[chunk * count + bucket] = sum;
      sum += ratings;
    }
  }
  out.begin.push_back(sum);
  out.positions.resize(user.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k)
      out.positions[next[chunk * count + bucket_of(user[k])]++] = static_cast<Position>(k);
  });
  return out;
}

/// Calls repeated(bucket, first, second) for every occurrence of a pair after its first, in order for each user;
/// different users on different threads.
template <class Position, class Repeated>
void visit(const Triples& ratings, Index users, Index items, Repeated&& repeated) {
  const Buckets<Position> buckets = bucket_by_user<Position>(ratings.user, users);
  std::vector<Stamps<Position>> stamps(static_cast<std::size_t>(threads()), Stamps<Position>(0));
  parallel_for(buckets.begin.size() - 1, [&](std::size_t bucket) {
    const auto positions =
        std::span(buckets.positions).subspan(buckets.begin[bucket], buckets.begin[bucket + 1] - buckets.begin[bucket]);
    if (positions.empty()) return;
    Stamps<Position>& mine = stamps[static_cast<std::size_t>(thread_number())];
    if (mine.first.size() != items) mine = Stamps<Position>(items);

    // The bucket's users one after the other, each with ascending positions.
    Index lowest = kUnknown;
    Index highest = 0;
    for (const Position k : positions) {
      lowest = std::min(lowest, ratings.user[k]);
      highest = std::max(highest, ratings.user[k]);
    }
    std::vector<std::size_t> next(highest - lowest + std::size_t{2}, 0);
    for (const Position k : positions) ++next[ratings.user[k] - lowest + 1];
    for (std::size_t u = 1; u < next.size(); ++u) next[u] += next[u - 1];
    std::vector<Position> ordered(positions.size());
    for (const Position k : positions) ordered[next[ratings.user[k] - lowest]++] = k;

    for (const Position k : ordered) {
      const Index item = ratings.item[k];
      if (mine.seen_by[item] != ratings.user[k]) {
        mine.seen_by[item] = ratings.user[k];
        mine.first[item] = k;
      } else {
        repeated(bucket, static_cast<std::size_t>(mine.first[item]), static_cast<std::size_t>(k));
      }
    }
  });
}

template <class Repeated>
void visit_repetitions(const Triples& ratings, Index users, Index items, Repeated&& repeated) {
  if (ratings.size() <= std::numeric_limits<std::uint32_t>::max())
    visit<std::uint32_t>(ratings, users, items, repeated);
  else
    visit<std::uint64_t>(ratings, users, items, repeated);
}

template <class T>
void keep_marked(std::vector<T>& values, const std::vector<unsigned char>& removed) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < values.size(); ++k)
    if (!removed[k]) values[kept++] = values[k];
  values.resize(kept);
}

bool is_sorted(const std::vector<Index>& rows) {
  const VectorChunks chunks(rows.size());
  std::vector<unsigned char> falls(chunks.count(), 0);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    // Without a branch a row, and with the step into the chunk.
    unsigned char fall = 0;
    for (std::size_t k = std::max<std::size_t>(chunks.begin(chunk), 1); k < chunks.end(chunk); ++k)
      fall |= static_cast<unsigned char>(rows[k - 1] > rows[k]);
    falls[chunk] = fall;
  });
  return std::ranges::find(falls, 1) == falls.end();
}

/// Whether some pair (rows[k], columns[k]) occurs more than once, where rows are ascending.
bool repeats(const std::vector<Index>& rows, const std::vector<Index>& columns, Index column_count) {
  const VectorChunks chunks(rows.size());
  std::vector<unsigned char> found(chunks.count(), 0);
  std::vector<std::vector<Index>> stamps(static_cast<std::size_t>(threads()));
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    std::vector<Index>& seen_by = stamps[static_cast<std::size_t>(thread_number())];
    if (seen_by.size() != column_count) seen_by.assign(column_count, kUnknown);
    // A chunk has the rows that begin in it; stamps of the row before it do no harm.
    const auto whole_row = [&](std::size_t k) {
      while (k > 0 && k < rows.size() && rows[k] == rows[k - 1]) ++k;
      return k;
    };
    unsigned char repeated = 0;
    const std::size_t end = whole_row(chunks.end(chunk));
    for (std::size_t k = whole_row(chunks.begin(chunk)); k < end; ++k) {
      repeated |= static_cast<unsigned char>(seen_by[columns[k]] == rows[k]);
      seen_by[columns[k]] = rows[k];
    }
    found[chunk] = repeated;
  });
  return std::ranges::find(found, 1) != found.end();
}

/// True only where no pair occurs twice; cheap, and nearly always the answer for a list that is sorted.
bool is_sorted_without_repetition(const Triples& ratings, Index users, Index items) {
  if (is_sorted(ratings.user)) return !repeats(ratings.user, ratings.item, items);
  if (is_sorted(ratings.item)) return !repeats(ratings.item, ratings.user, users);
  return false;
}

}  // namespace

std::optional<Repetition> find_repetition(const Triples& ratings, Index users, Index items) {
  if (is_sorted_without_repetition(ratings, users, items)) return std::nullopt;
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::vector<Repetition> earliest(bucket_count(ratings.size()), {kNone, kNone});
  visit_repetitions(ratings, users, items, [&](std::size_t bucket, std::size_t first, std::size_t second) {
    if (second < earliest[bucket].second) earliest[bucket] = {first, second};
  });
  const auto best = std::min_element(earliest.begin(), earliest.end(),
                                     [](const Repetition& a, const Repetition& b) { return a.second < b.second; });
  if (best->second == kNone) return std::nullopt;
  return *best;
}

Error repetition_error(const std::string& first, const std::string& second, std::string_view user,
                       std::string_view item) {
  return Error::naming(
      fmt::format("{}: found a second rating of item {} by user {}, expected one: the first is at {} (", second,
                  printable(item), printable(user), first),
      "duplicates", " first, last or mean says what to do)");
}

std::size_t merge_repetitions(Triples& ratings, Index users, Index items, Duplicates which) {
  if (is_sorted_without_repetition(ratings, users, items)) return 0;
  struct Mean {
    double sum = 0;
    std::size_t count = 0;
  };
  std::vector<unsigned char> removed(ratings.size(), 0);
  std::vector<std::size_t> counts(bucket_count(ratings.size()), 0);
  std::vector<tsl::robin_map<std::size_t, Mean>> means(counts.size());  // by position
  visit_repetitions(ratings, users, items, [&](std::size_t bucket, std::size_t first, std::size_t second) {
    removed[second] = 1;
    ++counts[bucket];
    if (which == Duplicates::last) ratings.value[first] = ratings.value[second];
    if (which != Duplicates::mean) return;
    Mean& mean = means[bucket].try_emplace(first, Mean{static_cast<double>(ratings.value[first]), 1}).first.value();
    mean.sum += static_cast<double>(ratings.value[second]);
    ++mean.count;
    ratings.value[first] = static_cast<Real>(mean.sum / static_cast<double>(mean.count));
  });
  std::size_t merged = 0;
  for (const std::size_t count : counts) merged += count;
  if (merged == 0) return 0;
  keep_marked(ratings.user, removed);
  keep_marked(ratings.item, removed);
  keep_marked(ratings.value, removed);
  return merged;
}

}  // namespace odot::inline ODOT_PRECISION::reading
