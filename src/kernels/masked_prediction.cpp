// The predictions of one side's ratings, for every instruction set.
#include "kernels/masked_prediction.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/masked_prediction.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/row_pass.hpp"
#include "kernels/tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

HWY_FLATTEN void predict_piece(const RatingSide& side, Offset begin, Offset end, std::size_t stride, const Real* row,
                               const Real* data, bool prefetch, Real* out) {
  const TileTag d;
  const AnyRow each{stride};
  const Columns<AnyRow> columns{data, each, prefetch};
  const Index* indices = side.indices.data();
  for_each_tile(columns, indices, begin, end, end, [&](Offset t, auto count) ODOT_INLINED {
    const Real* column[kTile];
    columns.take(indices + t, count, column);
    const TileVec products = tile_products(each, row, column);
    if (count == kTile) return hn::StoreU(products, d, out + (t - begin));
    HWY_ALIGN Real last[kTile];
    hn::Store(products, d, last);
    for (std::size_t k = 0; k < count; ++k) out[t - begin + k] = last[k];
  });
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {

HWY_EXPORT(predict_piece);

void predict_row(const RatingSide& side, Offset begin, Offset end, std::size_t stride, const Real* row,
                 const Real* columns, Real* out) {
  HWY_DYNAMIC_DISPATCH(predict_piece)
  (side, begin, end, stride, row, columns, worth_prefetching(side, stride, Reads::once), out);
}

}  // namespace odot::inline ODOT_PRECISION
#endif
