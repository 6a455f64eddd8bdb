// A = Lᵀ D L with a unit upper triangle L, whose rows times D are left where those of A's upper triangle were. b is one
// more column, so that it is eliminated with the others. Panels of eight rows first take all rows above into account,
// in registers, and are then finished row by row.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cholesky.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include "kernels/cholesky.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kPanel = 8;

using Tag = hn::CappedTag<double, kPanel>;
using Vec = hn::Vec<Tag>;
constexpr std::size_t kLanesOfVec = hn::MaxLanes(Tag());

// Takes the rows above `first` out of a panel's columns from `first` on.
void eliminate_above(double* a, std::size_t stride, std::size_t first, const double* inverse, double* factors) {
  const Tag d;
  for (std::size_t j = 0; j < first; ++j) {
    const Vec scale = hn::Set(d, inverse[j]);
    for (std::size_t k = 0; k < kPanel; k += kLanesOfVec) {
      hn::Store(hn::Mul(scale, hn::Load(d, a + j * stride + first + k)), d, factors + j * kPanel + k);
    }
  }
  for (std::size_t k = first; k < stride; k += kLanesOfVec) {
    double* out = a + first * stride + k;
    Vec sum[kPanel];
    for (std::size_t r = 0; r < kPanel; ++r) sum[r] = hn::Load(d, out + r * stride);
    for (std::size_t j = 0; j < first; ++j) {
      const Vec above = hn::Load(d, a + j * stride + k);
      for (std::size_t r = 0; r < kPanel; ++r) {
        sum[r] = hn::NegMulAdd(hn::Set(d, factors[j * kPanel + r]), above, sum[r]);
      }
    }
    for (std::size_t r = 0; r < kPanel; ++r) hn::Store(sum[r], d, out + r * stride);
  }
}

// Finishes `rows` rows from `first` on: `least[r]` is what a pivot must exceed.
void finish_panel(double* a, std::size_t stride, std::size_t first, std::size_t rows, const double* least,
                  double* inverse) {
  const Tag d;
  for (std::size_t r = 0; r < rows; ++r) {
    const double* row = a + (first + r) * stride;
    const double pivot = row[first + r];
    const double reciprocal = pivot > least[r] ? 1 / pivot : 0;
    inverse[first + r] = reciprocal;
    for (std::size_t below = r + 1; below < rows; ++below) {
      const Vec factor = hn::Set(d, row[first + below] * reciprocal);
      double* out = a + (first + below) * stride;
      for (std::size_t k = (first + below) / kLanesOfVec * kLanesOfVec; k < stride; k += kLanesOfVec) {
        hn::Store(hn::NegMulAdd(factor, hn::Load(d, row + k), hn::Load(d, out + k)), d, out + k);
      }
    }
  }
}

// x from the finished rows, whose column n is b's; x has `stride` elements.
void substitute(const double* a, std::size_t stride, std::size_t n, const double* inverse, double* x) {
  const Tag d;
  for (std::size_t k = 0; k < stride; ++k) x[k] = 0;
  for (std::size_t first = (n - 1) / kPanel * kPanel;; first -= kPanel) {
    const std::size_t rows = n - first < kPanel ? n - first : kPanel;
    double rest[kPanel];
    for (std::size_t r = 0; r < rows; ++r) {
      const double* row = a + (first + r) * stride;
      Vec sum = hn::Zero(d);
      for (std::size_t k = first + kPanel; k < stride; k += kLanesOfVec) {
        sum = hn::MulAdd(hn::Load(d, row + k), hn::Load(d, x + k), sum);
      }
      rest[r] = row[n] - hn::GetLane(hn::SumOfLanes(d, sum));
    }
    for (std::size_t r = rows; r-- > 0;) {
      const double value = inverse[first + r] * rest[r];
      for (std::size_t above = 0; above < r; ++above) rest[above] -= a[(first + above) * stride + first + r] * value;
      x[first + r] = value;
    }
    if (first == 0) return;
  }
}

void solve(double* a, std::size_t stride, std::size_t n, double precision, double* inverse, double* factors,
           double* x) {
  const double share = precision * static_cast<double>(n);
  for (std::size_t first = 0; first < n; first += kPanel) {
    const std::size_t rows = n - first < kPanel ? n - first : kPanel;
    double least[kPanel];
    for (std::size_t r = 0; r < rows; ++r) {
      double* row = a + (first + r) * stride;
      least[r] = share * row[first + r];
      // What lies in a panel's vectors but not in the triangle must not grow from one system to the next.
      for (std::size_t k = first; k < first + r; ++k) row[k] = 0;
      for (std::size_t k = n + 1; k < stride; ++k) row[k] = 0;
    }
    eliminate_above(a, stride, first, inverse, factors);
    finish_panel(a, stride, first, rows, least, inverse);
  }
  substitute(a, stride, n, inverse, x);
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cmath>

namespace odot::inline ODOT_PRECISION {
namespace {

HWY_EXPORT(solve);
HWY_EXPORT(substitute);

constexpr std::size_t kRowsOfPanel = 8;

std::size_t padded(std::size_t n) { return (n + kRowsOfPanel - 1) / kRowsOfPanel * kRowsOfPanel; }

}  // namespace

PositiveSystem::PositiveSystem(std::size_t most)
    : matrix_(padded(most) * padded(most + 1)),
      inverse_(padded(most)),
      factors_(padded(most) * kRowsOfPanel),
      x_(padded(most + 1)) {}

void PositiveSystem::start(std::size_t n) {
  n_ = n;
  stride_ = padded(n + 1);
}

const double* PositiveSystem::solve(double precision) {
  if (n_ > 0) {
    HWY_DYNAMIC_DISPATCH(solve)(matrix_.data(), stride_, n_, precision, inverse_.data(), factors_.data(), x_.data());
  }
  return x_.data();
}

// Rows are those of DL, so that √D z is to be in b's column.
const double* PositiveSystem::sample(const double* normals) {
  for (std::size_t i = 0; i < n_; ++i) row(i)[n_] = inverse_[i] > 0 ? normals[i] / std::sqrt(inverse_[i]) : 0;
  if (n_ > 0) HWY_DYNAMIC_DISPATCH(substitute)(matrix_.data(), stride_, n_, inverse_.data(), x_.data());
  return x_.data();
}

}  // namespace odot::inline ODOT_PRECISION
#endif  // HWY_ONCE
