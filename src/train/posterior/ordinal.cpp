// Cut points by Newton's method, and the targets of rows.
#include "train/posterior/ordinal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

#include "kernels/masked_prediction.hpp"
#include "kernels/normal_interval.hpp"
#include "odot/core/error.hpp"
#include "odot/core/ordered_sum.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Bounds {
  double lower;
  double upper;
};

// Of a class, about `latent`.
Bounds bounds(std::size_t of_class, ConstSpan cuts, double latent) {
  return {of_class > 0 ? static_cast<double>(cuts[of_class - 1]) - latent : -kInfinity,
          of_class < cuts.size() ? static_cast<double>(cuts[of_class]) - latent : kInfinity};
}

// −∂²(log P)/∂t² in what bounds are about, which is 1 less the variance within the bounds.
double curvature(const NormalInterval& interval, const Bounds& about) {
  const double mean = interval.mean();
  double sum = mean * mean;
  if (std::isfinite(about.lower)) sum -= about.lower * interval.at_lower;
  if (std::isfinite(about.upper)) sum += about.upper * interval.at_upper;
  return std::clamp(sum, 0.0, 1.0);
}

// The mean of a rating as a function of its latent mean, by linear interpolation: what a trace shows needs no more.
class MeanRatings {
 public:
  MeanRatings(const OrdinalLink& link, double variance) {
    const double beyond = kBeyond * std::sqrt(1 + variance);
    first_ = static_cast<double>(link.cuts.front()) - beyond;
    per_unit_ = (kPoints - 1) / (static_cast<double>(link.cuts.back()) + beyond - first_);
    for (int k = 0; k < kPoints; ++k) means_.push_back(link.mean(first_ + k / per_unit_, variance));
  }

  double operator()(double latent) const {
    const double at = std::clamp((latent - first_) * per_unit_, 0.0, kPoints - 1.001);
    const auto place = static_cast<std::size_t>(at);
    return means_[place] + (at - static_cast<double>(place)) * (means_[place + 1] - means_[place]);
  }

 private:
  static constexpr double kBeyond = 6;
  static constexpr int kPoints = 1024;

  double first_;
  double per_unit_;
  std::vector<double> means_;
};

}  // namespace

OrdinalLink first_link(const RatingMatrix& ratings) {
  const std::vector<Real>& table = ratings.table();
  std::vector<std::size_t> counts(table.size());
  const RatingSide side = ratings.by_user();
  if (!table.empty()) {
    side.read(0, side.size(), [&] {
      for (Offset k = 0; k < side.size(); ++k) ++counts[side.values.codes()[k]];
    });
  }
  const auto different =
      static_cast<std::size_t>(std::ranges::count_if(counts, [](std::size_t count) { return count > 0; }));
  if (table.empty() || different > kMostRatingValues) {
    throw Error::of_setting("likelihood",
                            fmt::format("ordinal is for ratings of at most {} different values; these have {}",
                                        kMostRatingValues, table.empty() ? "more" : std::to_string(different)));
  }
  if (different < 2) {
    throw Error::of_setting(
        "likelihood",
        fmt::format("ordinal needs ratings of two different values; all of these are {}", ratings.summary().lowest));
  }
  OrdinalLink link;
  double below = 0;
  for (std::size_t code = 0; code < table.size(); ++code) {
    if (counts[code] == 0) continue;
    link.values.push_back(table[code]);
    below += static_cast<double>(counts[code]);
    if (link.values.size() == different) break;
    const double cut =
        kLatentDeviation * boost::math::quantile(boost::math::normal(), below / static_cast<double>(side.size()));
    const double least = link.cuts.empty() ? cut : static_cast<double>(link.cuts.back()) + kLeastGap;
    link.cuts.push_back(static_cast<Real>(std::max(cut, least)));
  }
  return link;
}

RatingClasses::RatingClasses(ConstSpan table, ConstSpan values) : zeros_(table.size()) {
  for (const Real value : table) {
    const auto place = std::ranges::lower_bound(values, value) - values.begin();
    classes_.push_back(std::min(static_cast<std::size_t>(place), values.size() - 1));
  }
}

RatingSide RatingClasses::without_values(const RatingSide& side) const {
  RatingSide out = side;
  out.values = RatingValues(side.values.codes(), zeros_);
  return out;
}

