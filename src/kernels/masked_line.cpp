// The masked pass that the line polynomial comes from, for every instruction set.
#include "kernels/masked_line.hpp"

#include <algorithm>

#include "kernels/row_pass.hpp"
#include "odot/core/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/masked_line.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

// Three sums a rating are in flight, so there are fewer ratings than in other kernels.
constexpr std::size_t kLineTile = HWY_MIN(kTile, 4);
using LineTag = hn::CappedTag<Real, kLineTile>;

// The sums of LineSums, in as many parts as a tile has ratings.
struct LineParts {
  Doubles<LineTag> el;
  Doubles<LineTag> ll;
  Doubles<LineTag> ew;
  Doubles<LineTag> lw;
  Doubles<LineTag> ww;
};

// Adds the tile of the `count` ratings at `indices`, whose values are at `values`. `steps` are those of the columns.
template <class Row>
HWY_INLINE void add_tile(Row each, const Columns<Row>& columns, const Columns<Row>& steps, const Index* indices,
                         const Real* values, std::size_t count, const Real* row, const Real* row_step,
                         LineParts& sums) {
  const Tag d;
  const Real* column[kLineTile];
  const Real* column_step[kLineTile];
  columns.take(indices, count, column);
  steps.take(indices, count, column_step);
  Vec uv[kLineTile];
  Vec uq_pv[kLineTile];
  Vec pq[kLineTile];
  unroll<kLineTile>([&](auto t) ODOT_INLINED { uv[t] = uq_pv[t] = pq[t] = hn::Zero(d); });
  each.for_each([&](auto k, auto part) ODOT_INLINED {
    const Vec u = part.load(row + k);
    const Vec p = part.load(row_step + k);
    unroll<kLineTile>([&](auto t) ODOT_INLINED {
      const Vec v = part.load(column[t] + k);
      const Vec q = part.load(column_step[t] + k);
      uv[t] = hn::MulAdd(u, v, uv[t]);
      uq_pv[t] = hn::MulAdd(u, q, hn::MulAdd(p, v, uq_pv[t]));
      pq[t] = hn::MulAdd(p, q, pq[t]);
    });
  });
  const LineTag tile;
  auto error = hn::Sub(tile_sums(uv), hn::LoadU(tile, values));
  auto linear = tile_sums(uq_pv);
  auto square = tile_sums(pq);
  if (count < kLineTile) {
    const auto present = hn::FirstN(tile, count);
    error = hn::IfThenElseZero(present, error);
    linear = hn::IfThenElseZero(present, linear);
    square = hn::IfThenElseZero(present, square);
  }
  const auto e = Doubles<LineTag>::of(error);
  const auto l = Doubles<LineTag>::of(linear);
  const auto w = Doubles<LineTag>::of(square);
  sums.el.add_product(e, l);
  sums.ll.add_product(l, l);
  sums.ew.add_product(e, w);
  sums.lw.add_product(l, w);
  sums.ww.add_product(w, w);
}

template <class Row>
HWY_NOINLINE HWY_FLATTEN LineSums line_of_rows_of(Row each, const LineTask& task, const Chunk& chunk) {
  const RatingSide& side = task.side;
  const TileValues side_values(side.values);
  const Columns<Row> columns{task.columns, each, task.prefetch};
  const Columns<Row> steps{task.column_steps, each, task.prefetch};
  const Index* indices = side.indices.data();
  const auto zero = Doubles<LineTag>::zero();
  LineParts sums{zero, zero, zero, zero, zero};
  HWY_ALIGN Real values[kTile];
  for (Index number = chunk.row_begin; number < chunk.row_end; ++number) {
    const Offset begin = HWY_MAX(chunk.begin, side.offsets[number]);
    const Offset end = HWY_MIN(chunk.end, side.offsets[number + 1]);
    const Real* row = task.rows + number * task.stride;
    const Real* row_step = task.row_steps + number * task.stride;
    for (Offset t = begin; t < end; t += kTile) {
      const std::size_t count = HWY_MIN(end - t, kTile);
      if (task.prefetch) {
        columns.fetch_ahead(indices, t + kTile, chunk.end);
        steps.fetch_ahead(indices, t + kTile, chunk.end);
      }
      hn::Store(side_values.at(t, count), TileTag(), values);
      for (std::size_t k = 0; k < count; k += kLineTile) {
        add_tile(each, columns, steps, indices + t + k, values + k, HWY_MIN(count - k, kLineTile), row, row_step, sums);
      }
    }
  }
  return {sums.el.sum(), sums.ll.sum(), sums.ew.sum(), sums.lw.sum(), sums.ww.sum()};
}

LineSums line_of_rows(const LineTask& task, const Chunk& chunk) {
  return with_row(task.stride, [&](auto each) ODOT_INLINED { return line_of_rows_of(each, task, chunk); });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {
namespace {

HWY_EXPORT(line_of_rows);

}  // namespace

MaskedLine::MaskedLine(const RatingSide& side, std::size_t stride)
    : side_(side), stride_(stride), plan_(side), sums_(plan_.chunks.size()) {}

LineSums MaskedLine::operator()(const Real* rows, const Real* columns, const Real* row_steps,
                                const Real* column_steps) {
  // Twice as many columns are read as in other passes.
  const LineTask task{
      side_, stride_, rows, columns, row_steps, column_steps, worth_prefetching(side_, 2 * stride_, Reads::once)};
  parallel_for(plan_.chunks.size(), [&](std::size_t number) {
    const Chunk& chunk = plan_.chunks[number];
    side_.read(chunk.begin, chunk.end, [&] { sums_[number] = HWY_DYNAMIC_DISPATCH(line_of_rows)(task, chunk); });
  });
  return ordered_sum(sums_);
}

}  // namespace odot::inline ODOT_PRECISION
#endif
