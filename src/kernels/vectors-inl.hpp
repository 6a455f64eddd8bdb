// The SIMD vocabulary of the kernels, compiled once for every instruction set (see Highway's foreach_target.h): vectors
// of Reals, rows as a number of vectors, and a tile of ratings that are in flight together.
//
// What is here and in the files that include it calls nothing that is not compiled for the same instruction set, apart
// from functions that are inlined.
#if defined(ODOT_KERNELS_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)  // once for each instruction set
#ifdef ODOT_KERNELS_VECTORS_INL
#undef ODOT_KERNELS_VECTORS_INL
#else
#define ODOT_KERNELS_VECTORS_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "odot/ratings/rating_matrix.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<Real>;
using Vec = hn::Vec<Tag>;
inline constexpr std::size_t kVecLanes = hn::MaxLanes(Tag());

/// The number of ratings in flight together, and a vector with one lane for each.
using TileTag = hn::CappedTag<Real, kLanes>;
using TileVec = hn::Vec<TileTag>;
inline constexpr std::size_t kTile = hn::MaxLanes(TileTag());

/// Calls body(std::integral_constant t) for every t in [0, N), unrolled. A lambda body needs HWY_ATTR.
template <std::size_t N, class Body>
HWY_INLINE void unroll(Body&& body) {
  [&]<std::size_t... T>(std::index_sequence<T...>) HWY_ATTR { (body(std::integral_constant<std::size_t, T>{}), ...); }
  (std::make_index_sequence<N>{});
}

/// How the vectors of a row are read and written: whole, or (the last one, where kLanes is half a vector) its lower
/// half alone, the upper being zeros. Nothing beyond a row is touched.
struct WholeVec {
  static HWY_INLINE Vec load(const Real* from) { return hn::LoadU(Tag(), from); }
  static HWY_INLINE void store(Vec v, Real* to) { hn::StoreU(v, Tag(), to); }
};
#if HWY_TARGET == HWY_SCALAR  // has vectors of one lane, and none of the operations on parts of vectors
using LowerVec = WholeVec;
#else
struct LowerVec {
  using HalfTag = hn::Half<Tag>;
  static HWY_INLINE Vec load(const Real* from) { return hn::ZeroExtendVector(Tag(), hn::LoadU(HalfTag(), from)); }
  static HWY_INLINE void store(Vec v, Real* to) { hn::StoreU(hn::LowerHalf(v), HalfTag(), to); }
};
#endif

/// A row of `stride` Reals, a multiple of kLanes. While a tile is in flight a row's own vectors are read and written
/// once for all of its ratings.
struct AnyRow {
  std::size_t stride;

  /// Calls body(offset, WholeVec or LowerVec) for every vector of the row; the offset is in Reals.
  template <class Body>
  HWY_INLINE void for_each(Body&& body) const {
    std::size_t k = 0;
    for (; k + kVecLanes <= stride; k += kVecLanes) body(k, WholeVec());
    if constexpr (kVecLanes > kLanes) {
      if (k < stride) body(k, LowerVec());
    }
  }
};

#if HWY_TARGET == HWY_SCALAR
template <std::size_t N>
HWY_INLINE Vec tile_sums(Vec (&v)[N]) {
  static_assert(N == 1);
  return v[0];
}
#else
/// Halves the lanes of two vectors and puts them together: the next step of tile_sums. Lanes of `a` and `b` belong to
/// kBytes / sizeof(Real) ratings in turn, those of the result to twice as many, first the ones of `a`.
template <std::size_t kBytes>
HWY_INLINE Vec interleaved_sum(Vec a, Vec b) {
  const Tag d;
  if constexpr (kBytes == sizeof(Real)) {
    return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  } else if constexpr (kBytes == 8) {
    const hn::Repartition<double, Tag> pairs;
    const auto x = hn::BitCast(pairs, a);
    const auto y = hn::BitCast(pairs, b);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, x, y)), hn::BitCast(d, hn::InterleaveUpper(pairs, x, y)));
  } else if constexpr (kBytes == 16) {
    return hn::Add(hn::OddEvenBlocks(b, a), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(a, b)));
  } else {
    static_assert(kBytes == 32);
    return hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a));
  }
}

