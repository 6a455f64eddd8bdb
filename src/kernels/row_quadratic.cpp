// The products v vᵀ of a row's columns are those of a matrix, whose rows are the gathered columns, with itself. They
// are formed in blocks that stay in registers while a whole tile of gathered columns, which fits the nearest cache, is
// read. The errors are one more element of each column, so that the gradient is one more row of the products.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_quadratic.cpp"
#include <hwy/foreach_target.h>
//
#include "kernels/row_quadratic.hpp"
#include "kernels/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::HWY_NAMESPACE {
namespace {

// Rows and vectors of a block: as many sums as registers hold beside what they are made of.
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3;
constexpr std::size_t kBlockRows = kManyRegisters ? 8 : 4;
constexpr std::size_t kBlockVectors = kManyRegisters ? 3 : 2;

// Copies the columns of `count` ratings to `out`, `out_stride` apart, and writes row·column − value to `errors`.
double gather(const Real* data, std::size_t stride, const Index* indices, const Real* values, std::size_t count,
              const Real* row, Real* out, std::size_t out_stride, Real* errors) {
  const AnyRow each{stride};
  for (std::size_t t = 0; t < count; ++t) {
    const Real* from = data + indices[t] * stride;
    Real* to = out + t * out_stride;
    each.for_each([&](std::size_t k, auto part) HWY_ATTR { part.store(part.load(from + k), to + k); });
  }
  Doubles<TileTag> squares = Doubles<TileTag>::zero();
  const TileTag d;
  for (std::size_t t = 0; t < count; t += kTile) {
    const std::size_t here = count - t < kTile ? count - t : kTile;
    const Real* column[kTile];
    unroll<kTile>([&](auto k) HWY_ATTR { column[k] = out + (t + (k < here ? k : 0)) * out_stride; });
    // The arrays have room for a whole tile.
    TileVec error = hn::Sub(tile_products(each, row, column), hn::LoadU(d, values + t));
    if (here < kTile) error = hn::IfThenElseZero(hn::FirstN(d, here), error);
    hn::StoreU(error, d, errors + t);
    const auto wide = Doubles<TileTag>::of(error);
    squares.add_product(wide, wide);
  }
  return squares.sum();
}

// The columns of the ratings that come next, to be fetched one by one while others are worked on: many at once would
// have to wait for one another.
class NextColumns {
 public:
  NextColumns(const Columns<AnyRow>& columns, const Index* indices, std::size_t count)
      : columns_(columns), next_(indices), end_(indices + count) {}

  HWY_INLINE void fetch_one() {
    if (next_ != end_) columns_.fetch(next_++, 1);
  }

 private:
  Columns<AnyRow> columns_;
  const Index* next_;
  const Index* end_;
};

// Ratings of a block after which a column is fetched.
constexpr std::size_t kFetchEvery = 8;

// products ← products + Σ_t tile[t][row + a] tile[t][col …] for kRows rows and kVectors vectors of columns.
template <std::size_t kRows, std::size_t kVectors>
void add_block(const Real* tile, std::size_t count, std::size_t stride, std::size_t row, std::size_t col,
               Real* products, NextColumns& next) {
  const Tag d;
  Vec sum[kRows][kVectors];
  Real* out = products + row * stride + col;
  unroll<kRows>([&](auto a) HWY_ATTR {
    unroll<kVectors>([&](auto k) HWY_ATTR { sum[a][k] = hn::LoadU(d, out + a * stride + k * kVecLanes); });
  });
  for (std::size_t t = 0; t < count; ++t, tile += stride) {
    if (t % kFetchEvery == 0) next.fetch_one();
    Vec right[kVectors];
    unroll<kVectors>([&](auto k) HWY_ATTR { right[k] = hn::LoadU(d, tile + col + k * kVecLanes); });
    unroll<kRows>([&](auto a) HWY_ATTR {
      const Vec left = hn::Set(d, tile[row + a]);
      unroll<kVectors>([&](auto k) HWY_ATTR { sum[a][k] = hn::MulAdd(left, right[k], sum[a][k]); });
    });
  }
  unroll<kRows>([&](auto a) HWY_ATTR {
    unroll<kVectors>([&](auto k) HWY_ATTR { hn::StoreU(sum[a][k], d, out + a * stride + k * kVecLanes); });
  });
}

// The same for kRows rows and the columns [col, col_end), whole vectors.
template <std::size_t kRows>
void add_rows(const Real* tile, std::size_t count, std::size_t stride, std::size_t row, std::size_t col,
              std::size_t col_end, Real* products, NextColumns& next) {
  while (col < col_end) {
    const std::size_t left = (col_end - col) / kVecLanes;
    // Three and one would be one block with too few sums to keep the arithmetic units busy.
    const std::size_t vectors = left == 4 || left == 2 ? 2 : left < kBlockVectors ? left : kBlockVectors;
    switch (vectors) {
      case 1:
        add_block<kRows, 1>(tile, count, stride, row, col, products, next);
        break;
      case 2:
        add_block<kRows, 2>(tile, count, stride, row, col, products, next);
        break;
      default:
        add_block<kRows, kBlockVectors>(tile, count, stride, row, col, products, next);
    }
    col += vectors * kVecLanes;
  }
}

// The same for the rows [row, row_end), fewer than a block has.
template <std::size_t kRows = kBlockRows - 1>
void add_last_rows(const Real* tile, std::size_t count, std::size_t stride, std::size_t row, std::size_t row_end,
                   std::size_t col_end, Real* products, NextColumns& next) {
  if (row_end - row == kRows) {
    add_rows<kRows>(tile, count, stride, row, 0, col_end, products, next);
  } else if constexpr (kRows > 1) {
    add_last_rows<kRows - 1>(tile, count, stride, row, row_end, col_end, products, next);
  }
}

// Up to which element products are in rows of the smaller index.
std::size_t whole_vectors(std::size_t width) { return width / kVecLanes * kVecLanes; }

// Products of elements i ≤ k are added to row i, column k where whole vectors of elements reach to both, and to row k,
// column i where they do not reach to k. Row `width` is that of the errors. Meanwhile the columns of the next ratings
// are fetched.
void add_products(const Real* tile, std::size_t count, std::size_t stride, std::size_t width, Real* products,
                  const Real* columns, std::size_t column_stride, const Index* next_indices, std::size_t next_count) {
  NextColumns next({columns, {column_stride}, true}, next_indices, next_count);
  const std::size_t whole = whole_vectors(width);
  std::size_t i = 0;
  for (; i < whole; i += kBlockRows) {
    add_rows<kBlockRows>(tile, count, stride, i, i / kVecLanes * kVecLanes, whole, products, next);
  }
  const std::size_t rest = width > whole ? whole + kVecLanes : whole;
  for (; i + kBlockRows <= width + 1; i += kBlockRows) {
    add_rows<kBlockRows>(tile, count, stride, i, 0, rest, products, next);
  }
  add_last_rows(tile, count, stride, i, width + 1, rest, products, next);
}

}  // namespace
}  // namespace odot::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace odot {
namespace {

HWY_EXPORT(gather);
HWY_EXPORT(add_products);
HWY_EXPORT(whole_vectors);

constexpr std::size_t kTileBytes = 16384;  // of gathered columns, half of the smallest first-level cache
constexpr std::size_t kWidestVector = 16;

std::size_t padded(std::size_t width, std::size_t to) { return (width + to - 1) / to * to; }

}  // namespace

