// The few large ones among many numbers, for every instruction set.
#include "kernels/find_at_least.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/find_at_least.cpp"
#include <hwy/foreach_target.h>  // compiles this file for every instruction set

#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

HWY_FLATTEN std::size_t find(const Real* x, std::size_t n, Real bound, Index* places) {
  constexpr Tag d;
  const Vec least = hn::Set(d, bound);
  std::size_t found = 0;
  const auto write = [&](std::size_t begin) ODOT_INLINED {
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, hn::Ge(hn::LoadU(d, x + begin), least), bytes);
    std::uint64_t bits = 0;
    std::memcpy(&bits, bytes, sizeof bits);
    for (; bits != 0; bits &= bits - 1) {
      places[found++] = static_cast<Index>(begin + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  };
  for (std::size_t begin = 0; begin < n; begin += kFindGroup) {
    auto any = hn::Ge(hn::LoadU(d, x + begin), least);
    for (std::size_t k = kVecLanes; k < kFindGroup; k += kVecLanes) {
      any = hn::Or(any, hn::Ge(hn::LoadU(d, x + begin + k), least));
    }
    if (HWY_LIKELY(hn::AllFalse(d, any))) continue;
    for (std::size_t k = 0; k < kFindGroup; k += kVecLanes) write(begin + k);
  }
  return found;
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace odot::inline ODOT_PRECISION {

HWY_EXPORT(find);

std::size_t find_at_least(const Real* x, std::size_t n, Real bound, Index* places) {
  return HWY_DYNAMIC_DISPATCH(find)(x, n, bound, places);
}

}  // namespace odot::inline ODOT_PRECISION
#endif
