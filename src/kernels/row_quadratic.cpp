// The products v vᵀ of a row's columns are those of a matrix, whose rows are the gathered columns, with itself. They
// are formed in blocks that stay in registers while a whole tile of gathered columns, which fits the nearest cache, is
// read. The errors are one more element of each column, so that the gradient is one more row of the products.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_quadratic.cpp"
#include <hwy/foreach_target.h>
//
#include "kernels/row_quadratic.hpp"
#include "kernels/tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE {
namespace {

// Rows and vectors of a block: as many sums as registers hold beside what they are made of.
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3;
constexpr std::size_t kBlockRows = HWY_MIN(kVecLanes, kManyRegisters ? 8 : 4);
constexpr std::size_t kBlockVectors = kManyRegisters ? 3 : 2;

template <class Row>
HWY_NOINLINE HWY_FLATTEN double gather_of(Row each, const RatingSide& side, Offset begin, Offset end, const Real* row,
                                          const Real* data, Real* out, std::size_t out_stride, Real* errors) {
  const TileTag d;
  const TileValues values(side.values);
  const Columns<Row> columns{data, each, false};
  const Index* indices = side.indices.data();
  auto squares = Doubles<TileTag>::zero();
  for_each_tile(columns, indices, begin, end, end, [&](Offset first, auto count) ODOT_INLINED {
    const Real* column[kTile];
    columns.take(indices + first, count, column);
    const TileVec products = tile_products(each, row, column, [&](auto k, auto part, auto t, Vec factor) ODOT_INLINED {
      part.store(factor, out + t * out_stride + k);
    });
    TileVec error = hn::Sub(products, values.at(first, count));
    if (count < kTile) error = hn::IfThenElseZero(hn::FirstN(d, count), error);
    hn::StoreU(error, d, errors);
    const auto wide = Doubles<TileTag>::of(error);
    squares.add_product(wide, wide);
    out += kTile * out_stride;
    errors += kTile;
  });
  return squares.sum();
}

// Copies the columns of the ratings [begin, end) to `out`, `out_stride` apart, and writes row·column − value to
// `errors`; both have room for a whole last tile. Returns the sum of the squared errors.
double gather_columns(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns,
                      std::size_t stride, Real* out, std::size_t out_stride, Real* errors) {
  return with_row(stride, [&](auto each) ODOT_INLINED {
    return gather_of(each, side, begin, end, row, columns, out, out_stride, errors);
  });
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

// A tile of gathered columns; while products of it are formed, the next columns are fetched.
struct Tile {
  const Real* data;
  std::size_t count;
  std::size_t stride;
  NextColumns& next;
};

// Where products are added to: those of element `row` of columns with the others are in row 0.
struct Products {
  Real* data;
  std::size_t stride;
  std::size_t row;
};

// Adds Σ_t tile[t][row + a] tile[t][col …] for kRows rows a and kVectors vectors of columns.
template <std::size_t kRows, std::size_t kVectors>
void add_block(const Tile& tile, const Products& products, std::size_t row, std::size_t col) {
  const Tag d;
  Vec sum[kRows][kVectors];
  const std::size_t out_stride = products.stride;
  Real* out = products.data + (row - products.row) * out_stride + col;
  unroll<kRows>([&](auto a) ODOT_INLINED {
    unroll<kVectors>([&](auto k) ODOT_INLINED { sum[a][k] = hn::LoadU(d, out + a * out_stride + k * kVecLanes); });
  });
  const std::size_t stride = tile.stride;
  const Real* left = tile.data + row;
  const Real* right = tile.data + col;
  const auto add_rating = [&]() ODOT_INLINED {
    Vec columns[kVectors];
    unroll<kVectors>([&](auto k) ODOT_INLINED { columns[k] = hn::LoadU(d, right + k * kVecLanes); });
    unroll<kRows>([&](auto a) ODOT_INLINED {
      const Vec factor = hn::Set(d, left[a]);
      unroll<kVectors>([&](auto k) ODOT_INLINED { sum[a][k] = hn::MulAdd(factor, columns[k], sum[a][k]); });
    });
    left += stride;
    right += stride;
  };
  std::size_t t = 0;
  for (; t + kFetchEvery <= tile.count; t += kFetchEvery) {
    tile.next.fetch_one();
    for (std::size_t k = 0; k < kFetchEvery; ++k) add_rating();
  }
  for (; t < tile.count; ++t) add_rating();
  unroll<kRows>([&](auto a) ODOT_INLINED {
    unroll<kVectors>([&](auto k) ODOT_INLINED { hn::StoreU(sum[a][k], d, out + a * out_stride + k * kVecLanes); });
  });
}

// The same for kRows rows and the columns [col, col_end), whole vectors.
template <std::size_t kRows>
void add_rows(const Tile& tile, const Products& products, std::size_t row, std::size_t col, std::size_t col_end) {
  while (col < col_end) {
    const std::size_t left = (col_end - col) / kVecLanes;
    // Three and one would be one block with too few sums to keep the arithmetic units busy.
    const std::size_t vectors = left == 4 || left == 2 ? 2 : left < kBlockVectors ? left : kBlockVectors;
    switch (vectors) {
      case 1:
        add_block<kRows, 1>(tile, products, row, col);
        break;
      case 2:
        add_block<kRows, 2>(tile, products, row, col);
        break;
      default:
        add_block<kRows, kBlockVectors>(tile, products, row, col);
    }
    col += vectors * kVecLanes;
  }
}

// The same for the rows [row, row_end), fewer than a block has.
template <std::size_t kRows = kBlockRows - 1>
void add_last_rows(const Tile& tile, const Products& products, std::size_t row, std::size_t row_end,
                   std::size_t col_end) {
  if (row_end - row == kRows) {
    add_rows<kRows>(tile, products, row, 0, col_end);
  } else if constexpr (kRows > 1) {
    add_last_rows<kRows - 1>(tile, products, row, row_end, col_end);
  }
}

// Up to which element products are in rows of the smaller index.
std::size_t whole_vectors(std::size_t width) { return width / kVecLanes * kVecLanes; }

// Adds the products of elements i ≤ k < whole_vectors(width) to row i, column k of `gram`, and those of greater k to
// row k − whole_vectors(width), column i of `rest`, whose last row is that of the errors and whose stride is the
// tile's. Meanwhile fetches the columns of the ratings that come next.
void add_products(const Real* data, std::size_t count, std::size_t stride, std::size_t width, Real* gram,
                  std::size_t gram_stride, Real* rest, const Real* columns, std::size_t column_stride,
                  const Index* next_indices, std::size_t next_count) {
  NextColumns next({columns, {column_stride}, true}, next_indices, next_count);
  const Tile tile{data, count, stride, next};
  const std::size_t whole = whole_vectors(width);
  const Products upper{gram, gram_stride, 0};
  std::size_t i = 0;
  for (; i + kVecLanes < whole; i += kBlockRows) {
    add_rows<kBlockRows>(tile, upper, i, i / kVecLanes * kVecLanes, whole);
  }
  // What is left has one vector a row.
  constexpr std::size_t kRows = HWY_MIN(kVecLanes, 2 * kBlockRows);
  for (; i < whole; i += kRows) add_block<kRows, 1>(tile, upper, i, whole - kVecLanes);

  const Products lower{rest, stride, whole};
  const std::size_t end = width > whole ? whole + kVecLanes : whole;
  for (; i + kBlockRows <= width + 1; i += kBlockRows) add_rows<kBlockRows>(tile, lower, i, 0, end);
  add_last_rows(tile, lower, i, width + 1, end);
}

}  // namespace
}  // namespace odot::inline ODOT_PRECISION::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace odot::inline ODOT_PRECISION {
namespace {

HWY_EXPORT(gather_columns);
HWY_EXPORT(add_products);
HWY_EXPORT(whole_vectors);

constexpr std::size_t kTileBytes = 16384;  // of gathered columns, half of the smallest first-level cache
constexpr std::size_t kWidestVector = 16;

std::size_t padded(std::size_t width, std::size_t to) { return (width + to - 1) / to * to; }

}  // namespace

