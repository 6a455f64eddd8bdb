// Cutting rows into chunks by the number of their ratings, and long rows into pieces.
#include "kernels/chunk_plan.hpp"

#include <algorithm>

namespace odot::inline ODOT_PRECISION {
ChunkPlan::ChunkPlan(const RatingSide& side, Index first, Index end_row, const ChunkWork& limits) {
  Offset work = 0;
  const auto close = [&](Index end) {
    if (first < end) chunks.push_back({first, end, side.offsets[first], side.offsets[end], Chunk::kWhole});
    first = end;
    work = 0;
  };
  for (Index row = first; row < end_row; ++row) {
    const Offset count = side.count(row);
    if (count >= 2 * limits.ratings) {
      close(row);
      const Offset parts = count / limits.ratings;
      const std::size_t first_piece = pieces;
      const std::size_t first_chunk = chunks.size();
      for (Offset part = 0; part < parts; ++part) {
        chunks.push_back({row, row + 1, side.offsets[row] + count * part / parts,
                          side.offsets[row] + count * (part + 1) / parts, pieces++});
      }
      long_rows.push_back({row, first_piece, pieces, first_chunk});
      first = row + 1;
      continue;
    }
    work += count + limits.row;
    if (work >= limits.ratings) close(row + 1);
  }
  close(end_row);
}

}  // namespace odot::inline ODOT_PRECISION
