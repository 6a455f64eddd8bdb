// Sums and updates over vectors, in chunks; the loops within a chunk are compiled for every instruction set.
#include "odot/core/vector.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/vector.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<Real>;
using Wide = hn::ScalableTag<double>;

// A vector of elements from `from` on, as doubles.
template <class T>
HWY_INLINE hn::Vec<Wide> widened(const T* from) {
  const Wide d;
  if constexpr (std::is_same_v<T, double>) {
    return hn::LoadU(d, from);
  } else {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<T, Wide>(), from));
  }
}

// Adds product(a, b) of the elements of x and y, as doubles, in several partial sums, so that no addition waits for the
// one before.
template <class Product>
HWY_INLINE double sum_of_products(const Real* x, const Real* y, std::size_t n, Product product) {
  const Wide d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    sum0 = product(widened(x + i), widened(y + i), sum0);
    sum1 = product(widened(x + i + lanes), widened(y + i + lanes), sum1);
    sum2 = product(widened(x + i + 2 * lanes), widened(y + i + 2 * lanes), sum2);
    sum3 = product(widened(x + i + 3 * lanes), widened(y + i + 3 * lanes), sum3);
  }
  for (; i + lanes <= n; i += lanes) sum0 = product(widened(x + i), widened(y + i), sum0);
  auto sum = hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)));
  for (; i < n; ++i) {
    sum = product(hn::Set(d, static_cast<double>(x[i])), hn::Set(d, static_cast<double>(y[i])), sum);
  }
  return hn::GetLane(sum);
}

double dot_of(const Real* x, const Real* y, std::size_t n) {
  return sum_of_products(x, y, n, [](auto a, auto b, auto sum) HWY_ATTR { return hn::MulAdd(a, b, sum); });
}

// sums[k] = x[k]·y for kCount vectors x over [begin, end). Vectors that are read side by side come from far memory
// faster than one after the other.
template <std::size_t kCount>
HWY_INLINE void dots_of(const ConstSpan* x, ConstSpan y, std::size_t begin, std::size_t end, double* sums) {
  const Wide d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<Wide> even[kCount];
  hn::Vec<Wide> odd[kCount];
  const Real* from[kCount];
  for (std::size_t k = 0; k < kCount; ++k) {
    even[k] = odd[k] = hn::Zero(d);
    from[k] = x[k].data();
  }
  std::size_t i = begin;
  for (; i + 2 * lanes <= end; i += 2 * lanes) {
    const auto first = widened(y.data() + i);
    const auto second = widened(y.data() + i + lanes);
    for (std::size_t k = 0; k < kCount; ++k) {
      even[k] = hn::MulAdd(widened(from[k] + i), first, even[k]);
      odd[k] = hn::MulAdd(widened(from[k] + i + lanes), second, odd[k]);
    }
  }
  for (std::size_t k = 0; k < kCount; ++k) {
    sums[k] = hn::GetLane(hn::SumOfLanes(d, hn::Add(even[k], odd[k])));
    for (std::size_t rest = i; rest < end; ++rest) {
      sums[k] += static_cast<double>(from[k][rest]) * static_cast<double>(y[rest]);
    }
  }
}

void dots_range(std::span<const ConstSpan> x, ConstSpan y, std::size_t begin, std::size_t end, double* sums) {
  std::size_t k = 0;
  for (; k + 4 <= x.size(); k += 4) dots_of<4>(&x[k], y, begin, end, sums + k);
  for (; k + 2 <= x.size(); k += 2) dots_of<2>(&x[k], y, begin, end, sums + k);
  if (k < x.size()) sums[k] = dot_of(x[k].data() + begin, y.data() + begin, end - begin);
}

double squared_distance(const Real* x, const Real* y, std::size_t n) {
  return sum_of_products(x, y, n, [](auto a, auto b, auto sum) HWY_ATTR {
    const auto difference = hn::Sub(a, b);
    return hn::MulAdd(difference, difference, sum);
  });
}

// out[i] = Σ_k a[k] x[k][i] for i in [begin, end).
void combine_range(std::span<const double> a, std::span<const ConstSpan> x, std::size_t begin, std::size_t end,
                   Real* out) {
  const Tag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t k = 0; k < x.size(); ++k) {
      sum = hn::MulAdd(hn::Set(d, static_cast<Real>(a[k])), hn::LoadU(d, x[k].data() + i), sum);
    }
    hn::StoreU(sum, d, out + i);
  }
  for (; i < end; ++i) {
    out[i] = 0;
    for (std::size_t k = 0; k < x.size(); ++k) out[i] += static_cast<Real>(a[k]) * x[k][i];
  }
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cmath>

namespace odot::inline ODOT_PRECISION {
namespace {

HWY_EXPORT(dot_of);
HWY_EXPORT(dots_range);
HWY_EXPORT(squared_distance);
HWY_EXPORT(combine_range);

}  // namespace

double dot(ConstSpan x, ConstSpan y) {
  return parallel_sum(x.size(), [&](std::size_t begin, std::size_t end) {
    return HWY_DYNAMIC_DISPATCH(dot_of)(x.data() + begin, y.data() + begin, end - begin);
  });
}

void dots(std::span<const ConstSpan> x, ConstSpan y, std::span<double> out) {
  const std::size_t count = x.size();
  const VectorChunks chunks(y.size());
  const auto add = [&](std::size_t chunk, double* sums) {
    HWY_DYNAMIC_DISPATCH(dots_range)(x, y, chunks.begin(chunk), chunks.end(chunk), sums);
  };
  if (chunks.count() == 1) return add(0, out.data());
  std::vector<double> partial(chunks.count() * count);
  parallel_for(chunks.count(), [&](std::size_t chunk) { add(chunk, partial.data() + chunk * count); });
  const std::span<double> sums = out.first(count);
  std::fill(sums.begin(), sums.end(), 0.0);
  add_elements_in_order<double>(partial, sums);
}

void combine(std::span<const double> a, std::span<const ConstSpan> x, Span out) {
  const VectorChunks chunks(out.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    HWY_DYNAMIC_DISPATCH(combine_range)(a, x, chunks.begin(chunk), chunks.end(chunk), out.data());
  });
}

double norm(ConstSpan x) { return std::sqrt(dot(x, x)); }

double distance(ConstSpan x, ConstSpan y) {
  return std::sqrt(parallel_sum(x.size(), [&](std::size_t begin, std::size_t end) {
    return HWY_DYNAMIC_DISPATCH(squared_distance)(x.data() + begin, y.data() + begin, end - begin);
  }));
}

bool all_finite(ConstSpan x) {
  return std::all_of(x.begin(), x.end(), [](Real element) { return std::isfinite(element); });
}

void copy(ConstSpan x, Span out) {
  const Real* a = x.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = a[i]; });
}

void scale(double a, ConstSpan x, Span out) {
  const Real factor = static_cast<Real>(a);
  const Real* from = x.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = factor * from[i]; });
}

void add_scaled(ConstSpan x, double a, ConstSpan d, Span out) {
  const Real factor = static_cast<Real>(a);
  const Real* from = x.data();
  const Real* along = d.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = from[i] + factor * along[i]; });
}

}  // namespace odot::inline ODOT_PRECISION
#endif  // HWY_ONCE
