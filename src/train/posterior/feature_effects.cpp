// Features' effects, solved for as a whole in each sweep: there are few inputs.
#include "train/posterior/feature_effects.hpp"

#include <algorithm>

#include "core/sum_over_rows.hpp"
#include "model/kinds/side_features.hpp"
#include "odot/core/ordered_sum.hpp"
#include "odot/core/parallel.hpp"
#include "train/posterior/partner_weights.hpp"
#include "train/posterior/prior_root.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kRidge = 3;  // of the regression that rows without ratings come from, in rows

constexpr double kAlone = 1e-6;  // 1 − h of a row that the regression knows nothing of but for itself

// In proportion to n/(n + half), their mean over the rows that have ratings 1.
std::vector<double> row_weights(const RatingSide& side, double half) {
  std::vector<double> weights(side.rows());
  double rated = 0;
  for (Index row = 0; row < side.rows(); ++row) {
    if (side.count(row) == 0) continue;
    const auto count = static_cast<double>(side.count(row));
    weights[row] = count / (count + half);
    ++rated;
  }
  const double sum = ordered_sum(weights);
  for (double& weight : weights) {
    if (weight > 0) weight *= rated / sum;
  }
  return weights;
}

// Puts rows of the free elements into those of `to`, stride wide.
void put(const double* from, std::size_t rows, const std::vector<std::size_t>& free, std::size_t stride, Real* to) {
  for (std::size_t f = 0; f < rows; ++f) {
    for (std::size_t k = 0; k < free.size(); ++k)
      to[f * stride + free[k]] = static_cast<Real>(from[f * free.size() + k]);
  }
}

}  // namespace

FeatureEffects::FeatureEffects(const RatingSide& side, const RowInputs& inputs, const std::vector<std::size_t>& free,
                               std::size_t stride, double half)
    : inputs_(inputs),
      free_(free),
      stride_(stride),
      effects_(inputs.rows, inputs.width, row_weights(side, 0), kFeatureStrength, &inputs.means),
      whole_(inputs.rows, inputs.width, row_weights(side, half), kRidge),
      leverages_(whole_.leverages()),
      moves_(side.rows() * stride) {}

std::vector<double> FeatureEffects::expected(const Real* rows, const Real* mean, const Real* partner_sums) const {
  return effects_.solve(free_.size(), [&](std::size_t i, double* out) {
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const std::size_t at = i * stride_ + free_[k];
      out[k] = static_cast<double>(rows[at]) - static_cast<double>(mean[free_[k]]) -
               (partner_sums ? static_cast<double>(partner_sums[at]) : 0.0);
    }
  });
}

void FeatureEffects::update(const Real* rows, const Real* mean, const Real* partner_sums, Real* effects) {
  put(expected(rows, mean, partner_sums).data(), inputs_.width, free_, stride_, effects);
  move(effects);
}

void FeatureEffects::draw(const Real* rows, const ConstGaussianPrior& prior, const Real* partner_sums,
                          const DrawKey& key, Real* effects) {
  std::vector<double> solution = expected(rows, prior.mean, partner_sums);
  const std::size_t n = free_.size();
  std::vector<double> deviations(inputs_.width * n);
  for (std::size_t f = 0; f < inputs_.width; ++f) {
    Draws(key.seed, key.what, key.sweep, static_cast<std::uint32_t>(f))
        .normals(std::span(deviations).subspan(f * n, n));
  }
  effects_.correlate(n, deviations);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<RowMajor> whitened(deviations.data(), static_cast<Eigen::Index>(inputs_.width),
                                static_cast<Eigen::Index>(n));
  const Eigen::MatrixXd root = prior_root(prior, free_, stride_);
  root.triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(whitened);
  for (std::size_t k = 0; k < deviations.size(); ++k) solution[k] += deviations[k];
  put(solution.data(), inputs_.width, free_, stride_, effects);
  move(effects);
}

