// How far ratings are from the predictions of a factorisation that knows.
#include <cmath>
#include <utility>
#include <vector>

#include "model/dense_matrix.hpp"
#include "model/kinds/factor_posterior.hpp"
#include "model/kinds/factor_samples.hpp"
#include "model/kinds/latent_variances.hpp"
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

// Σ_k of the variance of a product of independent a_k and b_k.
double product_variance(const SideRows::Distribution& a, const SideRows::Distribution& b, std::size_t stride) {
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

SideRows::SideRows(const FactorView& model, bool items)
    : model_(model),
      items_(items),
      layout_(sample_layout(model)),
      unknown_noise_(noise_weight(model, items, kUnknown)) {
  const SidePrior& prior = items ? model.posterior->items : model.posterior->users;
  const int pin = items ? layout_.item_pin() : layout_.user_pin();
  const std::vector<std::size_t> free = free_elements(layout_.width(), pin);
  const std::size_t stride = layout_.stride();
  unknown_means_ = prior.mean;
  for (std::size_t sample = 0; sample < static_cast<std::size_t>(model.posterior->samples); ++sample) {
    if (pin >= 0) unknown_means_[sample * stride + static_cast<std::size_t>(pin)] = static_cast<Real>(model.pin);
    const Vector variances = prior_variances(prior.precision.data() + sample * layout_.width() * stride, free, stride);
    unknown_variances_.insert(unknown_variances_.end(), variances.begin(), variances.end());
  }
}

SideRows::Distribution SideRows::row(Index index, int sample, Vector& room) const {
  const std::size_t stride = layout_.stride();
  const std::size_t unknown = static_cast<std::size_t>(sample) * stride;
  if (index == kUnknown) return {unknown_means_.data() + unknown, unknown_variances_.data() + unknown};
  room.resize(stride);
  copy_sample(model_, items_, index, sample, room.data());
  return {room.data(), model_.posterior->variances.data() + row_place(layout_, items_, index, stride)};
}

double SideRows::noise(Index index) const {
  return index == kUnknown ? unknown_noise_ : noise_weight(model_, items_, index);
}

LatentVariances::LatentVariances(const FactorView& model) : model_(model) {
  if (!model.posterior) return;
  users_.emplace(model, false);
  items_.emplace(model, true);
}

// Of an unknown row the prior is all that is known. latent() leaves its mean's product with the other row out, so that
// this is part of how far ratings are from it.
double LatentVariances::operator()(Index user, Index item, double noise) const {
  if (!model_.posterior) return noise;
  const std::size_t stride = sample_layout(model_).stride();
  const int samples = model_.posterior->samples;
  Vector user_row;
  Vector item_row;
  double products = 0;
  RunningMoments expected;
  for (int sample = 0; sample < samples; ++sample) {
    const SideRows::Distribution u = users_->row(user, sample, user_row);
    const SideRows::Distribution v = items_->row(item, sample, item_row);
    products += product_variance(u, v, stride);
    double product = model_.mean;
    for (std::size_t i = 0; i < stride; ++i) {
      product += static_cast<double>(u.mean[i]) * static_cast<double>(v.mean[i]);
    }
    expected.add(product);
  }
  double variance = noise * users_->noise(user) * items_->noise(item) + products / samples + expected.variance();
  if (user == kUnknown || item == kUnknown) {
    const double shift = expected.mean() - model_.latent(user, item);
    variance += shift * shift;
  }
  return variance;
}

double LatentVariances::of_known(const FactorView& model, Index user, Index item) {
  if (!model.posterior) return 0;
  if (model.posterior->samples > 1) return LatentVariances(model)(user, item);
  const auto row = [&](std::size_t at) {
    return SideRows::Distribution{model.theta.data() + at, model.posterior->variances.data() + at};
  };
  return product_variance(row(model.layout.user_row(user)), row(model.layout.item_row(item)), model.layout.stride());
}

void deviations(const Factorization& model, const Triples& pairs, std::span<double> out) {
  const LatentVariances variances(model.view());
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    check_pairs(pairs, chunks.begin(chunk), chunks.end(chunk), model.layout.users, model.layout.items);
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      out[k] = std::sqrt(variances(pairs.user[k], pairs.item[k], model.posterior->noise_variance));
    }
  });
}

}  // namespace odot::inline ODOT_PRECISION
