// The SIMD vocabulary of the kernels, compiled once for every instruction set (see Highway's foreach_target.h): vectors
// of Reals, rows as a number of vectors, and sums over the lanes of a tile of vectors.
//
// What is here and in the files that include it calls nothing that is not compiled for the same instruction set, apart
// from functions that are inlined.
#if defined(ODOT_KERNELS_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)  // once for each instruction set
#ifdef ODOT_KERNELS_VECTORS_INL
#undef ODOT_KERNELS_VECTORS_INL
#else
#define ODOT_KERNELS_VECTORS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

/// After the parameters of a lambda: compiled for the instruction set, and always inlined. What a lambda that is called
/// captures by reference is in memory, not in registers.
#undef ODOT_INLINED
#define ODOT_INLINED HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<Real>;
using Vec = hn::Vec<Tag>;
inline constexpr std::size_t kVecLanes = hn::MaxLanes(Tag());

/// The number of ratings in flight together, and a vector with one lane for each.
using TileTag = hn::CappedTag<Real, kLanes>;
using TileVec = hn::Vec<TileTag>;
inline constexpr std::size_t kTile = hn::MaxLanes(TileTag());

/// Calls body(std::integral_constant t) for every t in [0, N), unrolled. A lambda body is ODOT_INLINED.
template <std::size_t N, class Body>
HWY_INLINE void unroll(Body&& body) {
  [&]<std::size_t... T>(std::index_sequence<T...>) ODOT_INLINED {
    (body(std::integral_constant<std::size_t, T>{}), ...);
  }
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

/// A row of kStride Reals, few enough that sums as wide as a row stay in registers.
template <std::size_t kStride>
struct FixedRow {
  static constexpr std::size_t stride = kStride;
  static constexpr std::size_t kWhole = kStride / kVecLanes;
  static constexpr std::size_t kVecs = kWhole + (kStride % kVecLanes == 0 ? 0 : 1);

  /// As that of AnyRow, unrolled.
  template <class Body>
  HWY_INLINE void for_each(Body&& body) const {
    unroll<kWhole>([&](auto v)
                       ODOT_INLINED { body(std::integral_constant<std::size_t, v * kVecLanes>(), WholeVec()); });
    if constexpr (kVecs > kWhole) body(std::integral_constant<std::size_t, kWhole * kVecLanes>(), LowerVec());
  }
};

/// The widest FixedRow, in Reals: it gains less the wider it is, and every width is compiled for itself. Sanitizers,
/// with which that takes minutes, see the narrowest alone.
#if HWY_TARGET == HWY_SCALAR
inline constexpr std::size_t kWidestFixed = 0;
#elif HWY_IS_ASAN || HWY_IS_TSAN
inline constexpr std::size_t kWidestFixed = kLanes;
#else
inline constexpr std::size_t kWidestFixed = 5 * kVecLanes / kLanes * kLanes;
#endif

/// Calls body(row) with the FixedRow of `stride` Reals where there is one, else with an AnyRow; returns what it does.
template <std::size_t kStride = kWidestFixed, class Body>
HWY_INLINE auto with_row(std::size_t stride, Body&& body) {
  if constexpr (kStride == 0) {
    return body(AnyRow{stride});
  } else {
    if (stride == kStride) return body(FixedRow<kStride>());
    return with_row<kStride - kLanes>(stride, body);
  }
}

/// Sums as wide as a row, at first 0: those of a FixedRow in registers, others in memory, at the `out` that they are to
/// be stored to.
template <class Row>
class RowSums {
 public:
  HWY_INLINE RowSums(Row, Real* out) : out_(out) {
    unroll<Row::kVecs>([&](auto v) ODOT_INLINED { sums_[v] = hn::Zero(Tag()); });
  }

  /// Adds to the vector at `offset`.
  template <class Offset, class Part>
  HWY_INLINE void add(Offset, Part, Vec more) {
    constexpr std::size_t v = Offset::value / kVecLanes;
    sums_[v] = hn::Add(sums_[v], more);
  }

  HWY_INLINE void store() const {
    Row().for_each([&](auto k, auto part) ODOT_INLINED { part.store(sums_[k / kVecLanes], out_ + k); });
  }

 private:
  Real* out_;
  Vec sums_[Row::kVecs];
};

template <>
class RowSums<AnyRow> {
 public:
  HWY_INLINE RowSums(AnyRow row, Real* out) : out_(out) {
    row.for_each([&](std::size_t k, auto part) ODOT_INLINED { part.store(hn::Zero(Tag()), out + k); });
  }

  template <class Part>
  HWY_INLINE void add(std::size_t offset, Part part, Vec more) {
    part.store(hn::Add(part.load(out_ + offset), more), out_ + offset);
  }

  HWY_INLINE void store() const {}

 private:
  Real* out_;
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
    unroll<kLeft / 2>([&](auto t) ODOT_INLINED { v[t] = interleaved_sum<kBytes>(v[2 * t], v[2 * t + 1]); });
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
  asm("" : "+r"(from) : "m"(lanes));
  unroll<N>([&](auto t) ODOT_INLINED { out[t] = hn::Set(Tag(), from[t]); });
}

/// The sum of the lanes.
HWY_INLINE Real lane_sum(Vec v) { return hn::GetLane(hn::SumOfLanes(Tag(), v)); }

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
    unroll<kParts>([&](auto k) ODOT_INLINED { out.part[k] = hn::Zero(Part()); });
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
    unroll<kParts>([&](auto k) ODOT_INLINED { part[k] = hn::MulAdd(a.part[k], b.part[k], part[k]); });
  }

  /// The sum of all lanes.
  HWY_INLINE double sum() const {
    auto all = part[0];
    if constexpr (kParts == 2) all = hn::Add(all, part[1]);
    return hn::GetLane(hn::SumOfLanes(Part(), all));
  }
};

}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // once for each instruction set
