// Building both orientations of the rating matrix by counting sorts.
#include "odot/ratings/rating_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/core/page_allocator.hpp"
#include "odot/core/vector.hpp"
#include "ratings/value_codes.hpp"
#include "ratings/value_summary.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

struct PagesFreed {
  void operator()(void* memory) const { free_pages(memory); }
};

// One orientation in memory, its values of type Value: Real, or codes.
template <class Value>
struct Storage {
  std::vector<Offset> offsets;
  std::unique_ptr<Index[], PagesFreed> indices;
  std::unique_ptr<Value[], PagesFreed> values;
  std::size_t size;

  // Indices and values are not set.
  Storage(std::size_t count, Index rows)
      : offsets(std::size_t{rows} + 1),
        indices(static_cast<Index*>(allocate_pages(count * sizeof(Index)))),
        values(static_cast<Value*>(allocate_pages(count * sizeof(Value)))),
        size(count) {}

  Index rows() const { return static_cast<Index>(offsets.size() - 1); }

  StoredSide view() const {
    StoredSide side{offsets, {indices.get(), size}};
    if constexpr (sizeof(Value) == 1)
      side.codes = values.get();
    else
      side.plain = values.get();
    return side;
  }
};

template <class Value>
struct BothSides {
  Storage<Value> by_user;
  Storage<Value> by_item;
};

// Sorts stably by row. The list is cut into chunks, each with its own counter for every row, so few that the counters
// take less memory than the ratings; the result is the same however it is cut.
template <class Value>
Storage<Value> sort_by_row(std::span<const Index> rows, std::span<const Index> indices, std::span<const Value> values,
                           Index row_count) {
  const std::size_t count = rows.size();
  Storage<Value> out(count, row_count);
  const std::size_t chunks = std::clamp<std::size_t>(count / (4 * (std::size_t{row_count} + 1)), 1, 16);
  const auto begin = [&](std::size_t chunk) { return count * chunk / chunks; };
  std::vector<std::vector<Offset>> next(chunks);  // by chunk and row: counts, then where to write
  parallel_for(chunks, [&](std::size_t chunk) {
    next[chunk].assign(row_count, 0);
    for (std::size_t k = begin(chunk); k < begin(chunk + 1); ++k) ++next[chunk][rows[k]];
  });
  Offset position = 0;
  for (Index row = 0; row < row_count; ++row) {
    out.offsets[row] = position;
    for (std::vector<Offset>& counters : next) position += std::exchange(counters[row], position);
  }
  out.offsets[row_count] = position;
  parallel_for(chunks, [&](std::size_t chunk) {
    Offset* const to = next[chunk].data();
    for (std::size_t k = begin(chunk); k < begin(chunk + 1); ++k) {
      const Offset at = to[rows[k]]++;
      out.indices[at] = indices[k];
      out.values[at] = values[k];
    }
  });
  return out;
}

constexpr std::size_t kRowChunks = 256;  // at most

// Whether every row has ascending indices, as it has when the list was sorted by the other side.
template <class Value>
bool has_sorted_rows(const Storage<Value>& side) {
  const std::size_t chunks = std::min<std::size_t>(side.rows(), kRowChunks);
  std::vector<unsigned char> sorted(chunks, 1);
  parallel_for(chunks, [&](std::size_t chunk) {
    const std::size_t end = side.rows() * (chunk + 1) / chunks;
    for (std::size_t row = side.rows() * chunk / chunks; row < end && sorted[chunk]; ++row) {
      const Index* const indices = side.indices.get();
      sorted[chunk] = std::is_sorted(indices + side.offsets[row], indices + side.offsets[row + 1]);
    }
  });
  return std::ranges::find(sorted, 0) == sorted.end();
}

// The row of every rating.
template <class Value>
std::vector<Index> rows_of(const Storage<Value>& side) {
  std::vector<Index> out(side.size);
  const std::size_t chunks = std::min<std::size_t>(side.rows(), kRowChunks);
  parallel_for(chunks, [&](std::size_t chunk) {
    for (std::size_t row = side.rows() * chunk / chunks; row < side.rows() * (chunk + 1) / chunks; ++row) {
      std::fill(out.data() + side.offsets[row], out.data() + side.offsets[row + 1], static_cast<Index>(row));
    }
  });
  return out;
}

// `from` with rows and indices exchanged, in order within the new rows.
template <class Value>
Storage<Value> transpose(const Storage<Value>& from, Index row_count) {
  return sort_by_row<Value>({from.indices.get(), from.size}, rows_of(from), {from.values.get(), from.size}, row_count);
}