GatheredColumns::GatheredColumns(std::size_t capacity, std::size_t width)
    : width_(width),
      stride_(padded(width + 1, kWidestVector)),
      products_((width + 1 - HWY_DYNAMIC_DISPATCH(whole_vectors)(width)) * stride_) {
  const std::size_t most = padded(std::max(capacity, gather_tile(width)), kLanes);
  columns_.resize(most * stride_);
  errors_.resize(most);
}

void GatheredColumns::gather(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns) {
  size_ = static_cast<std::size_t>(end - begin);
  squared_error_ = HWY_DYNAMIC_DISPATCH(gather_columns)(side, begin, end, row, columns, padded(width_, kLanes),
                                                        columns_.data(), stride_, errors_.data());
}

void GatheredColumns::sum_squares() {
  squared_error_ = 0;
  for (std::size_t t = 0; t < size_; ++t) {
    squared_error_ += static_cast<double>(errors_[t]) * static_cast<double>(errors_[t]);
  }
}

void GatheredColumns::scale(const Index* indices, const Real* roots) {
  for (std::size_t t = 0; t < size_; ++t) {
    const Real root = roots[indices[t]];
    Real* column = columns_.data() + t * stride_;
    for (std::size_t k = 0; k < width_; ++k) column[k] *= root;
    errors_[t] *= root;
  }
  sum_squares();
}

