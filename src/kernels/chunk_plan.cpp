#include "kernels/chunk_plan.hpp"

#include <algorithm>

namespace odot {
namespace {

// Ratings a chunk: enough to make its scheduling cost vanish, few enough that ten thousand ratings already keep
// several cores busy.
constexpr Offset kChunkWork = 4096;
constexpr Offset kRowWork = 4;  // of a row, whatever its ratings

}  // namespace

ChunkPlan::ChunkPlan(const Side& side) {
  Index first = 0;
  Offset work = 0;
  const auto close = [&](Index end) {
    if (first < end) chunks.push_back({first, end, side.offsets[first], side.offsets[end], Chunk::kWhole});
    first = end;
    work = 0;
  };
  for (Index row = 0; row < side.rows(); ++row) {
    const Offset count = side.count(row);
    if (count >= 2 * kChunkWork) {
      close(row);
      const Offset parts = count / kChunkWork;
      const std::size_t first_piece = pieces;
      for (Offset part = 0; part < parts; ++part) {
        chunks.push_back({row, row + 1, side.offsets[row] + count * part / parts,
                          side.offsets[row] + count * (part + 1) / parts, pieces++});
      }
      long_rows.push_back({row, first_piece, pieces});
      first = row + 1;
      continue;
    }
    work += count + kRowWork;
    if (work >= kChunkWork) close(row + 1);
  }
  close(side.rows());
}

}  // namespace odot
