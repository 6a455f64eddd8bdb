// Building both orientations of the rating matrix by counting sorts.
#include "odot/ratings/rating_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"
#include "ratings/value_codes.hpp"

namespace odot {
namespace {

// Where each row's part begins when ratings are sorted by row, and where each chunk of them places its own.
struct Places {
  std::vector<Offset> offsets;
  std::vector<std::vector<Offset>> next;  // by chunk and row
};

std::size_t chunk_count(std::size_t count, Index rows) {
  // Each chunk has its own counter for every row: few enough that counters take less memory than the ratings.
  return std::clamp<std::size_t>(count / (4 * (std::size_t{rows} + 1)), 1, 16);
}

// visit(chunk, f) calls f(row) for every rating of a chunk in order.
template <class Visit>
Places count_places(std::size_t chunks, Index rows, Visit visit) {
  Places places;
  places.next.resize(chunks);
  parallel_for(chunks, [&](std::size_t chunk) {
    std::vector<Offset>& counters = places.next[chunk];
    counters.assign(rows, 0);
    visit(chunk, [&](Index row) { ++counters[row]; });
  });
  places.offsets.resize(std::size_t{rows} + 1);
  Offset position = 0;
  for (Index row = 0; row < rows; ++row) {
    places.offsets[row] = position;
    for (auto& counters : places.next) {
      const Offset here = counters[row];
      counters[row] = position;
      position += here;
    }
  }
  places.offsets[rows] = position;
  return places;
}

// One orientation in memory, its values of type Value: Real, or codes.
template <class Value>
struct Storage {
  std::vector<Offset> offsets;
  std::vector<Index> indices;
  std::vector<Value> values;

  explicit Storage(std::size_t count) : indices(count), values(count) {}

  StoredSide view() const {
    StoredSide side{offsets, indices};
    if constexpr (sizeof(Value) == 1)
      side.codes = values.data();
    else
      side.plain = values.data();
    return side;
  }
};

template <class Value>
struct BothSides {
  explicit BothSides(std::size_t count) : by_user(count), by_item(count) {}
  Storage<Value> by_user;
  Storage<Value> by_item;
};

// Sorts stably by row: visit(chunk, f) calls f(row, index, value) for every rating of a chunk in order. The result is
// one and the same however the work is cut.
template <class Value, class Visit>
void sort_by_row(std::size_t chunks, Index rows, Storage<Value>& out, Visit visit) {
  Places places = count_places(
      chunks, rows, [&](std::size_t chunk, auto count) { visit(chunk, [&](Index row, Index, auto) { count(row); }); });
  parallel_for(chunks, [&](std::size_t chunk) {
    std::vector<Offset>& next = places.next[chunk];
    visit(chunk, [&](Index row, Index index, auto value) {
      const Offset to = next[row]++;
      out.indices[to] = index;
      out.values[to] = value;
    });
  });
  out.offsets = std::move(places.offsets);
}

// `from`, which has ascending indices if its source had, with rows and indices exchanged.
template <class Value>
void transpose(const Storage<Value>& from, Index rows, Storage<Value>& out) {
  const std::size_t count = from.indices.size();
  const std::size_t chunks = chunk_count(count, rows);
  sort_by_row(chunks, rows, out, [&](std::size_t chunk, auto visit) {
    const std::size_t end = count * (chunk + 1) / chunks;
    std::size_t k = count * chunk / chunks;
    auto row = static_cast<std::size_t>(std::ranges::upper_bound(from.offsets, k) - from.offsets.begin()) - 1;
    for (; k < end; ++row) {
      for (const std::size_t row_end = std::min<std::size_t>(end, from.offsets[row + 1]); k < row_end; ++k) {
        visit(from.indices[k], static_cast<Index>(row), from.values[k]);
      }
    }
  });
}

// `ratings` is freed as soon as it is not needed any more.
template <class Value, class Convert>
std::shared_ptr<BothSides<Value>> build(Index users, Index items, Triples ratings, Convert convert) {
  const std::size_t count = ratings.size();
  auto sides = std::make_shared<BothSides<Value>>(0);
  // Sorted by item, then stably by user, rows of users have ascending items; then stably by item again, and rows of
  // items have ascending users.
  sides->by_item = Storage<Value>(count);
  const std::size_t chunks = chunk_count(count, items);
  sort_by_row(chunks, items, sides->by_item, [&](std::size_t chunk, auto visit) {
    const std::size_t end = count * (chunk + 1) / chunks;
    for (std::size_t k = count * chunk / chunks; k < end; ++k) {
      visit(ratings.item[k], ratings.user[k], convert(ratings.value[k]));
    }
  });
  const bool in_order = std::ranges::is_sorted(ratings.user);
  ratings = {};
  sides->by_user = Storage<Value>(count);
  transpose(sides->by_item, users, sides->by_user);
  if (!in_order) transpose(sides->by_user, items, sides->by_item);
  return sides;
}

void check_range(const std::vector<Index>& indices, Index count, const char* what) {
  for_each_element(indices.size(), [&](std::size_t k) {
    if (indices[k] >= count) {
      throw Error(fmt::format("rating {} has {} index {}, but there are only {}", k, what, indices[k], count));
    }
  });
}

}  // namespace

RatingMatrix::RatingMatrix(Index users, Index items, Triples ratings) : summary_(summarize(ratings.value)) {
  check_range(ratings.user, users, "user");
  check_range(ratings.item, items, "item");
  const auto keep = [&](auto sides) {
    by_user_ = sides->by_user.view();
    by_item_ = sides->by_item.view();
    storage_ = std::move(sides);
  };
  if (const auto codes = ValueCodes::find(ratings.value)) {
    table_ = codes->values();
    keep(build<std::uint8_t>(users, items, std::move(ratings), *codes));
  } else {
    keep(build<Real>(users, items, std::move(ratings), [](Real value) { return value; }));
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

}  // namespace odot