// The same for sorted rows. Each task writes a block of the new rows, few enough that where they are written to stays
// in the cache, and goes through the part of every old row that belongs to it.
template <class Value>
Storage<Value> transpose_sorted(const Storage<Value>& from, Index row_count) {
  constexpr std::size_t kUsefulPart = 32;  // ratings of an old row in a block that make up for finding them
  constexpr std::size_t kFewest = 8;       // blocks that make it worth while
  constexpr std::size_t kMost = 32;
  const std::size_t blocks = std::min(from.size / (kUsefulPart * (std::size_t{from.rows()} + 1)), kMost);
  if (blocks < kFewest) return transpose(from, row_count);
  Storage<Value> out(from.size, row_count);
  // Calls visit(row, k) for every rating of `from` whose index is in a block.
  const auto visit_block = [&](std::size_t begin, std::size_t end, auto visit) {
    if (begin == end) return;
    const Index* const indices = from.indices.get();
    for (Index row = 0; row < from.rows(); ++row) {
      const Offset row_end = from.offsets[row + 1];
      const Index* const first = std::lower_bound(indices + from.offsets[row], indices + row_end, begin);
      for (auto k = static_cast<Offset>(first - indices); k < row_end && indices[k] < end; ++k) visit(row, k);
    }
  };
  const auto begin_of = [&](std::size_t block) { return row_count * block / blocks; };
  parallel_for(blocks, [&](std::size_t block) {
    visit_block(begin_of(block), begin_of(block + 1), [&](Index, Offset k) { ++out.offsets[from.indices[k] + 1]; });
  });
  for (std::size_t row = 0; row < row_count; ++row) out.offsets[row + 1] += out.offsets[row];
  parallel_for(blocks, [&](std::size_t block) {
    const std::size_t begin = begin_of(block);
    const std::size_t end = begin_of(block + 1);
    std::vector<Offset> next(out.offsets.begin() + static_cast<std::ptrdiff_t>(begin),
                             out.offsets.begin() + static_cast<std::ptrdiff_t>(end));
    visit_block(begin, end, [&](Index row, Offset k) {
      const Offset at = next[from.indices[k] - begin]++;
      out.indices[at] = row;
      out.values[at] = from.values[k];
    });
  });
  return out;
}

// Of `ratings` without their values, which are `values`. Both are freed as soon as they are not needed any more.
template <class Value>
std::shared_ptr<BothSides<Value>> build(Index users, Index items, Triples ratings, std::vector<Value> values) {
  Storage<Value> by_item = sort_by_row<Value>(ratings.item, ratings.user, values, items);
  ratings = {};
  values = std::vector<Value>();  // unlike {}, frees memory
  if (has_sorted_rows(by_item)) {
    Storage<Value> by_user = transpose_sorted(by_item, users);
    return std::make_shared<BothSides<Value>>(BothSides<Value>{std::move(by_user), std::move(by_item)});
  }
  // Sorted by item, then stably by user, rows of users have ascending items, and may be exchanged.
  Storage<Value> by_user = transpose(by_item, users);
  by_item = Storage<Value>(0, 0);
  by_item = transpose_sorted(by_user, items);
  return std::make_shared<BothSides<Value>>(BothSides<Value>{std::move(by_user), std::move(by_item)});
}

void check_range(const std::vector<Index>& indices, Index count, const char* what) {
  const VectorChunks chunks(indices.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    const std::span part = std::span(indices).subspan(chunks.begin(chunk), chunks.end(chunk) - chunks.begin(chunk));
    Index highest = 0;
    for (const Index index : part) highest = std::max(highest, index);
    if (highest < count) return;
    const auto wrong = std::ranges::find_if(part, [&](Index index) { return index >= count; });
    throw Error(fmt::format("rating {} has {} index {}, but there are only {}",
                            chunks.begin(chunk) + static_cast<std::size_t>(wrong - part.begin()), what, *wrong, count),
                ErrorKind::usage);
  });
}

// The codes of `values`, and how many there are of each.
std::vector<std::uint8_t> encode(const std::vector<Real>& values, const ValueCodes& codes,
                                 std::vector<std::uint64_t>& counts) {
  using Counts = std::array<std::uint64_t, ValueCodes::kMost>;
  std::vector<std::uint8_t> out(values.size());
  const VectorChunks chunks(values.size());
  std::vector<Counts> by_chunk(chunks.count());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    Counts here{};
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) ++here[out[k] = codes(values[k])];
    by_chunk[chunk] = here;
  });
  counts.assign(codes.values().size(), 0);
  for (const Counts& here : by_chunk)
    for (std::size_t code = 0; code < counts.size(); ++code) counts[code] += here[code];
  return out;
}

}  // namespace

RatingMatrix::RatingMatrix(Index users, Index items, Triples ratings) {
  const std::size_t count = ratings.size();
  check_range(ratings.user, users, "user");
  check_range(ratings.item, items, "item");
  const auto keep = [&](auto sides) {
    by_user_ = sides->by_user.view();
    by_item_ = sides->by_item.view();
    storage_ = std::move(sides);
  };
  std::vector<Real> values = std::move(ratings.value);
  if (const auto found = ValueCodes::find(values)) {
    table_ = found->values();
    std::vector<std::uint64_t> counts;
    std::vector<std::uint8_t> codes = encode(values, *found, counts);
    values = std::vector<Real>();
    summary_ = summarize_counts(table_, counts);
    keep(build(users, items, std::move(ratings), std::move(codes)));
  } else {
    keep(build(users, items, std::move(ratings), std::move(values)));
    // In the order of users, so that it is the same bits in whatever order ratings were given.
    summary_ = summarize_values({by_user_.plain, count});
  }
  subtract(0);
}

RatingMatrix::RatingMatrix(const StoredSide& by_user, const StoredSide& by_item, std::vector<Real> table,
                           const ValueSummary& summary, std::shared_ptr<const void> storage)
    : by_user_(by_user), by_item_(by_item), table_(std::move(table)), summary_(summary), storage_(std::move(storage)) {
  subtract(0);
}

void RatingMatrix::subtract(double constant) {
  shift_ = constant;
  shifted_table_.resize(table_.size());
  std::ranges::transform(table_, shifted_table_.begin(),
                         [&](Real value) { return static_cast<Real>(static_cast<double>(value) - constant); });
}

}  // namespace odot::inline ODOT_PRECISION
