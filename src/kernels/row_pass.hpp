// The frame of the masked passes that give every row sums over its ratings.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/penalty.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {

/// What a pass adds up beside its rows.
struct PassSums {
  double squared_error = 0;  ///< Σ e_ij² over the side's ratings, e_ij = row_i·column_j − x_ij
  double penalty = 0;        ///< Σ λ_i ‖row_i‖² without the pinned column

  PassSums& operator+=(const PassSums& part) {
    squared_error += part.squared_error;
    penalty += part.penalty;
    return *this;
  }
};

/// What a pass works on that writes a row for every row.
struct RowTask {
  const RatingSide& side;
  std::size_t stride;
  const Real* rows;
  const Real* columns;
  bool prefetch;  ///< of columns
  const Penalty& penalty;
  Real* out;
  const Real* matrix = nullptr;  ///< stride × stride and
  const Real* linear = nullptr;  ///< one row: what all entries are to the rows, or null
};

/// The ratings at [begin, end) are all or some of one row's.
struct RowPiece {
  Index row;
  Offset begin;
  Offset end;
};

/// How often a kernel reads a column: a sum that follows when all of a tile's products are known holds up the reads of
/// the next tile.
enum class Reads { once, twice };

/// Whether the columns of a side are better fetched ahead of their use: measured, that saves a sixth of the time where
/// they exceed the second-level cache, or half of it if they are read twice, and each is several cache lines; it costs
/// some where the processor, which looks ahead by itself, finds them in time.
inline bool worth_prefetching(const RatingSide& side, std::size_t stride, Reads reads) {
  const std::size_t cache = std::size_t{reads == Reads::once ? 4u : 1u} << 20;  // bytes
  constexpr std::size_t kColumn = 128;                                          // bytes
  const std::size_t column = stride * sizeof(Real);
  return column > kColumn && side.columns * column > cache;
}

/// Reads the ratings of one side once, in parallel. Sums are the same bits on any number of threads.
class RowPass {
 public:
  /// `side` must outlive this; `size` is the number of Reals that the sums of a row take, a multiple of kLanes.
  RowPass(const RatingSide& side, std::size_t size)
      : side_(side), size_(size), plan_(side), sums_(plan_.chunks.size()), pieces_(plan_.pieces * size) {}

  /// whole(chunk) does all that is to be done for the rows of a chunk and returns their sums. For a row that is cut
  /// into pieces, part(piece, sums) writes the sums over a piece's ratings and returns their squared error;
  /// finish(row, sums) gets the sums over all of them, does the rest and returns the row's penalty.
  template <class Whole, class Part, class Finish>
  PassSums run(Whole&& whole, Part&& part, Finish&& finish) {
    parallel_for(plan_.chunks.size(), [&](std::size_t number) {
      const Chunk& chunk = plan_.chunks[number];
      side_.read(chunk.begin, chunk.end, [&] {
        if (chunk.piece == Chunk::kWhole) {
          sums_[number] = whole(chunk);
        } else {
          Real* sums = pieces_.data() + chunk.piece * size_;
          sums_[number] = {part(RowPiece{chunk.row_begin, chunk.begin, chunk.end}, sums), 0};
        }
      });
    });
    PassSums total;
    add_in_order(plan_.long_rows, total.penalty, [&](const LongRow& row) {
      const Span pieces = Span(pieces_).subspan(row.first_piece * size_, (row.end_piece - row.first_piece) * size_);
      add_elements_in_order<Real>(pieces.subspan(size_), pieces.first(size_));
      return finish(row.row, pieces.data());
    });
    add_in_order(sums_, total);
    return total;
  }

 private:
  RatingSide side_;
  std::size_t size_;
  ChunkPlan plan_;
  std::vector<PassSums> sums_;  // of each chunk
  Vector pieces_;               // sums of the long rows' pieces
};

}  // namespace odot::inline ODOT_PRECISION
