#include "kernels/row_quadratic.hpp"

#include <algorithm>

#include "kernels/pack.hpp"

namespace odot {
namespace {

constexpr std::size_t kTileBytes = 16384;  // of gathered columns, half of the smallest first-level cache

// gram ← gram + Σ v vᵀ over the gathered columns, on and above the diagonal, in blocks of 8 × 8 that stay in registers
// for a whole tile.
void add_products(const GatheredColumns& tile, std::size_t stride, Real* gram) {
  for (std::size_t i = 0; i < stride; i += kLanes) {
    for (std::size_t k = i; k < stride; k += kLanes) {
      Pack sum[kLanes];
      for (std::size_t a = 0; a < kLanes; ++a) sum[a] = *as_packs(gram + (i + a) * stride + k);
      for (std::size_t t = 0; t < tile.size(); ++t) {
        const Real* column = tile.column(t);
        const Pack right = *as_packs(column + k);
        for (std::size_t a = 0; a < kLanes; ++a) sum[a] += column[i + a] * right;
      }
      for (std::size_t a = 0; a < kLanes; ++a) *as_packs(gram + (i + a) * stride + k) = sum[a];
    }
  }
}

}  // namespace

GatheredColumns::GatheredColumns(std::size_t capacity, std::size_t stride)
    : stride_(stride), columns_(capacity * stride), errors_(capacity) {}

void GatheredColumns::gather(const Side& side, Offset begin, Offset end, const Real* row, const Real* columns) {
  size_ = static_cast<std::size_t>(end - begin);
  with_width(stride_, [&](auto width) {
    for (std::size_t t = 0; t < size_; ++t) {
      const Pack* from = as_packs(columns + side.indices[begin + t] * stride_);
      Pack* to = as_packs(columns_.data() + t * stride_);
      width.for_each([&](std::size_t k) { to[k] = from[k]; });
      errors_[t] = row_dot(width, as_packs(row), from) - side.values[begin + t];
    }
  });
}

std::size_t gather_tile(std::size_t stride) { return std::max<std::size_t>(8, kTileBytes / sizeof(Real) / stride); }

void form(const Side& side, Offset begin, Offset end, const Real* row, const Real* columns, GatheredColumns& tile,
          RowQuadratic& out) {
  const std::size_t stride = out.gradient.size();
  const std::size_t most = gather_tile(stride);
  std::fill(out.gradient.begin(), out.gradient.end(), Real{0});
  std::fill(out.gram.begin(), out.gram.end(), Real{0});
  out.squared_error = 0;
  for (Offset first = begin; first < end; first += most) {
    tile.gather(side, first, std::min<Offset>(end, first + most), row, columns);
    with_width(stride, [&](auto width) {
      Pack* gradient = as_packs(out.gradient.data());
      for (std::size_t t = 0; t < tile.size(); ++t) {
        const Real error = tile.error(t);
        const Pack* column = as_packs(tile.column(t));
        out.squared_error += static_cast<double>(error) * static_cast<double>(error);
        width.for_each([&](std::size_t k) { gradient[k] += error * column[k]; });
      }
    });
    add_products(tile, stride, out.gram.data());
  }
}

void add(const RowQuadratic& part, RowQuadratic& total) {
  total.squared_error += part.squared_error;
  for (std::size_t k = 0; k < total.gradient.size(); ++k) total.gradient[k] += part.gradient[k];
  for (std::size_t k = 0; k < total.gram.size(); ++k) total.gram[k] += part.gram[k];
}

void mirror(RowQuadratic& quadratic) {
  const std::size_t stride = quadratic.gradient.size();
  Real* gram = quadratic.gram.data();
  for (std::size_t i = 1; i < stride; ++i) {
    for (std::size_t k = 0; k < i / kLanes * kLanes; ++k) gram[i * stride + k] = gram[k * stride + i];
  }
}

}  // namespace odot
