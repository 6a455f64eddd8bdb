// Chunks hold every rating exactly once, are balanced, and depend on the ratings alone.
#include "kernels/chunk_plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "odot/core/parallel.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

// The offsets of rows with these many ratings, and as many indices and values as they need.
struct Counts {
  explicit Counts(const std::vector<Offset>& counts) : offsets(counts.size() + 1) {
    std::partial_sum(counts.begin(), counts.end(), offsets.begin() + 1);
    indices.resize(offsets.back());
    values.resize(offsets.back());
  }
  RatingSide side() const { return {offsets, indices, RatingValues(values.data(), 0)}; }

  std::vector<Offset> offsets;
  std::vector<Index> indices;
  std::vector<Real> values;
};

// No chunk may be much more work than another: at most this many ratings, a few rows' worth.
constexpr Offset kMostRatings = 3 * 4096;

void check_plan(const RatingSide& side) {
  const ChunkPlan plan(side);
  std::vector<int> rating_seen(side.size(), 0);
  std::vector<int> row_seen(side.rows(), 0);
  std::vector<int> piece_seen(plan.pieces, 0);
  bool in_range = true;
  Offset most = 0;
  for (const Chunk& chunk : plan.chunks) {
    REQUIRE(chunk.row_begin < chunk.row_end);
    REQUIRE(chunk.row_end <= side.rows());
    REQUIRE(chunk.begin <= chunk.end);
    most = std::max(most, chunk.end - chunk.begin);
    for (Offset t = chunk.begin; t < chunk.end; ++t) ++rating_seen[t];
    in_range = in_range && chunk.begin >= side.offsets[chunk.row_begin] && chunk.end <= side.offsets[chunk.row_end];
    if (chunk.piece == Chunk::kWhole) {
      for (Index row = chunk.row_begin; row < chunk.row_end; ++row) ++row_seen[row];
      in_range = in_range && chunk.begin == side.offsets[chunk.row_begin] && chunk.end == side.offsets[chunk.row_end];
    } else {
      REQUIRE(chunk.piece < plan.pieces);
      ++piece_seen[chunk.piece];
      CHECK(chunk.row_end == chunk.row_begin + 1);
      CHECK(std::any_of(plan.long_rows.begin(), plan.long_rows.end(), [&](const LongRow& row) {
        return row.row == chunk.row_begin && row.first_piece <= chunk.piece && chunk.piece < row.end_piece;
      }));
    }
  }
  for (const LongRow& row : plan.long_rows) {
    ++row_seen[row.row];
    CHECK(row.end_piece - row.first_piece >= 2);
  }
  const auto all_one = [](const std::vector<int>& seen) {
    return std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; });
  };
  CHECK(in_range);
  CHECK(all_one(rating_seen));
  CHECK(all_one(row_seen));
  CHECK(all_one(piece_seen));
  CHECK(most <= kMostRatings);
  // Enough of them to share out: the average is not far below the largest.
  CHECK(plan.chunks.size() >= side.size() / kMostRatings);
  CHECK(plan.chunks.size() <= 2 + plan.long_rows.size() + (side.size() + 8 * side.rows()) / 4096);
}

TEST_CASE("every rating and every row is in one chunk, whatever the rows' lengths") {
  check_plan(Counts({}).side());
  check_plan(Counts({0}).side());
  check_plan(Counts({1}).side());
  check_plan(Counts({0, 0, 5, 0}).side());
  check_plan(Counts({100000}).side());
  check_plan(Counts({8191, 8192, 8193, 0, 16384, 12287, 4095, 4096, 4097}).side());
  check_plan(Counts({3, 50000, 0, 50001, 2}).side());
  check_plan(Counts(std::vector<Offset>(30000, 0)).side());
  check_plan(Counts(std::vector<Offset>(30000, 7)).side());

  test::Uniform uniform(5);
  std::vector<Offset> skewed(2000);
  for (Offset& count : skewed) count = static_cast<Offset>(20 / std::pow(uniform(1e-4, 1), 0.8));
  check_plan(Counts(skewed).side());
}

TEST_CASE("rows without ratings are work too: a million of them are more than one chunk") {
  const ChunkPlan plan(Counts(std::vector<Offset>(1000000, 0)).side());
  CHECK(plan.chunks.size() >= 64);
}

TEST_CASE("a row with half of all ratings is cut into pieces of equal length") {
  std::vector<Offset> counts(1001, 100);
  counts[500] = 100000;
  const ChunkPlan plan(Counts(counts).side());
  REQUIRE(plan.long_rows.size() == 1);
  CHECK(plan.long_rows[0].row == 500);
  Offset shortest = 100000;
  Offset longest = 0;
  for (const Chunk& chunk : plan.chunks) {
    if (chunk.piece == Chunk::kWhole) continue;
    shortest = std::min(shortest, chunk.end - chunk.begin);
    longest = std::max(longest, chunk.end - chunk.begin);
  }
  CHECK(longest - shortest <= 1);
  CHECK(plan.pieces >= 8);
}

TEST_CASE("the plan does not depend on the number of threads") {
  std::vector<Offset> counts(3000, 17);
  counts[7] = 60000;
  const Counts data(counts);
  set_threads(1);
  const ChunkPlan one(data.side());
  set_threads(8);
  const ChunkPlan eight(data.side());
  set_threads(0);
  REQUIRE(one.chunks.size() == eight.chunks.size());
  bool equal = true;
  for (std::size_t k = 0; k < one.chunks.size(); ++k) {
    const Chunk& a = one.chunks[k];
    const Chunk& b = eight.chunks[k];
    equal = equal && a.row_begin == b.row_begin && a.row_end == b.row_end && a.begin == b.begin && a.end == b.end &&
            a.piece == b.piece;
  }
  CHECK(equal);
}

}  // namespace
}  // namespace odot
