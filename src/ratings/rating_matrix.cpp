// Building both orientations of the rating matrix by counting sorts.
#include "odot/ratings/rating_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"

namespace odot {
namespace {

// Writes to `offsets` where each row's part begins when `keys` (all < rows) are sorted, and calls
// place(k, position of keys[k] in sorted order) for every k, in parallel. The sort is stable, so the result is one
// and the same however the work is cut.
template <class Place>
void counting_sort(std::span<const Index> keys, Index rows, std::vector<Offset>& offsets, Place place) {
  const std::size_t count = keys.size();
  // Each chunk has its own counter for every row: few enough that counters take less memory than the keys' values.
  const std::size_t chunks = std::clamp<std::size_t>(count / (4 * (std::size_t{rows} + 1)), 1, 16);
  const auto begin = [&](std::size_t chunk) { return count * chunk / chunks; };

  std::vector<std::vector<Offset>> next(chunks);
  parallel_for(chunks, [&](std::size_t chunk) {
    next[chunk].assign(rows, 0);
    for (std::size_t k = begin(chunk); k < begin(chunk + 1); ++k) ++next[chunk][keys[k]];
  });
  offsets.resize(std::size_t{rows} + 1);
  Offset position = 0;
  for (Index row = 0; row < rows; ++row) {
    offsets[row] = position;
    for (auto& counters : next) {
      const Offset here = counters[row];
      counters[row] = position;
      position += here;
    }
  }
  offsets[rows] = position;
  parallel_for(chunks, [&](std::size_t chunk) {
    for (std::size_t k = begin(chunk); k < begin(chunk + 1); ++k) place(k, next[chunk][keys[k]]++);
  });
}

// The row of every position.
std::vector<Index> rows_of(const Side& side) {
  std::vector<Index> rows(side.size());
  for_each_element(side.rows(), [&](std::size_t row) {
    std::fill(rows.begin() + static_cast<std::ptrdiff_t>(side.offsets[row]),
              rows.begin() + static_cast<std::ptrdiff_t>(side.offsets[row + 1]), static_cast<Index>(row));
  });
  return rows;
}

void check_range(const std::vector<Index>& indices, Index count, const char* what) {
  for_each_element(indices.size(), [&](std::size_t k) {
    if (indices[k] >= count) {
      throw Error(fmt::format("rating {} has {} index {}, but there are only {}", k, what, indices[k], count));
    }
  });
}

}  // namespace

RatingMatrix::RatingMatrix(Index users, Index items, const Triples& ratings, double shift) {
  check_range(ratings.user, users, "user");
  check_range(ratings.item, items, "item");
  const std::size_t count = ratings.size();
  for (Storage* storage : {&by_user_, &by_item_}) {
    storage->indices.resize(count);
    storage->values.resize(count);
  }

  // Sorted by item, then stably by user, rows of users have ascending items; then stably by item again, and
  // rows of items have ascending users.
  counting_sort(ratings.item, items, by_item_.offsets, [&](std::size_t from, Offset to) {
    by_item_.indices[to] = ratings.user[from];
    by_item_.values[to] = static_cast<Real>(static_cast<double>(ratings.value[from]) - shift);
  });
  const auto transpose = [](const Storage& from, Index rows, Storage& out) {
    const std::vector<Index> row = rows_of(from.view());
    counting_sort(from.indices, rows, out.offsets, [&](std::size_t k, Offset to) {
      out.indices[to] = row[k];
      out.values[to] = from.values[k];
    });
  };
  transpose(by_item_, users, by_user_);
  transpose(by_user_, items, by_item_);
}

}  // namespace odot