GatheredColumns::GatheredColumns(std::size_t capacity, std::size_t width)
    : width_(width), stride_(padded(width + 1, kWidestVector)), products_((width + 1) * stride_) {
  const std::size_t most = padded(std::max(capacity, gather_tile(width)), kLanes);
  columns_.resize(most * stride_);
  values_.resize(most);
  errors_.resize(most);
}

void GatheredColumns::gather(const Side& side, Offset begin, Offset end, const Real* row, const Real* columns) {
  size_ = static_cast<std::size_t>(end - begin);
  side.values.read(begin, end, values_.data());
  squared_error_ = HWY_DYNAMIC_DISPATCH(gather)(columns, padded(width_, kLanes), side.indices.data() + begin,
                                                values_.data(), size_, row, columns_.data(), stride_, errors_.data());
}

std::size_t gather_tile(std::size_t width) {
  return std::max<std::size_t>(kLanes, kTileBytes / sizeof(Real) / padded(width + 1, kWidestVector));
}

void form(const Side& side, Offset begin, Offset end, const Real* row, const Real* columns, GatheredColumns& tile,
          RowQuadratic& out) {
  const std::size_t width = tile.width_;
  const std::size_t most = gather_tile(width);
  out.squared_error = 0;
  std::fill(tile.products_.begin(), tile.products_.end(), Real{0});
  for (Offset first = begin; first < end; first += most) {
    tile.gather(side, first, std::min<Offset>(end, first + most), row, columns);
    out.squared_error += tile.squared_error();
    for (std::size_t t = 0; t < tile.size(); ++t) tile.columns_[t * tile.stride_ + width] = tile.errors_[t];
    const Offset next = first + tile.size();
    HWY_DYNAMIC_DISPATCH(add_products)
    (tile.columns_.data(), tile.size(), tile.stride_, width, tile.products_.data(), columns, padded(width, kLanes),
     side.indices.data() + next, std::min<Offset>(most, side.size() - next));
  }
  // The gathered errors must not be taken for elements of columns.
  for (std::size_t t = 0; t < std::min<std::size_t>(most, end - begin); ++t) {
    tile.columns_[t * tile.stride_ + width] = 0;
  }

  const std::size_t stride = out.gradient.size();
  const std::size_t whole = HWY_DYNAMIC_DISPATCH(whole_vectors)(width);
  const Real* products = tile.products_.data();
  for (std::size_t i = 0; i < whole; ++i) {
    std::copy(products + i * tile.stride_ + i, products + i * tile.stride_ + whole, out.gram.data() + i * stride + i);
  }
  for (std::size_t k = whole; k < width; ++k) {
    for (std::size_t i = 0; i <= k; ++i) out.gram[i * stride + k] = products[k * tile.stride_ + i];
  }
  std::copy_n(products + width * tile.stride_, width, out.gradient.data());
  // Padding.
  std::fill(out.gradient.begin() + static_cast<std::ptrdiff_t>(width), out.gradient.end(), Real{0});
  for (std::size_t i = 0; i < stride; ++i) {
    for (std::size_t k = std::max(i, width); k < stride; ++k) out.gram[i * stride + k] = 0;
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
    for (std::size_t k = 0; k < i; ++k) gram[i * stride + k] = gram[k * stride + i];
  }
}

}  // namespace odot
#endif  // HWY_ONCE