std::size_t gather_tile(std::size_t width) {
  return std::max<std::size_t>(kLanes, kTileBytes / sizeof(Real) / padded(width + 1, kWidestVector));
}

void form(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns, GatheredColumns& tile,
          RowQuadratic& out, const Real* roots, const ErrorTargets* targets) {
  const std::size_t width = tile.width_;
  const std::size_t stride = out.gradient.size();
  const std::size_t most = gather_tile(width);
  out.squared_error = 0;
  out.information = 0;
  std::fill(out.gram.begin(), out.gram.end(), Real{0});
  std::fill(tile.products_.begin(), tile.products_.end(), Real{0});
  for (Offset first = begin; first < end; first += most) {
    tile.gather(side, first, std::min<Offset>(end, first + most), row, columns);
    if (targets) {
      out.information += targets->retarget(side, first, first + tile.size(), tile.errors_.data());
      tile.sum_squares();
    }
    if (roots) tile.scale(side.indices.data() + first, roots);
    out.squared_error += tile.squared_error();
    for (std::size_t t = 0; t < tile.size(); ++t) tile.columns_[t * tile.stride_ + width] = tile.errors_[t];
    const Offset next = first + tile.size();
    HWY_DYNAMIC_DISPATCH(add_products)
    (tile.columns_.data(), tile.size(), tile.stride_, width, out.gram.data(), stride, tile.products_.data(), columns,
     padded(width, kLanes), side.indices.data() + next, std::min<Offset>(most, side.size() - next));
  }

  const Real* products = tile.products_.data();
  for (std::size_t k = HWY_DYNAMIC_DISPATCH(whole_vectors)(width); k < width; ++k, products += tile.stride_) {
    for (std::size_t i = 0; i <= k; ++i) out.gram[i * stride + k] = products[i];
  }
  std::copy_n(products, width, out.gradient.data());
  std::fill(out.gradient.begin() + static_cast<std::ptrdiff_t>(width), out.gradient.end(), Real{0});
}

RowQuadratic& RowQuadratic::operator+=(const RowQuadratic& part) {
  squared_error += part.squared_error;
  information += part.information;
  for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += part.gradient[k];
  for (std::size_t k = 0; k < gram.size(); ++k) gram[k] += part.gram[k];
  return *this;
}

void mirror(RowQuadratic& quadratic) {
  const std::size_t stride = quadratic.gradient.size();
  Real* gram = quadratic.gram.data();
  for (std::size_t i = 1; i < stride; ++i) {
    for (std::size_t k = 0; k < i; ++k) gram[i * stride + k] = gram[k * stride + i];
  }
}

}  // namespace odot::inline ODOT_PRECISION
#endif  // HWY_ONCE
