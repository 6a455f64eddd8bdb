// The frame of the masked passes that give every row sums over its ratings.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/pack.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/vector.hpp"

namespace odot {

/// What a pass adds up beside its rows.
struct PassSums {
  double squared_error = 0;  ///< Σ e_ij² over the side's ratings, e_ij = row_i·column_j − x_ij
  double penalty = 0;        ///< Σ λ_i ‖row_i‖² without the pinned column
};

/// Reads the ratings of one side once, in parallel. Sums are the same bits on any number of threads.
class RowPass {
 public:
  /// `side` must outlive this; `size` is the number of Reals that the sums of a row take, a multiple of kLanes.
  RowPass(const Side& side, std::size_t size)
      : side_(side), size_(size), plan_(side), sums_(plan_.chunks.size()), pieces_(plan_.pieces * size) {}

  /// For every row: accumulate(row, begin, end, sums) writes the sums over the ratings at [begin, end), all of the
  /// row's or a piece of them, and returns their squared error; finish(row, sums) gets the sums over all of them and
  /// returns the row's penalty. place(row) is where the row's sums are kept in between.
  template <class Place, class Accumulate, class Finish>
  PassSums run(Place&& place, Accumulate&& accumulate, Finish&& finish) {
    parallel_for(plan_.chunks.size(), [&](std::size_t number) {
      const Chunk& chunk = plan_.chunks[number];
      PassSums sums;
      side_.read(chunk.begin, chunk.end, [&] {
        if (chunk.piece != Chunk::kWhole) {
          Real* piece = pieces_.data() + chunk.piece * size_;
          sums.squared_error = accumulate(chunk.row_begin, chunk.begin, chunk.end, piece);
          return;
        }
        for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
          Real* out = place(row);
          sums.squared_error += accumulate(row, side_.offsets[row], side_.offsets[row + 1], out);
          sums.penalty += finish(row, out);
        }
      });
      sums_[number] = sums;
    });
    PassSums total;
    for (const LongRow& long_row : plan_.long_rows) {
      Real* out = place(long_row.row);
      std::fill(out, out + size_, Real{0});
      for (std::size_t piece = long_row.first_piece; piece < long_row.end_piece; ++piece) {
        const Real* part = pieces_.data() + piece * size_;
        for (std::size_t k = 0; k < size_; ++k) out[k] += part[k];
      }
      total.penalty += finish(long_row.row, out);
    }
    for (const PassSums& sums : sums_) {
      total.squared_error += sums.squared_error;
      total.penalty += sums.penalty;
    }
    return total;
  }

 private:
  Side side_;
  std::size_t size_;
  ChunkPlan plan_;
  std::vector<PassSums> sums_;  // of each chunk
  Vector pieces_;               // sums of the long rows' pieces
};

}  // namespace odot
