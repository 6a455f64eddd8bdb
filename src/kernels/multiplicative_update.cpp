// The masked pass of non-negative factorisation, for every instruction set.
#include "kernels/multiplicative_update.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/multiplicative_update.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/row_products.hpp"
#include "kernels/tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

// Keeps 0/0 from being anything but 0; too small to change any other quotient.
constexpr Real kEpsilon = static_cast<Real>(1e-30);
// Factors that vanish become 0 before they are denormal numbers, which are slow.
constexpr Real kSmallest = static_cast<Real>(1e-30);

// Adds Σ x_j column_j over the tile of the `count` ratings at `begin` to `numerator`, Σ (row·column_j) column_j to
// `denominator`, and the squared errors to `squares`.
template <class Row>
HWY_INLINE void add_tile(Row row, const Columns<Row>& columns, const Index* indices, TileVec rating, std::size_t count,
                         const Real* factors, RowSums<Row>& numerator, RowSums<Row>& denominator,
                         Doubles<TileTag>& squares) {
  const Real* column[kTile];
  columns.take(indices, count, column);
  TileVec prediction = tile_products(row, factors, column);
  if (count < kTile) {
    const auto present = hn::FirstN(TileTag(), count);
    rating = hn::IfThenElseZero(present, rating);
    prediction = hn::IfThenElseZero(present, prediction);
  }
  const auto error = Doubles<TileTag>::of(hn::Sub(prediction, rating));
  squares.add_product(error, error);
  Vec of_ratings[kTile];
  Vec of_predictions[kTile];
  spread(rating, of_ratings);
  spread(prediction, of_predictions);
  row.for_each([&](auto k, auto part) ODOT_INLINED {
    const Vec start = part.load(column[0] + k);
    Vec above = hn::Mul(of_ratings[0], start);
    Vec below = hn::Mul(of_predictions[0], start);
    unroll<kTile - 1>([&](auto t) ODOT_INLINED {
      const Vec next = part.load(column[t + 1] + k);
      above = hn::MulAdd(of_ratings[t + 1], next, above);
      below = hn::MulAdd(of_predictions[t + 1], next, below);
    });
    numerator.add(k, part, above);
    denominator.add(k, part, below);
  });
}

// Writes a piece's sums to `out`, the numerator first; returns the sum of the squared errors. Columns of ratings up to
// `last` may be fetched ahead.
template <class Row>
HWY_NOINLINE HWY_FLATTEN double sum_up(Row row, const RowTask& task, const TileValues& values, const RowPiece& piece,
                                       Offset last, Real* out) {
  const Columns<Row> columns{task.columns, row, task.prefetch};
  const Index* indices = task.side.indices.data();
  const Real* factors = task.rows + piece.row * task.stride;
  auto squares = Doubles<TileTag>::zero();
  RowSums<Row> numerator(row, out);
  RowSums<Row> denominator(row, out + task.stride);
  for_each_tile(columns, indices, piece.begin, piece.end, last, [&](Offset begin, auto count) ODOT_INLINED {
    add_tile(row, columns, indices + begin, values.at(begin, count), count, factors, numerator, denominator, squares);
  });
  numerator.store();
  denominator.store();
  return squares.sum();
}

// Writes the updated row; returns the penalty of the row before.
HWY_NOINLINE HWY_FLATTEN double finish_update(const RowTask& task, Index row, Real* sums) {
  const Tag d;
  if (task.matrix) {
    for (std::size_t k = 0; k < task.stride; ++k) sums[k] += task.linear[k];
    add_weighted_rows(task.rows + row * task.stride, {task.matrix, task.stride}, task.stride, task.stride,
                      sums + task.stride);
  }
  const double lambda = task.penalty.of_row(task.side, row);
  const Vec weight = hn::Set(d, static_cast<Real>(lambda));
  const Real* from = task.rows + row * task.stride;
  Real* to = task.out + row * task.stride;
  Vec squares = hn::Zero(d);
  AnyRow{task.stride}.for_each([&](auto k, auto part) ODOT_INLINED {
    const Vec factor = part.load(from + k);
    squares = hn::MulAdd(factor, factor, squares);
    const Vec below = hn::Add(hn::MulAdd(weight, factor, part.load(sums + task.stride + k)), hn::Set(d, kEpsilon));
    const Vec updated = hn::Div(hn::Mul(factor, part.load(sums + k)), below);
    part.store(hn::IfThenElseZero(hn::Gt(updated, hn::Set(d, kSmallest)), updated), to + k);
  });
  return lambda * static_cast<double>(lane_sum(squares));
}

PassSums update_rows(const RowTask& task, const Chunk& chunk, Real* scratch) {
  const TileValues values(task.side.values);
  return with_row(task.stride, [&](auto each) ODOT_INLINED {
    PassSums sums;
    for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
      const RowPiece piece{row, task.side.offsets[row], task.side.offsets[row + 1]};
      sums.squared_error += sum_up(each, task, values, piece, chunk.end, scratch);
      sums.penalty += finish_update(task, row, scratch);
    }
    return sums;
  });
}

double sum_up_update(const RowTask& task, const RowPiece& piece, Real* sums) {
  const TileValues values(task.side.values);
  return with_row(task.stride,
                  [&](auto each) ODOT_INLINED { return sum_up(each, task, values, piece, piece.end, sums); });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {

HWY_EXPORT(update_rows);
HWY_EXPORT(sum_up_update);
HWY_EXPORT(finish_update);

MultiplicativeUpdate::MultiplicativeUpdate(const RatingSide& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, 2 * stride) {}

PassSums MultiplicativeUpdate::operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* next,
                                          const Real* matrix, const Real* linear) {
  scratch_.resize(static_cast<std::size_t>(threads()) * 2 * stride_);
  const RowTask task{side_,   stride_, rows,   columns, worth_prefetching(side_, stride_, Reads::twice),
                     penalty, next,    matrix, linear};
  return pass_.run(
      [&](const Chunk& chunk) {
        Real* scratch = scratch_.data() + static_cast<std::size_t>(thread_number()) * 2 * stride_;
        return HWY_DYNAMIC_DISPATCH(update_rows)(task, chunk, scratch);
      },
      [&](const RowPiece& piece, Real* sums) { return HWY_DYNAMIC_DISPATCH(sum_up_update)(task, piece, sums); },
      [&](Index row, Real* sums) { return HWY_DYNAMIC_DISPATCH(finish_update)(task, row, sums); });
}

}  // namespace odot::inline ODOT_PRECISION
#endif
