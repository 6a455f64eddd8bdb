// How far ratings are from the predictions of a factorisation that knows.
#include <cmath>
#include <utility>
#include <vector>

#include "model/dense_matrix.hpp"
#include "model/kinds/factor_posterior.hpp"
#include "model/kinds/factor_samples.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The variances of a row that nothing is known of but its prior: diag Λ⁻¹.
Vector prior_variances(const Real* precision, const std::vector<std::size_t>& free, std::size_t stride) {
  const auto n = static_cast<Eigen::Index>(free.size());
  const Eigen::MatrixXd covariance = dense_matrix(precision, free, stride).llt().solve(Eigen::MatrixXd::Identity(n, n));
  Vector out(stride);
  for (Eigen::Index i = 0; i < n; ++i) out[free[static_cast<std::size_t>(i)]] = static_cast<Real>(covariance(i, i));
  return out;
}

// A row as a distribution: means and variances.
struct RowDistribution {
  const Real* mean;
  const Real* variance;
};

// Σ_k of the variance of a product of independent a_k and b_k.
double product_variance(const RowDistribution& a, const RowDistribution& b, std::size_t stride) {
  double sum = 0;
  for (std::size_t k = 0; k < stride; ++k) {
    const auto mean_a = static_cast<double>(a.mean[k]);
    const auto mean_b = static_cast<double>(b.mean[k]);
    const auto of_a = static_cast<double>(a.variance[k]);
    const auto of_b = static_cast<double>(b.variance[k]);
    sum += of_a * mean_b * mean_b + mean_a * mean_a * of_b + of_a * of_b;
  }
  return sum;
}

// The rows of one side as what is known of them says, sample by sample.
class SideRows {
 public:
  SideRows(const Factorization& model, bool items)
      : model_(model),
        items_(items),
        layout_(model.posterior->sample_layout(model.layout)),
        unknown_noise_(noise_weight(model, items, kUnknown)) {
    const SidePrior& prior = items ? model.posterior->items : model.posterior->users;
    const int pin = items ? layout_.item_pin() : layout_.user_pin();
    const std::vector<std::size_t> free = free_elements(layout_.width(), pin);
    unknown_means_ = prior.mean;
    for (std::size_t sample = 0; sample < static_cast<std::size_t>(model.posterior->samples); ++sample) {
      if (pin >= 0) unknown_means_[sample * stride() + static_cast<std::size_t>(pin)] = static_cast<Real>(model.pin);
      const Real* precision = prior.precision.data() + sample * layout_.width() * stride();
      const Vector variances = prior_variances(precision, free, stride());
      unknown_variances_.insert(unknown_variances_.end(), variances.begin(), variances.end());
    }
  }

  /// `room` is where its mean may be put.
  RowDistribution row(Index index, int sample, Vector& room) const {
    const std::size_t unknown = static_cast<std::size_t>(sample) * stride();
    if (index == kUnknown) return {unknown_means_.data() + unknown, unknown_variances_.data() + unknown};
    copy_sample(model_, items_, index, sample, room.data());
    return {room.data(), model_.posterior->variances.data() + row_place(layout_, items_, index, stride())};
  }

  double noise(Index index) const { return index == kUnknown ? unknown_noise_ : noise_weight(model_, items_, index); }

 private:
  std::size_t stride() const { return layout_.stride(); }

  const Factorization& model_;
  bool items_;
  FactorLayout layout_;
  double unknown_noise_;
  Vector unknown_means_;
  Vector unknown_variances_;
};

// Mean and unbiased variance of what is added, which is 0 of a single number (Welford 1962).
class RunningMoments {
 public:
  void add(double value) {
    const double change = value - mean_;
    mean_ += change / ++count_;
    squares_ += change * (value - mean_);
  }
  double mean() const { return mean_; }
  double variance() const { return count_ > 1 ? squares_ / (count_ - 1) : 0; }

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

}  // namespace

// Of an unknown row the prior is all that is known. Predictions leave its mean's product with the other row out, so
// that this is part of how far ratings are from them.
void deviations(const Factorization& model, const Triples& pairs, std::span<double> out) {
  const FactorPosterior& posterior = *model.posterior;
  const FactorLayout layout = posterior.sample_layout(model.layout);
  const std::size_t stride = layout.stride();
  const SideRows users(model, false);
  const SideRows items(model, true);
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    check_pairs(pairs, chunks.begin(chunk), chunks.end(chunk), layout.users, layout.items);
    Vector user_row(stride);
    Vector item_row(stride);
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      const Index user = pairs.user[k];
      const Index item = pairs.item[k];
      double products = 0;
      RunningMoments expected;
      for (int sample = 0; sample < posterior.samples; ++sample) {
        const RowDistribution u = users.row(user, sample, user_row);
        const RowDistribution v = items.row(item, sample, item_row);
        products += product_variance(u, v, stride);
        double product = model.mean;
        for (std::size_t i = 0; i < stride; ++i) {
          product += static_cast<double>(u.mean[i]) * static_cast<double>(v.mean[i]);
        }
        expected.add(product);
      }
      double variance = posterior.noise_variance * users.noise(user) * items.noise(item) +
                        products / posterior.samples + expected.variance();
      if (user == kUnknown || item == kUnknown) {
        const double shift = expected.mean() - model.predict(user, item);
        variance += shift * shift;
      }
      out[k] = std::sqrt(variance);
    }
  });
}

}  // namespace odot::inline ODOT_PRECISION
