// Sums of rows, a row's sums in registers where it is short enough.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_sums.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set
//
#include "kernels/row_sums.hpp"
#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

template <class Row>
HWY_NOINLINE HWY_FLATTEN void sum_of(Row each, const Index* indices, std::size_t count, const Real* rows, Real* out) {
  RowSums<Row> sums(each, out);
  for (std::size_t t = 0; t < count; ++t) {
    const Real* row = rows + indices[t] * each.stride;
    each.for_each([&](auto k, auto part) ODOT_INLINED { sums.add(k, part, part.load(row + k)); });
  }
  sums.store();
}

template <class Row>
HWY_NOINLINE HWY_FLATTEN void sum_weighted_of(Row each, const Index* indices, std::size_t count, const Real* weights,
                                              const Real* rows, std::size_t stride, Real* out) {
  const Tag d;
  RowSums<Row> sums(each, out);
  for (std::size_t t = 0; t < count; ++t) {
    const Real* row = rows + indices[t] * stride;
    const Vec weight = hn::Set(d, weights[indices[t]]);
    each.for_each([&](auto k, auto part) ODOT_INLINED { sums.add(k, part, hn::Mul(weight, part.load(row + k))); });
  }
  sums.store();
}

template <class Row>
HWY_NOINLINE HWY_FLATTEN void subtract_of(Row each, const Index* indices, std::size_t count, const Real* weights,
                                          const Real* change, std::size_t stride, Real* rows) {
  const Tag d;
  for (std::size_t t = 0; t < count; ++t) {
    Real* row = rows + indices[t] * stride;
    const Vec weight = hn::Set(d, weights[indices[t]]);
    each.for_each([&](auto k, auto part) ODOT_INLINED {
      part.store(hn::NegMulAdd(weight, part.load(change + k), part.load(row + k)), row + k);
    });
  }
}

void sum_weighted_any(const Index* indices, std::size_t count, const Real* weights, const Real* rows,
                      std::size_t stride, std::size_t width, Real* out) {
  with_row(width, [&](auto each) ODOT_INLINED { sum_weighted_of(each, indices, count, weights, rows, stride, out); });
}

void subtract_any(const Index* indices, std::size_t count, const Real* weights, const Real* change, std::size_t stride,
                  std::size_t width, Real* rows) {
  with_row(width, [&](auto each) ODOT_INLINED { subtract_of(each, indices, count, weights, change, stride, rows); });
}

void sum_any(const Index* indices, std::size_t count, const Real* rows, std::size_t stride, Real* out) {
  with_row(stride, [&](auto each) ODOT_INLINED { sum_of(each, indices, count, rows, out); });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace odot::inline ODOT_PRECISION {

HWY_EXPORT(sum_any);
HWY_EXPORT(sum_weighted_any);
HWY_EXPORT(subtract_any);

void sum_rows(std::span<const Index> indices, const Real* rows, std::size_t stride, Real* out) {
  HWY_DYNAMIC_DISPATCH(sum_any)(indices.data(), indices.size(), rows, stride, out);
}

void sum_weighted_rows(std::span<const Index> indices, const Real* weights, const Real* rows, const RowParts& parts,
                       Real* out) {
  HWY_DYNAMIC_DISPATCH(sum_weighted_any)
  (indices.data(), indices.size(), weights, rows, parts.stride, parts.width, out);
}

void subtract_weighted(std::span<const Index> indices, const Real* weights, const Real* change, const RowParts& parts,
                       Real* rows) {
  HWY_DYNAMIC_DISPATCH(subtract_any)
  (indices.data(), indices.size(), weights, change, parts.stride, parts.width, rows);
}

MaskedSums::MaskedSums(const RatingSide& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, stride) {}

// write(row, sums) gets the sums of each row.
template <class Write>
void MaskedSums::run(const Real* columns, Write&& write) {
  const auto sum = [&](Offset begin, Offset end, Real* to) {
    sum_rows(side_.indices.subspan(begin, end - begin), columns, stride_, to);
  };
  pass_.run(
      [&](const Chunk& chunk) {
        Vector sums(stride_);
        for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
          sum(side_.offsets[row], side_.offsets[row + 1], sums.data());
          write(row, sums.data());
        }
        return PassSums();
      },
      [&](const RowPiece& piece, Real* sums) {
        sum(piece.begin, piece.end, sums);
        return 0.0;
      },
      [&](Index row, const Real* sums) {
        write(row, sums);
        return 0.0;
      });
}

void MaskedSums::operator()(const Real* columns, Real* out) {
  run(columns, [&](Index row, const Real* sums) { std::copy_n(sums, stride_, out + row * stride_); });
}

void MaskedSums::subtract(const Real* columns, Real* out) {
  run(columns, [&](Index row, const Real* sums) {
    for (std::size_t k = 0; k < stride_; ++k) out[row * stride_ + k] -= sums[k];
  });
}

}  // namespace odot::inline ODOT_PRECISION
#endif  // HWY_ONCE
