#include "kernels/multiplicative_update.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/multiplicative_update.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::HWY_NAMESPACE {
namespace {

// Keeps 0/0 from being anything but 0; too small to change any other quotient.
constexpr Real kEpsilon = static_cast<Real>(1e-30);
// Factors that vanish become 0 before they are denormal numbers, which are slow.
constexpr Real kSmallest = static_cast<Real>(1e-30);

// Adds Σ x_j column_j over the tile of the `count` ratings at `begin` to `numerator` and Σ (row·column_j) column_j to
// `denominator`, or sets them to that for the first tile of a row; adds the squared errors to `squares`.
HWY_INLINE void add_tile(AnyRow row, const Columns& columns, const Side& side, Offset begin, std::size_t count,
                         const Real* factors, bool first, Real* numerator, Real* denominator,
                         Doubles<TileTag>& squares) {
  const Real* column[kTile];
  columns.take(side.indices.data() + begin, count, column);
  TileVec rating = tile_values(side.values, begin, count);
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
  row.for_each([&](auto k, auto part) HWY_ATTR {
    const Vec start = part.load(column[0] + k);
    Vec above = hn::Mul(of_ratings[0], start);
    Vec below = hn::Mul(of_predictions[0], start);
    unroll<kTile - 1>([&](auto t) HWY_ATTR {
      const Vec next = part.load(column[t + 1] + k);
      above = hn::MulAdd(of_ratings[t + 1], next, above);
      below = hn::MulAdd(of_predictions[t + 1], next, below);
    });
    if (!first) {
      above = hn::Add(part.load(numerator + k), above);
      below = hn::Add(part.load(denominator + k), below);
    }
    part.store(above, numerator + k);
    part.store(below, denominator + k);
  });
}

// Writes a piece's sums to `sums`, the numerator first; returns the sum of the squared errors. Columns of ratings up to
// `last` may be fetched ahead.
HWY_INLINE double sum_up(const RowTask& task, const RowPiece& piece, Offset last, Real* sums) {
  const Side& side = task.side;
  const AnyRow row{task.stride};
  const Columns columns{task.columns, task.stride, task.prefetch};
  const Real* factors = task.rows + piece.row * task.stride;
  if (piece.begin == piece.end) {
    AnyRow{2 * task.stride}.for_each([&](auto k, auto part) HWY_ATTR { part.store(hn::Zero(Tag()), sums + k); });
    return 0;
  }
  auto squares = Doubles<TileTag>::zero();
  for_each_tile(columns, side.indices.data(), piece.begin, piece.end, last, [&](Offset begin, auto count) HWY_ATTR {
    add_tile(row, columns, side, begin, count, factors, begin == piece.begin, sums, sums + task.stride, squares);
  });
  return squares.sum();
}

// Writes the updated row; returns the penalty of the row before.
HWY_INLINE double finish(const RowTask& task, Index row, const Real* sums) {
  const Tag d;
  const double lambda = task.penalty.of_row(task.side, row);
  const Vec weight = hn::Set(d, static_cast<Real>(lambda));
  const Real* from = task.rows + row * task.stride;
  Real* to = task.out + row * task.stride;
  Vec squares = hn::Zero(d);
  AnyRow{task.stride}.for_each([&](auto k, auto part) HWY_ATTR {
    const Vec factor = part.load(from + k);
    squares = hn::MulAdd(factor, factor, squares);
    const Vec below = hn::Add(hn::MulAdd(weight, factor, part.load(sums + task.stride + k)), hn::Set(d, kEpsilon));
    const Vec updated = hn::Div(hn::Mul(factor, part.load(sums + k)), below);
    part.store(hn::IfThenElseZero(hn::Gt(updated, hn::Set(d, kSmallest)), updated), to + k);
  });
  return lambda * static_cast<double>(lane_sum(squares));
}

HWY_FLATTEN PassSums update_rows(const RowTask& task, const Chunk& chunk, Real* scratch) {
  PassSums sums;
  for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
    const RowPiece piece{row, task.side.offsets[row], task.side.offsets[row + 1]};
    sums.squared_error += sum_up(task, piece, chunk.end, scratch);
    sums.penalty += finish(task, row, scratch);
  }
  return sums;
}

HWY_FLATTEN double sum_up_update(const RowTask& task, const RowPiece& piece, Real* sums) {
  return sum_up(task, piece, piece.end, sums);
}

HWY_FLATTEN double finish_update(const RowTask& task, Index row, const Real* sums) { return finish(task, row, sums); }

}  // namespace
}  // namespace odot::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot {

HWY_EXPORT(update_rows);
HWY_EXPORT(sum_up_update);
HWY_EXPORT(finish_update);

MultiplicativeUpdate::MultiplicativeUpdate(const Side& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, 2 * stride) {}

PassSums MultiplicativeUpdate::operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* next) {
  scratch_.resize(static_cast<std::size_t>(threads()) * 2 * stride_);
  const RowTask task{side_, stride_, rows, columns, worth_prefetching(side_, stride_), penalty, next};
  return pass_.run(
      [&](const Chunk& chunk) {
        Real* scratch = scratch_.data() + static_cast<std::size_t>(thread_number()) * 2 * stride_;
        return HWY_DYNAMIC_DISPATCH(update_rows)(task, chunk, scratch);
      },
      [&](const RowPiece& piece, Real* sums) { return HWY_DYNAMIC_DISPATCH(sum_up_update)(task, piece, sums); },
      [&](Index row, const Real* sums) { return HWY_DYNAMIC_DISPATCH(finish_update)(task, row, sums); });
}

}  // namespace odot
#endif
