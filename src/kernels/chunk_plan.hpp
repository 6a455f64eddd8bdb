// How the rows of a RatingSide are cut into chunks of nearly equal work.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// Either the rows [row_begin, row_end) with all their ratings, or one piece of a single long row. Ratings are those at
/// positions [begin, end).
struct Chunk {
  Index row_begin;
  Index row_end;
  Offset begin;
  Offset end;
  std::size_t piece;  ///< number of the piece, or kWhole

  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);
};

/// A row that is cut into pieces, because it alone is more work than a chunk should be.
struct LongRow {
  Index row;
  std::size_t first_piece;
  std::size_t end_piece;
  std::size_t first_chunk;  ///< the pieces are consecutive chunks from this one on
};

/// What a chunk is made of: by default enough ratings to make its scheduling cost vanish, few enough that ten thousand
/// already keep several cores busy.
struct ChunkWork {
  Offset ratings = 4096;  ///< of a chunk
  Offset row = 4;         ///< what a row costs whatever its ratings, in ratings
};

/// Every row is in exactly one chunk or one LongRow. Depends on the ratings alone, never on the number of threads.
struct ChunkPlan {
  explicit ChunkPlan(const RatingSide& side, const ChunkWork& work = {}) : ChunkPlan(side, 0, side.rows(), work) {}

  /// Of the rows [first, end) only.
  ChunkPlan(const RatingSide& side, Index first, Index end, const ChunkWork& work);

  std::vector<Chunk> chunks;
  std::vector<LongRow> long_rows;
  std::size_t pieces = 0;
};

}  // namespace odot::inline ODOT_PRECISION
