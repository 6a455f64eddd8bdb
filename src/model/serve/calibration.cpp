// Scores of normal predictive distributions, and errors by predicted deviation.
#include "odot/model/calibration.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/normal_interval.hpp"
#include "odot/core/error.hpp"
#include "odot/model/ordinal_link.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kBinsPerOctave = 512;  // of deviations: they differ by 0.14% from one to the next
constexpr std::size_t kDeciles = 10;
constexpr std::size_t kAtOnce = std::size_t{1} << 20;  // ratings

constexpr double kLeastDeviation = 1e-100;

double density(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }

}  // namespace

double interval_half_width(double level) {
  if (!(level > 0 && level < 1)) throw Error::of_setting("interval", "must be above 0 and below 1");
  return boost::math::quantile(boost::math::complement(boost::math::normal(), (1 - level) / 2));
}

std::pair<std::size_t, std::size_t> central_values(std::span<const double> p, double level) {
  const double outside = (1 - level) / 2;
  std::size_t first = 0;
  for (double below = p[0]; first + 1 < p.size() && below < outside; below += p[first]) ++first;
  std::size_t last = p.size() - 1;
  for (double above = p[last]; last > first && above < outside; above += p[last]) --last;
  return {first, last};
}

CalibrationSums::CalibrationSums(double level) : level_(level), half_width_(interval_half_width(level)) {}

void CalibrationSums::add(const Model& model, const Triples& ratings) {
  std::vector<double> predictions;
  std::vector<double> deviations;
  std::vector<double> p;
  const ConstSpan values = model.rating_values();
  const std::size_t count = values.size();
  const std::size_t at_once = kAtOnce / std::max<std::size_t>(count, 1);
  for (std::size_t begin = 0; begin < ratings.size(); begin += at_once) {
    const std::size_t end = std::min(begin + at_once, ratings.size());
    const auto part = [&](const std::vector<Index>& all) {
      return std::vector<Index>(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                all.begin() + static_cast<std::ptrdiff_t>(end));
    };
    const Triples pairs{part(ratings.user), part(ratings.item), {}};
    if (count > 0) {
      p.resize(pairs.size() * count);
      model.probabilities(pairs, p);
      for (std::size_t k = begin; k < end; ++k) {
        add(values, std::span<const double>(p).subspan((k - begin) * count, count),
            static_cast<double>(ratings.value[k]));
      }
      continue;
    }
    predictions.resize(pairs.size());
    deviations.resize(pairs.size());
    model.predict(pairs, false, predictions);
    model.deviations(pairs, deviations);
    for (std::size_t k = begin; k < end; ++k) {
      add(predictions[k - begin], deviations[k - begin], static_cast<double>(ratings.value[k]));
    }
  }
}

// The CRPS of N(m, s²) at x is s (z (2 Φ(z) − 1) + 2 φ(z) − 1/√π) with z = (x − m)/s (Gneiting et al. 2005).
void CalibrationSums::add(double prediction, double deviation, double rating) {
  const double error = rating - prediction;
  const double z = error / deviation;
  ++ratings_;
  covered_ += std::abs(z) <= half_width_;
  negative_log_likelihood_ += std::log(2 * std::numbers::pi) / 2 + std::log(deviation) + z * z / 2;
  crps_ += deviation * (z * (2 * normal_share_below(z) - 1) + 2 * density(z) - 1 / std::sqrt(std::numbers::pi));
  add_error(deviation, error);
}

// The CRPS is ∫ (F(y) − [x ≤ y])² dy, F being constant between values.
void CalibrationSums::add(ConstSpan values, std::span<const double> p, double rating) {
  const std::size_t place = nearest_value(values, rating);
  const auto [first, last] = central_values(p, level_);
  ++ratings_;
  covered_ += place >= first && place <= last;
  negative_log_likelihood_ -= std::log(std::max(p[place], std::numeric_limits<double>::min()));
  double below = 0;
  for (std::size_t k = 0; k + 1 < p.size(); ++k) {
    below += p[k];
    const double share = below - (k >= place ? 1 : 0);
    crps_ += share * share * (static_cast<double>(values[k + 1]) - static_cast<double>(values[k]));
  }
  add_error(deviation_of(values, p), rating - mean_of(values, p));
}

void CalibrationSums::add_error(double deviation, double error) {
  // Where the rating is certain there is none.
  Bin& bin = bins_[std::lround(kBinsPerOctave * std::log2(std::max(deviation, kLeastDeviation)))];
  ++bin.ratings;
  bin.squared_deviations += deviation * deviation;
  bin.squared_errors += error * error;
}

Calibration CalibrationSums::result() const {
  Calibration result;
  result.ratings = ratings_;
  result.level = level_;
  if (ratings_ == 0) return result;
  const auto count = static_cast<double>(ratings_);
  result.coverage = static_cast<double>(covered_) / count;
  result.negative_log_likelihood = negative_log_likelihood_ / count;
  result.crps = crps_ / count;
  Bin group;
  std::size_t so_far = 0;
  for (const auto& [_, bin] : bins_) {
    group.ratings += bin.ratings;
    group.squared_deviations += bin.squared_deviations;
    group.squared_errors += bin.squared_errors;
    so_far += bin.ratings;
    if (so_far * kDeciles < (result.deciles.size() + 1) * ratings_) continue;
    const auto size = static_cast<double>(group.ratings);
    result.deciles.push_back(
        {group.ratings, std::sqrt(group.squared_deviations / size), std::sqrt(group.squared_errors / size)});
    group = {};
  }
  return result;
}

}  // namespace odot::inline ODOT_PRECISION
