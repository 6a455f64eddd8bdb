// Whether ratings are as far from their predictions as a model says that they are.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Of intervals where none is asked for.
inline constexpr double kUsualLevel = 0.9;

/// Half the width of the interval about the mean of a normal distribution of deviation 1 that holds a share `level`,
/// above 0 and below 1, of it: 1.645 for 0.9.
double interval_half_width(double level);

/// Ratings whose predicted deviations are alike.
struct DeviationGroup {
  std::size_t ratings = 0;
  double deviation = 0;  ///< predicted: the root of the mean square
  double rmse = 0;       ///< measured
};

/// The first and the last of the values of a rating, of probabilities p, that are neither among the least nor among the
/// greatest that have less than (1 − level)/2 between them: the rating is there with at least the probability `level`.
std::pair<std::size_t, std::size_t> central_values(std::span<const double> p, double level);

/// Of normal predictive distributions N(prediction, deviation²), predictions not clipped (Gneiting & Raftery 2007), or
/// where the model knows Model::rating_values() of their probabilities.
struct Calibration {
  std::size_t ratings = 0;
  double level = 0;
  double coverage = 0;                 ///< share of the ratings within their interval of that level
  double negative_log_likelihood = 0;  ///< mean of −log density, or of −log probability
  double crps = 0;                     ///< mean continuous ranked probability score, in units of the ratings
  /// By ascending deviation, as nearly of equal size as ratings of equal deviation allow, at most ten.
  std::vector<DeviationGroup> deciles;
};

/// Adds up what Calibration is made of, for any number of ratings a part at a time.
class CalibrationSums {
 public:
  explicit CalibrationSums(double level);

  /// The model must know deviations. The same bits on any number of threads.
  void add(const Model& model, const Triples& ratings);
  void add(double prediction, double deviation, double rating);
  /// A rating that is, or is nearest to, one of `values`, which have the probabilities `p`.
  void add(ConstSpan values, std::span<const double> p, double rating);

  Calibration result() const;

 private:
  struct Bin {
    std::size_t ratings = 0;
    double squared_deviations = 0;
    double squared_errors = 0;
  };

  void add_error(double deviation, double error);

  double level_;
  double half_width_;
  std::size_t ratings_ = 0;
  std::size_t covered_ = 0;
  double negative_log_likelihood_ = 0;
  double crps_ = 0;
  std::map<long, Bin> bins_;  // by the logarithm of the deviation
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