void FeatureEffects::move(const Real* effects) {
  const InputEffects effect(effects, inputs_.means, stride_);
  for_row_chunks(moves_.size() / stride_, [&](std::size_t begin, std::size_t end) {
    std::vector<double> row(stride_);
    for (std::size_t i = begin; i < end; ++i) {
      effect(inputs_.rows.data() + i * inputs_.width, row.data());
      for (std::size_t k = 0; k < stride_; ++k) moves_[i * stride_ + k] = static_cast<Real>(row[k]);
    }
  });
}

const Real* FeatureEffects::added_to(const Vector& sums) {
  moved_.resize(moves_.size());
  add_scaled(sums, 1, moves_, moved_);
  return moved_.data();
}

const Real* FeatureEffects::taken_from(const Real* rows) {
  remaining_.resize(moves_.size());
  add_scaled({rows, remaining_.size()}, -1, moves_, remaining_);
  return remaining_.data();
}

void FeatureEffects::expect_unrated(Real* rows, Real* variances, const FeatureBlock& block, const Shift& shift) const {
  if (whole_.total() == 0) return;
  const std::size_t n = free_.size();
  std::vector<double> solution = whole_.solve(n, [&](std::size_t i, double* out) {
    for (std::size_t k = 0; k < n; ++k) out[k] = static_cast<double>(rows[i * stride_ + free_[k]]);
  });
  const std::size_t width = inputs_.width;
  put(solution.data(), width, free_, stride_, block.unrated_effects);
  // The mean at ā instead of at the regression's own centre.
  double* mean = solution.data() + width * n;
  for (std::size_t k = 0; k < n; ++k) {
    mean[k] /= whole_.total();
    for (std::size_t f = 0; f < width; ++f) {
      mean[k] += (static_cast<double>(inputs_.means[f]) - whole_.centre()[f]) * solution[f * n + k];
    }
  }
  put(mean, 1, free_, stride_, block.unrated_mean);

  const InputEffects effect(block.unrated_effects, inputs_.means, stride_);
  const auto expect = [&](std::size_t i, std::vector<double>& row) {
    effect(inputs_.rows.data() + i * inputs_.width, row.data());
    for (const std::size_t k : free_) row[k] += static_cast<double>(block.unrated_mean[k]);
  };
  std::vector<double> moved(n);
  if (shift) {
    Vector expected(moves_.size());
    for_row_chunks(expected.size() / stride_, [&](std::size_t begin, std::size_t end) {
      std::vector<double> row(stride_);
      for (std::size_t i = begin; i < end; ++i) {
        expect(i, row);
        for (const std::size_t k : free_) expected[i * stride_ + k] = static_cast<Real>(row[k]);
      }
    });
    moved = shift(expected);
    for (std::size_t k = 0; k < n; ++k) mean[k] += moved[k];
    put(mean, 1, free_, stride_, block.unrated_mean);
  }
  // Leaving a row out changes what the regression says of it, not by what all rows are moved.
  const std::vector<double> misses = sum_over_rows(whole_.weights().size(), n, [&](std::size_t i, double* part) {
    const double weight = whole_.weights()[i];
    if (weight == 0) return;
    thread_local std::vector<double> row;
    row.resize(stride_);
    expect(i, row);
    const double rest = 1 - leverages_[i];
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t at = i * stride_ + free_[k];
      const double error = static_cast<double>(rows[at]) - (row[free_[k]] - moved[k]);
      const double miss = rest > kAlone ? error / rest - moved[k] : 0.0;
      part[k] += weight * (miss * miss + static_cast<double>(variances[at]));
    }
  });
  for (std::size_t k = 0; k < n; ++k) block.unrated_variances[free_[k]] = static_cast<Real>(misses[k] / whole_.total());

  std::vector<double> row(stride_);
  for (const std::size_t i : inputs_.unrated) {
    expect(i, row);
    for (const std::size_t k : free_) {
      rows[i * stride_ + k] = static_cast<Real>(row[k]);
      variances[i * stride_ + k] = block.unrated_variances[k];
    }
  }
}

}  // namespace odot::inline ODOT_PRECISION
