// Learning from ratings that are intervals of latent numbers (Albert & Chib 1993; variational: Girolami & Rogers 2006).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/chunk_plan.hpp"
#include "kernels/row_quadratic.hpp"
#include "odot/core/precision.hpp"
#include "odot/model/factor_layout.hpp"
#include "odot/model/ordinal_link.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// The deviation of latent numbers that training expects, the noise's being 1: what MovieLens' ratings have over their
/// noise.
inline constexpr double kLatentDeviation = 1.35;

/// The different values of `ratings`, as they were given, with cut points that make each as frequent as it is where
/// latent numbers are N(0, kLatentDeviation²). Throws Error for a single value, and for too many.
OrdinalLink first_link(const RatingMatrix& ratings);

/// The least distance between two cut points.
inline constexpr double kLeastGap = 1e-3;

/// Ratings by the numbers of their values.
class RatingClasses {
 public:
  /// Those of a matrix with such a table, all of whose values, where they are used, are among the link's.
  RatingClasses(ConstSpan table, ConstSpan values);

  /// `side` with 0 for every rating, so that errors are row·column. Valid as long as this.
  RatingSide without_values(const RatingSide& side) const;

  /// The class of rating k.
  std::size_t of(const RatingSide& side, Offset k) const { return classes_[side.values.codes()[k]]; }

 private:
  std::vector<std::size_t> classes_;  // by code
  std::vector<Real> zeros_;
};

/// E z given t = row·column and the interval of the rating, which is t + (φ(a) − φ(b))/(Φ(b) − Φ(a)) over the
/// interval's bounds less t: the targets of a row.
class LatentTargets : public ErrorTargets {
 public:
  /// `classes` must outlive this; `cuts` may change.
  LatentTargets(const RatingClasses& classes, ConstSpan cuts) : classes_(classes), cuts_(cuts) {}

  /// Of a side without values. Returns Σ −∂²(log P)/∂t², of which 1 would be a number's.
  double retarget(const RatingSide& side, Offset begin, Offset end, Real* errors) const override;

 private:
  const RatingClasses& classes_;
  ConstSpan cuts_;
};

/// A side whose rows are inferred from latent numbers.
struct LatentRatings {
  /// Of `ratings`, all of whose values are among the link's; both, and cuts, must outlive it.
  LatentRatings(const RatingMatrix& ratings, const RatingSide& of, const OrdinalLink& link)
      : classes(ConstSpan(ratings.table()), link.values),
        targets(classes, link.cuts),
        side(classes.without_values(of)) {}

  RatingClasses classes;
  LatentTargets targets;
  RatingSide side;
};

/// What the ratings say of cut points, rows staying as they are: sums over ratings of value k between c_{k−1} and c_k.
struct CutSums {
  explicit CutSums(std::size_t cuts) : gradient(cuts), diagonal(cuts), beside(cuts) {}

  double log_likelihood = 0;     ///< Σ log P
  double squared_error = 0;      ///< of the means of ratings
  std::vector<double> gradient;  ///< of Σ log P in the cuts
  std::vector<double> diagonal;  ///< of minus its Hessian, which is tridiagonal
  std::vector<double> beside;    ///< element k: what couples cuts k and k + 1

  /// Adds a rating of this class whose latent mean is `latent`; its squared error is not in it.
  void add(std::size_t of_class, ConstSpan cuts, double latent);

  CutSums& operator+=(const CutSums& part);
};

/// Σ log P is concave in the cuts: goes one step of Newton's method towards its maximum, on which no two cuts come
/// nearer than half of what they were apart, nor than kLeastGap.
void improve_cuts(const CutSums& sums, Span cuts);

/// Measures rows.
class OrdinalFit {
 public:
  /// `by_user` without values; `classes` must outlive this.
  OrdinalFit(const RatingSide& by_user, const RatingClasses& classes, ConstSpan values, const FactorLayout& layout);

  /// At θ and cuts. `variance` is that of t in the predictions that squared errors are of, for all ratings the same.
  /// Parallel; the same bits on any number of threads.
  CutSums operator()(const Real* theta, ConstSpan cuts, double variance) const;

 private:
  RatingSide side_;
  const RatingClasses& classes_;
  Vector values_;
  FactorLayout layout_;
  ChunkPlan plan_;
};

}  // namespace odot::inline ODOT_PRECISION
