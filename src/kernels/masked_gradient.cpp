// The masked pass that value and gradient come from, for every instruction set.
#include "kernels/masked_gradient.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/masked_gradient.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

// Adds Σ e_j column_j over the tile of the `count` ratings at `begin` to `sums`, e_j² to `squares`.
template <class Row>
HWY_INLINE void add_tile(Row row, const Columns<Row>& columns, const Index* indices, TileVec values, std::size_t count,
                         const Real* factors, RowSums<Row>& sums, Doubles<TileTag>& squares) {
  const Real* column[kTile];
  columns.take(indices, count, column);
  TileVec error = hn::Sub(tile_products(row, factors, column), values);
  if (count < kTile) error = hn::IfThenElseZero(hn::FirstN(TileTag(), count), error);
  const auto wide = Doubles<TileTag>::of(error);
  squares.add_product(wide, wide);
  Vec weight[kTile];
  spread(error, weight);
  row.for_each([&](auto k, auto part) ODOT_INLINED {
    Vec sum = hn::Mul(weight[0], part.load(column[0] + k));
    unroll<kTile - 1>([&](auto t) ODOT_INLINED { sum = hn::MulAdd(weight[t + 1], part.load(column[t + 1] + k), sum); });
    sums.add(k, part, sum);
  });
}

// out ← Σ e_j column_j over a piece of a row; returns Σ e_j². Columns of ratings up to `last` may be fetched ahead.
template <class Row>
HWY_NOINLINE HWY_FLATTEN double sum_up(Row row, const RowTask& task, const TileValues& values, const RowPiece& piece,
                                       Offset last, Real* out) {
  const Columns<Row> columns{task.columns, row, task.prefetch};
  const Index* indices = task.side.indices.data();
  const Real* factors = task.rows + piece.row * task.stride;
  auto squares = Doubles<TileTag>::zero();
  RowSums<Row> sums(row, out);
  for_each_tile(columns, indices, piece.begin, piece.end, last, [&](Offset begin, auto count) ODOT_INLINED {
    add_tile(row, columns, indices + begin, values.at(begin, count), count, factors, sums, squares);
  });
  sums.store();
  return squares.sum();
}

// Turns Σ e_j column_j, which is in `sums`, into the row's gradient; returns the row's penalty.
HWY_NOINLINE HWY_FLATTEN double finish_gradient(const RowTask& task, Index row, const Real* sums) {
  const Tag d;
  const Real* factors = task.rows + row * task.stride;
  Real* out = task.out + row * task.stride;
  const double lambda = task.penalty.of_row(task.side, row);
  const int pinned = task.penalty.pinned;
  const Vec weight = hn::Set(d, static_cast<Real>(lambda));
  Vec squares = hn::Zero(d);
  AnyRow{task.stride}.for_each([&](auto k, auto part) ODOT_INLINED {
    const Vec factor = part.load(factors + k);
    squares = hn::MulAdd(factor, factor, squares);
    const Vec half = hn::MulAdd(weight, factor, part.load(sums + k));
    part.store(hn::Add(half, half), out + k);
  });
  double norm2 = static_cast<double>(lane_sum(squares));
  if (pinned >= 0) {
    const double pin = static_cast<double>(factors[pinned]);
    norm2 -= pin * pin;
    out[pinned] = 0;
  }
  return lambda * norm2;
}

PassSums gradient_of_rows(const RowTask& task, const Chunk& chunk) {
  const TileValues values(task.side.values);
  return with_row(task.stride, [&](auto each) ODOT_INLINED {
    PassSums sums;
    for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
      Real* out = task.out + row * task.stride;
      const RowPiece piece{row, task.side.offsets[row], task.side.offsets[row + 1]};
      sums.squared_error += sum_up(each, task, values, piece, chunk.end, out);
      sums.penalty += finish_gradient(task, row, out);
    }
    return sums;
  });
}

double gradient_of_piece(const RowTask& task, const RowPiece& piece, Real* sums) {
  const TileValues values(task.side.values);
  return with_row(task.stride,
                  [&](auto each) ODOT_INLINED { return sum_up(each, task, values, piece, piece.end, sums); });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {

HWY_EXPORT(gradient_of_rows);
HWY_EXPORT(gradient_of_piece);
HWY_EXPORT(finish_gradient);

MaskedGradient::MaskedGradient(const RatingSide& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, stride) {}

PassSums MaskedGradient::operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* gradient) {
  const RowTask task{side_, stride_, rows, columns, worth_prefetching(side_, stride_, Reads::twice), penalty, gradient};
  return pass_.run(
      [&](const Chunk& chunk) { return HWY_DYNAMIC_DISPATCH(gradient_of_rows)(task, chunk); },
      [&](const RowPiece& piece, Real* sums) { return HWY_DYNAMIC_DISPATCH(gradient_of_piece)(task, piece, sums); },
      [&](Index row, const Real* sums) { return HWY_DYNAMIC_DISPATCH(finish_gradient)(task, row, sums); });
}

}  // namespace odot::inline ODOT_PRECISION
#endif
