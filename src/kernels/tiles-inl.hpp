// Ratings a tile at a time, compiled once for every instruction set as vectors-inl.hpp is: the columns of a tile's
// ratings, their values, and their products with a row.
#if defined(ODOT_KERNELS_TILES_INL) == defined(HWY_TARGET_TOGGLE)  // once for each instruction set
#ifdef ODOT_KERNELS_TILES_INL
#undef ODOT_KERNELS_TILES_INL
#else
#define ODOT_KERNELS_TILES_INL
#endif

#include <cstddef>
#include <type_traits>

#include <hwy/cache_control.h>

#include "kernels/vectors-inl.hpp"
#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {

/// Factor rows of one side, and whether they take so much room that those of later ratings should be fetched ahead.
template <class Row>
struct Columns {
  const Real* data;
  Row row;
  bool prefetch;

  HWY_INLINE const Real* at(Index index) const { return data + index * row.stride; }

  /// Sets column[t] to that of indices[t], or for t ≥ count to the first one.
  template <std::size_t N>
  HWY_INLINE void take(const Index* indices, std::size_t count, const Real* (&column)[N]) const {
    if (count >= N) {
      unroll<N>([&](auto t) ODOT_INLINED { column[t] = at(indices[t]); });
    } else {
      unroll<N>([&](auto t) ODOT_INLINED { column[t] = at(indices[t < count ? t : 0]); });
    }
  }

  /// Asks for the columns of `count` ratings.
  HWY_INLINE void fetch(const Index* indices, std::size_t count) const {
    constexpr std::size_t kLine = 64 / sizeof(Real);
    for (std::size_t t = 0; t < count; ++t) {
      const Real* column = at(indices[t]);
      for (std::size_t k = 0; k < row.stride; k += kLine) hwy::Prefetch(column + k);
      hwy::Prefetch(column + row.stride - 1);
    }
  }

  /// Asks for the columns of the tile of ratings that begins at `begin`, as far as it is before `end`.
  HWY_INLINE void fetch_ahead(const Index* indices, Offset begin, Offset end) const {
    if (begin < end) fetch(indices + begin, end - begin < kTile ? end - begin : kTile);
  }
};

/// Calls add(tile's begin, count) for the tiles of the ratings [begin, end), whose columns those are; count is an
/// integral constant for whole tiles. Columns of ratings up to `last` may be fetched ahead.
template <class Row, class Add>
HWY_INLINE void for_each_tile(const Columns<Row>& columns, const Index* indices, Offset begin, Offset end, Offset last,
                              Add&& add) {
  Offset t = begin;
  for (; t + kTile <= end; t += kTile) {
    if (columns.prefetch) columns.fetch_ahead(indices, t + kTile, last);
    add(t, std::integral_constant<std::size_t, kTile>());
  }
  if (t < end) add(t, end - t);
}

/// The values of a side's ratings, a tile at a time.
class TileValues {
 public:
  HWY_INLINE explicit TileValues(const RatingValues& values) : values_(values) {
    few_ = kTables > 0 && values.codes() && values.table().size() <= kFew;
    HWY_ALIGN Real all[kFew] = {};
    if (few_) {
      for (std::size_t k = 0; k < values.table().size(); ++k) all[k] = values.table()[k];
    }
    unroll<kTables>([&](auto v) ODOT_INLINED { tables_[v] = hn::Load(Tag(), all + v * kVecLanes); });
  }

  /// Those of the ratings at [begin, begin + count) in the first lanes, count ≤ kTile; whatever in the others.
  HWY_INLINE TileVec at(Offset begin, std::size_t count) const {
    if (values_.codes() && count == kTile) return of_codes(values_.codes() + begin);
    HWY_ALIGN Real out[kTile] = {};
    values_.read(begin, begin + count, out);
    return hn::Load(TileTag(), out);
  }

 private:
  template <class D = TileTag>  // so that only one of the branches is compiled
  HWY_INLINE TileVec of_codes(const std::uint8_t* codes) const {
    const D d;
    const hn::Rebind<std::int32_t, D> words;
    const auto word = hn::PromoteTo(words, hn::LoadU(hn::Rebind<std::uint8_t, D>(), codes));
    if constexpr (sizeof(hn::TFromD<D>) == sizeof(std::int32_t)) {
      return of_indices(d, word);
    } else {
      return of_indices(d, hn::PromoteTo(hn::RebindToSigned<D>(), word));
    }
  }

  template <class D, class Indices>
  HWY_INLINE TileVec of_indices(D d, Indices indices) const {
#if HWY_TARGET != HWY_SCALAR
    if (few_) {
      if constexpr (kTables == 1) {
        const auto all = hn::ZeroExtendVector(hn::RebindToSigned<Tag>(), indices);
        return hn::LowerHalf(d, hn::TableLookupLanes(tables_[0], hn::IndicesFromVec(Tag(), all)));
      } else if constexpr (kTables == 2) {
        const hn::RebindToSigned<D> signed_d;
        const auto last = hn::Set(signed_d, kVecLanes - 1);
        const auto lane = hn::IndicesFromVec(d, hn::And(indices, last));
        return hn::IfThenElse(hn::RebindMask(d, hn::Gt(indices, last)), hn::TableLookupLanes(tables_[1], lane),
                              hn::TableLookupLanes(tables_[0], lane));
      }
    }
#endif
    return hn::GatherIndex(d, values_.table().data(), indices);
  }

  // A table of so few values is kept in registers, where to look up is to permute, if those have as many lanes as a
  // tile or twice as many.
  static constexpr std::size_t kFew = 16;
  static constexpr std::size_t kTables = kVecLanes >= kLanes ? kFew / kVecLanes : 0;

  RatingValues values_;
  bool few_;
  Vec tables_[kTables > 0 ? kTables : 1];
};

/// row·column[t] in lane t. seen(k, part, t, vector) gets every vector of column t that is read, at offset k.
template <class Row, std::size_t N, class Seen>
HWY_INLINE auto tile_products(Row row, const Real* factors, const Real* const (&column)[N], Seen&& seen) {
  Vec sum[N];
  unroll<N>([&](auto t) ODOT_INLINED { sum[t] = hn::Zero(Tag()); });
  row.for_each([&](auto k, auto part) ODOT_INLINED {
    const Vec mine = part.load(factors + k);
    unroll<N>([&](auto t) ODOT_INLINED {
      const Vec factor = part.load(column[t] + k);
      seen(k, part, t, factor);
      sum[t] = hn::MulAdd(mine, factor, sum[t]);
    });
  });
  return tile_sums(sum);
}

template <class Row, std::size_t N>
HWY_INLINE auto tile_products(Row row, const Real* factors, const Real* const (&column)[N]) {
  return tile_products(row, factors, column, [](auto, auto, auto, Vec) ODOT_INLINED {});
}

}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // once for each instruction set
