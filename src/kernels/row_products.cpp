// Products are kept in a fixed number n of partial sums, however long vectors are: the j-th is that of the elements j,
// j + n, … of a row.
#include "kernels/row_products.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_products.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

// The sum of all lanes: the upper half is added to the lower one until one is left.
template <std::size_t N>
HWY_INLINE Real halved(const TileVec (&v)[N]) {
  if constexpr (N > 1) {
    TileVec half[N / 2];
    unroll<N / 2>([&](auto k) ODOT_INLINED { half[k] = hn::Add(v[k], v[k + N / 2]); });
    return halved(half);
  } else {
#if HWY_TARGET == HWY_SCALAR
    return hn::GetLane(v[0]);
#else
    return hn::GetLane(folded<1>(TileTag(), v[0]));
#endif
  }
}

template <class Row>
HWY_INLINE Real product(Row row, const Real* a, const Real* b) {
  const TileTag d;
  TileVec sum[kLanes / kTile];
  for (auto& part : sum) part = hn::Zero(d);
  for (std::size_t k = 0; k < row.stride; k += kLanes) {
    unroll<kLanes / kTile>([&](auto part) ODOT_INLINED {
      const std::size_t at = k + part * kTile;
      sum[part] = hn::MulAdd(hn::LoadU(d, a + at), hn::LoadU(d, b + at), sum[part]);
    });
  }
  return halved(sum);
}

// Partial sums in double: as many as there are Reals in 32 bytes.
constexpr std::size_t kWideSums = 32 / sizeof(Real);
using WideTag = hn::CappedTag<double, kWideSums>;
using WideVec = hn::Vec<WideTag>;
constexpr std::size_t kWideLanes = hn::MaxLanes(WideTag());

template <class T>
HWY_INLINE WideVec load_wide(const T* from) {
  if constexpr (std::is_same_v<T, double>) {
    return hn::LoadU(WideTag(), from);
  } else {
    return hn::PromoteTo(WideTag(), hn::LoadU(hn::Rebind<T, WideTag>(), from));
  }
}

template <class Row>
HWY_INLINE double wide_product(Row row, const Real* a, const Real* b) {
  WideVec sum[kWideSums / kWideLanes];
  for (auto& part : sum) part = hn::Zero(WideTag());
  for (std::size_t k = 0; k < row.stride; k += kWideSums) {
    unroll<kWideSums / kWideLanes>([&](auto part) ODOT_INLINED {
      const std::size_t at = k + part * kWideLanes;
      sum[part] = hn::MulAdd(load_wide(a + at), load_wide(b + at), sum[part]);
    });
  }
  HWY_ALIGN double lanes[kWideSums];
  unroll<kWideSums / kWideLanes>([&](auto part)
                                     ODOT_INLINED { hn::Store(sum[part], WideTag(), lanes + part * kWideLanes); });
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

void products_of(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, Real* out) {
  with_row(stride, [&](auto row) ODOT_INLINED {
    for (std::size_t i = 0; i < count; ++i) out[i] = product(row, a.data + i * a.step, b.data + i * b.step);
  });
}

void wide_products_of(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, double* out) {
  with_row(stride, [&](auto row) ODOT_INLINED {
    for (std::size_t i = 0; i < count; ++i) out[i] = wide_product(row, a.data + i * a.step, b.data + i * b.step);
  });
}

void add_weighted(const Real* weights, RowsAt rows, std::size_t stride, std::size_t count, Real* out) {
  const Tag d;
  with_row(stride, [&](auto row) ODOT_INLINED {
    if constexpr (std::is_same_v<decltype(row), AnyRow>) {
      for (std::size_t i = 0; i < count; ++i) {
        const Vec weight = hn::Set(d, weights[i]);
        const Real* from = rows.data + i * rows.step;
        row.for_each([&](std::size_t k, auto part) ODOT_INLINED {
          part.store(hn::MulAdd(weight, part.load(from + k), part.load(out + k)), out + k);
        });
      }
    } else {
      Vec sum[row.kVecs];
      row.for_each([&](auto k, auto part) ODOT_INLINED { sum[k / kVecLanes] = part.load(out + k); });
      for (std::size_t i = 0; i < count; ++i) {
        const Vec weight = hn::Set(d, weights[i]);
        const Real* from = rows.data + i * rows.step;
        row.for_each([&](auto k, auto part) ODOT_INLINED {
          sum[k / kVecLanes] = hn::MulAdd(weight, part.load(from + k), sum[k / kVecLanes]);
        });
      }
      row.for_each([&](auto k, auto part) ODOT_INLINED { part.store(sum[k / kVecLanes], out + k); });
    }
  });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {
namespace {

HWY_EXPORT(products_of);
HWY_EXPORT(wide_products_of);
HWY_EXPORT(add_weighted);

}  // namespace

void row_products(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, Real* out) {
  HWY_DYNAMIC_DISPATCH(products_of)(a, b, stride, count, out);
}

void wide_row_products(RowsAt a, RowsAt b, std::size_t stride, std::size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(wide_products_of)(a, b, stride, count, out);
}

void add_weighted_rows(const Real* weights, RowsAt rows, std::size_t stride, std::size_t count, Real* out) {
  HWY_DYNAMIC_DISPATCH(add_weighted)(weights, rows, stride, count, out);
}

}  // namespace odot::inline ODOT_PRECISION
#endif  // HWY_ONCE