double LatentTargets::retarget(const RatingSide& side, Offset begin, Offset end, Real* errors) const {
  double information = 0;
  for (Offset k = begin; k < end; ++k, ++errors) {
    const Bounds about = bounds(classes_.of(side, k), cuts_, static_cast<double>(*errors));
    const NormalInterval interval = normal_interval(about.lower, about.upper);
    *errors = static_cast<Real>(-interval.mean());
    information += curvature(interval, about);
  }
  return information;
}

// With A = φ(a)/P and B = φ(b)/P the derivatives of log P in a and b are −A and B, of which the derivatives are
// a A − A², −b B − B² and A B.
void CutSums::add(std::size_t of_class, ConstSpan cuts, double latent) {
  const auto [a, b] = bounds(of_class, cuts, latent);
  const NormalInterval interval = normal_interval(a, b);
  log_likelihood += interval.log_probability();
  if (of_class > 0) {
    gradient[of_class - 1] -= interval.at_lower;
    diagonal[of_class - 1] += interval.at_lower * (interval.at_lower - a);
  }
  if (of_class < cuts.size()) {
    gradient[of_class] += interval.at_upper;
    diagonal[of_class] += interval.at_upper * (interval.at_upper + b);
    if (of_class > 0) beside[of_class - 1] -= interval.at_lower * interval.at_upper;
  }
}

CutSums& CutSums::operator+=(const CutSums& part) {
  log_likelihood += part.log_likelihood;
  squared_error += part.squared_error;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    gradient[k] += part.gradient[k];
    diagonal[k] += part.diagonal[k];
    beside[k] += part.beside[k];
  }
  return *this;
}

void improve_cuts(const CutSums& sums, Span cuts) {
  const std::size_t count = cuts.size();
  // Gaussian elimination of the tridiagonal system.
  std::vector<double> pivot = sums.diagonal;
  std::vector<double> step = sums.gradient;
  for (std::size_t k = 1; k < count; ++k) {
    const double factor = sums.beside[k - 1] / pivot[k - 1];
    pivot[k] -= factor * sums.beside[k - 1];
    step[k] -= factor * step[k - 1];
  }
  for (std::size_t k = count; k-- > 0;) {
    if (k + 1 < count) step[k] -= sums.beside[k] * step[k + 1];
    step[k] /= pivot[k];
  }
  if (!std::ranges::all_of(step, [](double one) { return std::isfinite(one); })) return;
  double before = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const auto old = static_cast<double>(cuts[k]);
    double cut = old + step[k];
    if (k > 0) cut = std::max(cut, static_cast<double>(cuts[k - 1]) + std::max((old - before) / 2, kLeastGap));
    cuts[k] = static_cast<Real>(cut);
    before = old;
  }
}

OrdinalFit::OrdinalFit(const RatingSide& by_user, const RatingClasses& classes, ConstSpan values,
                       const FactorLayout& layout)
    : side_(by_user), classes_(classes), values_(values.begin(), values.end()), layout_(layout), plan_(by_user) {}

CutSums OrdinalFit::operator()(const Real* theta, ConstSpan cuts, double variance) const {
  const MeanRatings mean({values_, Vector(cuts.begin(), cuts.end())}, variance);
  const std::size_t stride = layout_.stride();
  std::vector<CutSums> parts(plan_.chunks.size(), CutSums(cuts.size()));
  parallel_for(parts.size(), [&](std::size_t number) {
    const Chunk& chunk = plan_.chunks[number];
    CutSums& sums = parts[number];
    std::array<Real, kPairsAtOnce> products;
    side_.read(chunk.begin, chunk.end, [&] {
      for (Index user = chunk.row_begin; user < chunk.row_end; ++user) {
        const Offset row_end = std::min(chunk.end, side_.offsets[user + 1]);
        for (Offset begin = std::max(chunk.begin, side_.offsets[user]); begin < row_end; begin += kPairsAtOnce) {
          const Offset end = std::min<Offset>(row_end, begin + kPairsAtOnce);
          predict_row(side_, begin, end, stride, theta + layout_.user_row(user), theta + layout_.item_row(0),
                      products.data());
          for (Offset k = begin; k < end; ++k) {
            const auto latent = static_cast<double>(products[k - begin]);
            const std::size_t of_class = classes_.of(side_, k);
            sums.add(of_class, cuts, latent);
            const double error = mean(latent) - static_cast<double>(values_[of_class]);
            sums.squared_error += error * error;
          }
        }
      }
    });
  });
  CutSums total(cuts.size());
  add_in_order(parts, total);
  return total;
}

}  // namespace odot::inline ODOT_PRECISION