/// Adds halves of a vector until N lanes are left.
template <std::size_t N, class D>
HWY_INLINE auto folded(D, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(D()) == N) {
    return v;
  } else {
    const hn::Half<D> half;
    return folded<N>(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// The sum of v[t]'s lanes in lane t, for N (2, 4 or 8, at most kTile) vectors. Always in the same order; `v` is spent.
template <std::size_t N, std::size_t kBytes = sizeof(Real), std::size_t kLeft = N>
HWY_INLINE auto tile_sums(Vec (&v)[N]) {
  if constexpr (kLeft == 1) {
    return folded<N>(Tag(), v[0]);
  } else {
    unroll<kLeft / 2>([&](auto t) HWY_ATTR { v[t] = interleaved_sum<kBytes>(v[2 * t], v[2 * t + 1]); });
    return tile_sums<N, 2 * kBytes, kLeft / 2>(v);
  }
}

#endif

/// Each lane of `v` in all lanes of a vector.
template <std::size_t N = kTile, class V = TileVec>
HWY_INLINE void spread(V v, Vec (&out)[N]) {
  HWY_ALIGN Real lanes[N];
  const Real* from = lanes;
  hn::Store(v, hn::CappedTag<Real, N>(), lanes);
  // Loads that spread what they read take no time of the unit that permutes lanes; unless it is kept from knowing what
  // the memory holds, the compiler permutes.
  asm volatile("" : "+r"(from) : : "memory");
  unroll<N>([&](auto t) HWY_ATTR { out[t] = hn::Set(Tag(), from[t]); });
}

/// The sum of the lanes.
HWY_INLINE Real lane_sum(Vec v) { return hn::GetLane(hn::SumOfLanes(Tag(), v)); }

/// a·b over a row.
template <class Row>
HWY_INLINE Real row_dot(Row row, const Real* a, const Real* b) {
  Vec sum = hn::Zero(Tag());
  row.for_each([&](auto k, auto part) HWY_ATTR { sum = hn::MulAdd(part.load(a + k), part.load(b + k), sum); });
  return lane_sum(sum);
}

/// The lanes of a TileVec, or of a vector of as many lanes or fewer, as doubles.
template <class D>
struct Doubles {
  using Wide = hn::ScalableTag<double>;
  static constexpr std::size_t kLanesOfD = hn::MaxLanes(D());
  static constexpr std::size_t kParts = kLanesOfD > hn::MaxLanes(Wide()) ? 2 : 1;
  using Part = hn::CappedTag<double, kLanesOfD / kParts>;

  hn::Vec<Part> part[kParts];

  static HWY_INLINE Doubles zero() {
    Doubles out;
    unroll<kParts>([&](auto k) HWY_ATTR { out.part[k] = hn::Zero(Part()); });
    return out;
  }

  static HWY_INLINE Doubles of(hn::Vec<D> v) {
    Doubles out;
    if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
      out.part[0] = v;
    } else if constexpr (kParts == 1) {
      out.part[0] = hn::PromoteTo(Part(), v);
#if HWY_TARGET != HWY_SCALAR
    } else {
      const hn::Half<D> half;
      out.part[0] = hn::PromoteTo(Part(), hn::LowerHalf(half, v));
      out.part[1] = hn::PromoteTo(Part(), hn::UpperHalf(half, v));
#endif
    }
    return out;
  }

  /// Adds a b lane by lane.
  HWY_INLINE void add_product(const Doubles& a, const Doubles& b) {
    unroll<kParts>([&](auto k) HWY_ATTR { part[k] = hn::MulAdd(a.part[k], b.part[k], part[k]); });
  }

  /// The sum of all lanes.
  HWY_INLINE double sum() const {
    auto all = part[0];
    if constexpr (kParts == 2) all = hn::Add(all, part[1]);
    return hn::GetLane(hn::SumOfLanes(Part(), all));
  }
};

/// Factor rows of one side, and whether they take so much room that those of later ratings should be fetched ahead.
struct Columns {
  const Real* data;
  std::size_t stride;
  bool prefetch;

  HWY_INLINE const Real* at(Index index) const { return data + index * stride; }

  /// Sets column[t] to that of indices[t], or for t ≥ count to the first one.
  template <std::size_t N>
  HWY_INLINE void take(const Index* indices, std::size_t count, const Real* (&column)[N]) const {
    if (count >= N) {
      unroll<N>([&](auto t) HWY_ATTR { column[t] = at(indices[t]); });
    } else {
      unroll<N>([&](auto t) HWY_ATTR { column[t] = at(indices[t < count ? t : 0]); });
    }
  }

  /// Asks for the columns of `count` ratings.
  HWY_INLINE void fetch(const Index* indices, std::size_t count) const {
    constexpr std::size_t kLine = 64 / sizeof(Real);
    for (std::size_t t = 0; t < count; ++t) {
      const Real* column = at(indices[t]);
      for (std::size_t k = 0; k < stride; k += kLine) hwy::Prefetch(column + k);
      hwy::Prefetch(column + stride - 1);
    }
  }

  /// Asks for the columns of the tile of ratings that begins at `begin`, as far as it is before `end`.
  HWY_INLINE void fetch_ahead(const Index* indices, Offset begin, Offset end) const {
    if (begin < end) fetch(indices + begin, end - begin < kTile ? end - begin : kTile);
  }
};

/// Calls add(tile's begin, count) for the tiles of the ratings [begin, end), whose columns those are; count is an
/// integral constant for whole tiles. Columns of ratings up to `last` may be fetched ahead.
template <class Add>
HWY_INLINE void for_each_tile(const Columns& columns, const Index* indices, Offset begin, Offset end, Offset last,
                              Add&& add) {
  Offset t = begin;
  for (; t + kTile <= end; t += kTile) {
    if (columns.prefetch) columns.fetch_ahead(indices, t + kTile, last);
    add(t, std::integral_constant<std::size_t, kTile>());
  }
  if (t < end) add(t, end - t);
}

/// The values of the ratings at [begin, begin + count) in the first lanes, count ≤ kTile; whatever in the others.
template <class D = TileTag>  // so that only one of the branches is compiled
HWY_INLINE TileVec tile_values(const RatingValues& values, Offset begin, std::size_t count) {
  const D d;
  if (values.codes() && count == kTile) {
    const hn::Rebind<std::uint8_t, D> bytes;
    const hn::Rebind<std::int32_t, D> words;
    const auto word = hn::PromoteTo(words, hn::LoadU(bytes, values.codes() + begin));
    if constexpr (sizeof(hn::TFromD<D>) == sizeof(std::int32_t)) {
      return hn::GatherIndex(d, values.table(), word);
    } else {
      return hn::GatherIndex(d, values.table(), hn::PromoteTo(hn::RebindToSigned<D>(), word));
    }
  }
  HWY_ALIGN Real out[kTile] = {};
  values.read(begin, begin + count, out);
  return hn::Load(d, out);
}

/// row·column[t] in lane t.
template <class Row, std::size_t N>
HWY_INLINE auto tile_products(Row row, const Real* factors, const Real* const (&column)[N]) {
  Vec sum[N];
  unroll<N>([&](auto t) HWY_ATTR { sum[t] = hn::Zero(Tag()); });
  row.for_each([&](auto k, auto part) HWY_ATTR {
    const Vec mine = part.load(factors + k);
    unroll<N>([&](auto t) HWY_ATTR { sum[t] = hn::MulAdd(mine, part.load(column[t] + k), sum[t]); });
  });
  return tile_sums(sum);
}

}  // namespace odot::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // once for each instruction set
