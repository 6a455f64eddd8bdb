#include "kernels/masked_line.hpp"

#include <algorithm>

#include "kernels/pack.hpp"
#include "odot/core/parallel.hpp"

namespace odot {
namespace {

// Adds the ratings [begin, end) of one row to the sums.
template <class Width>
void accumulate(Width width, const Side& side, Offset begin, Offset end, const Pack* row, const Pack* row_step,
                const Real* columns, const Real* column_steps, std::size_t stride, LineSums& sums) {
  for (Offset t = begin; t < end; ++t) {
    const std::size_t at = side.indices[t] * stride;
    const Pack* column = as_packs(columns + at);
    const Pack* column_step = as_packs(column_steps + at);
    Pack uv{};
    Pack uq_pv{};
    Pack pq{};
    width.for_each([&](std::size_t k) {
      uv += row[k] * column[k];
      uq_pv += row[k] * column_step[k] + row_step[k] * column[k];
      pq += row_step[k] * column_step[k];
    });
    const double e = static_cast<double>(lane_sum(uv) - side.values[t]);
    const double l = static_cast<double>(lane_sum(uq_pv));
    const double w = static_cast<double>(lane_sum(pq));
    sums.el += e * l;
    sums.ll += l * l;
    sums.ew += e * w;
    sums.lw += l * w;
    sums.ww += w * w;
  }
}

void add(const LineSums& part, LineSums& total) {
  total.el += part.el;
  total.ll += part.ll;
  total.ew += part.ew;
  total.lw += part.lw;
  total.ww += part.ww;
}

}  // namespace

MaskedLine::MaskedLine(const Side& side, std::size_t stride)
    : side_(side), stride_(stride), plan_(side), sums_(plan_.chunks.size()) {}

LineSums MaskedLine::operator()(const Real* rows, const Real* columns, const Real* row_steps,
                                const Real* column_steps) {
  with_width(stride_, [&](auto width) {
    parallel_for(plan_.chunks.size(), [&](std::size_t number) {
      const Chunk& chunk = plan_.chunks[number];
      LineSums sums;
      side_.read(chunk.begin, chunk.end, [&] {
        for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
          const Offset begin = std::max(chunk.begin, side_.offsets[row]);
          const Offset end = std::min(chunk.end, side_.offsets[row + 1]);
          accumulate(width, side_, begin, end, as_packs(rows + row * stride_), as_packs(row_steps + row * stride_),
                     columns, column_steps, stride_, sums);
        }
      });
      sums_[number] = sums;
    });
  });
  LineSums total;
  for (const LineSums& sums : sums_) add(sums, total);
  return total;
}

PenaltyLine penalty_line(const Side& side, std::size_t stride, const Penalty& penalty, const Real* rows,
                         const Real* row_steps) {
  PenaltyLine line;
  const auto weighted = [&](const Real* other) {
    return parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t row = begin; row < end; ++row) {
        const Real product = with_width(stride, [&](auto width) {
          return row_dot(width, as_packs(other + row * stride), as_packs(row_steps + row * stride));
        });
        sum += penalty.of_row(side, static_cast<Index>(row)) * static_cast<double>(product);
      }
      return sum;
    });
  };
  if (penalty.lambda == 0) return line;
  line.cross = weighted(rows);
  line.square = weighted(row_steps);
  return line;
}

}  // namespace odot
