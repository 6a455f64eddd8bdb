// The SIMD vocabulary of the kernels: factor rows as packs of eight Reals, and loops whose width is known at compile
// time for the usual ranks.
#pragma once

#include <cstddef>
#include <utility>

#include "odot/core/types.hpp"

namespace odot {

/// The widest row: the highest rank and two bias columns.
inline constexpr std::size_t kMostPacks = (kHighestRank + 2 + kLanes - 1) / kLanes;

/// kLanes Reals that are added and multiplied lane by lane (a GCC and Clang vector type).
using Pack = Real __attribute__((vector_size(kLanes * sizeof(Real)), may_alias));

inline const Pack* as_packs(const Real* row) { return reinterpret_cast<const Pack*>(row); }
inline Pack* as_packs(Real* row) { return reinterpret_cast<Pack*>(row); }

/// The sum of the lanes, always in the same order.
inline Real lane_sum(const Pack& p) {
  const Pack four = p + __builtin_shufflevector(p, p, 4, 5, 6, 7, 0, 1, 2, 3);
  const Pack two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1, 6, 7, 4, 5);
  return two[0] + two[1];
}

/// Row width in packs, known to the compiler.
template <std::size_t N>
struct FixedWidth {
  static constexpr std::size_t kCapacity = N;
  static constexpr std::size_t packs() { return N; }

  /// Calls body(k) for every pack of a row, unrolled.
  template <class Body>
  static void for_each(Body&& body) {
    [&]<std::size_t... K>(std::index_sequence<K...>) { (body(K), ...); }
    (std::make_index_sequence<N>{});
  }
};

/// Row width in packs, known at run time: the fallback for every other rank.
struct AnyWidth {
  static constexpr std::size_t kCapacity = kMostPacks;
  std::size_t count;
  std::size_t packs() const { return count; }

  template <class Body>
  void for_each(Body&& body) const {
    for (std::size_t k = 0; k < count; ++k) body(k);
  }
};

/// a·b over a row.
template <class Width>
inline Real row_dot(Width width, const Pack* a, const Pack* b) {
  Pack sum{};
  width.for_each([&](std::size_t k) { sum += a[k] * b[k]; });
  return lane_sum(sum);
}

/// Calls body(width) with the FixedWidth of `stride` Reals where it is compiled, else with an AnyWidth. The compiled
/// widths serve ranks up to 64, and 128, with and without two bias columns.
template <class Body>
auto with_width(std::size_t stride, Body&& body) {
  switch (stride / kLanes) {
    case 1:
      return body(FixedWidth<1>{});
    case 2:
      return body(FixedWidth<2>{});
    case 3:
      return body(FixedWidth<3>{});
    case 4:
      return body(FixedWidth<4>{});
    case 5:
      return body(FixedWidth<5>{});
    case 6:
      return body(FixedWidth<6>{});
    case 7:
      return body(FixedWidth<7>{});
    case 8:
      return body(FixedWidth<8>{});
    case 9:
      return body(FixedWidth<9>{});
    case 16:
      return body(FixedWidth<16>{});
    case 17:
      return body(FixedWidth<17>{});
    default:
      return body(AnyWidth{stride / kLanes});
  }
}

}  // namespace odot
