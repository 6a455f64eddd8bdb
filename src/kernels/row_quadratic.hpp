// The objective of one row while all columns stay as they are: a quadratic in as many variables as a row has factors.
#pragma once

#include <limits>

#include "kernels/row_products.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// About the row u, with errors e_j = u·v_j − x_j over the row's ratings: Σ_j ((u + s)·v_j − x_j)² =
/// squared_error + 2 gradient·s + sᵀ gram s (document, equations 7 and 8, about u instead of 0 for the sake of
/// rounding). Where the columns have weights w_j, every sum is Σ_j w_j …: a column and its error times √w_j give that.
/// Other targets than the ratings come in there, too: an error is then about its target.
struct RowQuadratic {
  explicit RowQuadratic(std::size_t stride) : gradient(stride), gram(stride * stride) {}

  /// Adds another piece of the row's ratings; about the same row, not mirrored.
  RowQuadratic& operator+=(const RowQuadratic& part);

  double squared_error = 0;  ///< Σ e_j²
  double information = 0;    ///< Σ_j of what ErrorTargets::retarget() returns
  Vector gradient;           ///< Σ e_j v_j, `stride` elements
  Vector gram;               ///< Σ v_j v_jᵀ, stride × stride, symmetric; every row padded as the factors are
};

/// Rounding of the elements of `gram`, relative to its diagonal.
inline constexpr double kGramRounding = static_cast<double>(std::numeric_limits<Real>::epsilon());

/// What errors are about where that is not the ratings themselves.
class ErrorTargets {
 public:
  virtual ~ErrorTargets() = default;

  /// `errors`, which hold row·column − rating for the ratings [begin, end) of a side, are made row·column − target.
  /// Returns the sum over these ratings of what each says of row·column, where a number would say 1.
  virtual double retarget(const RatingSide& side, Offset begin, Offset end, Real* errors) const = 0;
};

/// The columns of some of a row's ratings side by side, with their errors, and room to work on them.
class GatheredColumns {
 public:
  /// For columns of which `width` elements are in use. Room for up to `capacity` ratings, and for those that form()
  /// gathers at a time.
  GatheredColumns(std::size_t capacity, std::size_t width);

  /// Takes the ratings [begin, end) of `row`, at most `capacity` of them; `columns` holds a row for every index. Rows
  /// and columns have `width` elements, padded with zeros to a multiple of kLanes; all are aligned to kLanes Reals.
  void gather(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns);

  std::size_t size() const { return size_; }
  const Real* column(std::size_t t) const { return columns_.data() + t * stride_; }
  RowsAt columns(std::size_t first) const { return {column(first), stride_}; }  ///< from that one on
  Real error(std::size_t t) const { return errors_[t]; }                        ///< row·column(t) − rating
  double squared_error() const { return squared_error_; }                       ///< of all of them

 private:
  friend void form(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns,
                   GatheredColumns& tile, RowQuadratic& out, const Real* roots, const ErrorTargets* targets);
  void scale(const Index* indices, const Real* roots);
  void sum_squares();

  std::size_t width_;
  std::size_t stride_;  // of columns_ and products_: room for the errors in column width_, and whole vectors
  std::size_t size_ = 0;
  double squared_error_ = 0;
  Vector columns_;
  Vector errors_;
  Vector products_;  // those of the last elements, of which there is no whole vector, and of the errors, with all
};

/// Ratings that form() gathers at a time: their columns stay in the nearest cache.
std::size_t gather_tile(std::size_t width);

/// Sets `out` to the quadratic of the ratings [begin, end) of `row`. Of `gram` only what is on and above its diagonal
/// counts: mirror() does the rest. `tile` is for columns of the same width; what it holds is lost. `roots` has √w_j for
/// every index, or is null where all weights are 1; without `targets` errors are about the ratings.
void form(const RatingSide& side, Offset begin, Offset end, const Real* row, const Real* columns, GatheredColumns& tile,
          RowQuadratic& out, const Real* roots = nullptr, const ErrorTargets* targets = nullptr);

/// Completes `gram` below the diagonal.
void mirror(RowQuadratic& quadratic);

}  // namespace odot::inline ODOT_PRECISION
