// Samples side by side, with the means over them of what is not kept of each.
#include "train/posterior/kept_samples.hpp"

#include <algorithm>
#include <cmath>

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The mean of what comes one after another, the first at place 0.
class Average {
 public:
  explicit Average(int place) : share_(1.0 / (place + 1)) {}
  double share() const { return share_; }
  double before() const { return 1 - share_; }
  void add(Real& mean, double value) const {
    mean = static_cast<Real>(before() * static_cast<double>(mean) + share_ * value);
  }

 private:
  double share_;
};

// Those of so many blocks, one after another: all that is of one sample, and the mean of the variances.
SideFeatures kept_features(const RowInputs& inputs, const Real* blocks, std::size_t samples, std::size_t stride) {
  SideFeatures out{inputs.encoding, inputs.means, {}, {}, {}, Vector(stride)};
  const std::size_t size = inputs.width * stride;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    const Real* block = blocks + sample * feature_block_size(inputs.width, stride);
    out.effects.insert(out.effects.end(), block, block + size);
    out.unrated_effects.insert(out.unrated_effects.end(), block + size, block + 2 * size);
    out.unrated_mean.insert(out.unrated_mean.end(), block + 2 * size, block + 2 * size + stride);
    const Average average(static_cast<int>(sample));
    for (std::size_t k = 0; k < stride; ++k) {
      average.add(out.unrated_variance[k], static_cast<double>(block[2 * size + stride + k]));
    }
  }
  return out;
}

// Gives rows without ratings the mean of the others, as if they were newcomers: what they were drawn from may have no
// mean.
void share_noise(Span weights, const std::vector<Index>& unrated) {
  if (unrated.size() == weights.size()) return;
  for (const Index row : unrated) weights[row] = 0;
  double sum = 0;
  for (const Real weight : weights) sum += static_cast<double>(weight);
  const auto mean = static_cast<Real>(sum / static_cast<double>(weights.size() - unrated.size()));
  for (const Index row : unrated) weights[row] = mean;
}

}  // namespace

void keep_sample(const SamplerLayout& layout, int place, const Vector& item_means, const Vector& item_variances,
                 Vector& all) {
  const FactorLayout& model = layout.model;
  const FactorLayout& factors = layout.factors;
  const auto rank = static_cast<std::size_t>(factors.rank);
  const auto keep = static_cast<std::size_t>(layout.keep);
  const auto number = static_cast<std::size_t>(place);
  const Average average(place);
  const double share = average.share();
  const auto put = [&](std::size_t begin, const Real* from, bool items, int bias, int model_bias) {
    for_each_element(items ? factors.items : factors.users, [&](std::size_t row) {
      Real* to = all.data() + begin + row * model.stride();
      const Real* source = from + row * factors.stride();
      const std::size_t first = number * rank;
      const auto before = static_cast<Real>(1 - share);
      if (!items) {
        for (std::size_t k = 0; k < first; ++k) to[k] *= before;
      }
      const auto factor = static_cast<Real>(items ? 1.0 : share);
      for (std::size_t k = 0; k < rank; ++k) to[first + k] = factor * source[k];
      to[model_bias] = before * to[model_bias] + static_cast<Real>(share) * source[bias];
      all[layout.sample_biases() + ((items ? factors.users : 0) + row) * keep + number] = source[bias];
    });
  };
  put(0, all.data() + layout.sample(), false, factors.user_bias(), model.user_bias());
  put(model.item_row(0), item_means.data(), true, factors.item_bias(), model.item_bias());

  const auto mean_of = [&](std::size_t mean, const Real* from, std::size_t size) {
    for_each_element(size, [&](std::size_t k) { average.add(all[mean + k], static_cast<double>(from[k])); });
  };
  mean_of(layout.item_variances(), item_variances.data(), item_variances.size());
  if (layout.effects) mean_of(layout.mean_effects(), all.data() + layout.partner_effects(), factors.size());
  for_each_element(layout.partner_effects() - layout.user_weights(), [&](std::size_t k) {
    average.add(all[layout.mean_weights() + k], 1 / static_cast<double>(all[layout.user_weights() + k]));
  });
  average.add(all[layout.number(SamplerLayout::mean_noise)],
              1 / static_cast<double>(all[layout.number(SamplerLayout::noise_precision)]));
  const std::size_t priors = 2 * prior_size(factors.stride());
  std::copy_n(all.data() + layout.user_prior(), priors, all.data() + layout.kept_priors() + number * priors);
  const auto keep_block = [&](std::size_t from, std::size_t to, std::size_t size) {
    std::copy_n(all.data() + from, size, all.data() + to + number * size);
  };
  keep_block(layout.user_features(), layout.kept_user_features(), layout.user_block());
  keep_block(layout.item_features(), layout.kept_item_features(), layout.item_block());
}

void move_kept(const SamplerLayout& layout, bool users, bool items, const SideInputs& inputs, Factorization& model) {
  const FactorLayout& factors = layout.factors;
  const std::size_t stride = factors.stride();
  const std::size_t rows = std::size_t{factors.users} + factors.items;
  const auto keep = static_cast<std::size_t>(layout.keep);
  const Vector all = std::move(model.theta);
  const auto number = [&](SamplerLayout::Number which) { return static_cast<double>(all[layout.number(which)]); };
  const auto part = [&](std::size_t begin, std::size_t size) { return part_of(all, begin, size); };

  FactorPosterior& posterior = model.posterior.emplace();
  posterior.samples = std::max(static_cast<int>(number(SamplerLayout::kept)), 1);
  const auto samples = static_cast<std::size_t>(posterior.samples);
  posterior.noise_variance = number(SamplerLayout::mean_noise);

  // Without the room for samples that were not reached.
  const FactorLayout& whole = layout.model;
  model.layout.rank = factors.rank * posterior.samples;
  const auto rank = static_cast<std::size_t>(model.layout.rank);
  model.theta.assign(model.layout.size(), Real{0});
  for (std::size_t row = 0; row < rows; ++row) {
    const Real* from = all.data() + row * whole.stride();
    Real* to = model.theta.data() + row * model.layout.stride();
    std::copy_n(from, rank, to);
    std::copy_n(from + whole.rank, whole.width() - static_cast<std::size_t>(whole.rank), to + rank);
  }

  if (inputs.users.width > 0) {
    posterior.users.features = kept_features(inputs.users, all.data() + layout.kept_user_features(), samples, stride);
  }
  if (inputs.items.width > 0) {
    posterior.items.features = kept_features(inputs.items, all.data() + layout.kept_item_features(), samples, stride);
  }
  // Users are as they were drawn, but for those without ratings, who are where their features say.
  posterior.variances.resize(factors.size());
  for (const Index row : inputs.users.unrated) {
    std::ranges::copy(posterior.users.features->unrated_variance,
                      posterior.variances.begin() + static_cast<std::ptrdiff_t>(factors.user_row(row)));
  }
  std::copy_n(all.data() + layout.item_variances(), factors.items * stride,
              posterior.variances.data() + factors.item_row(0));
  for (std::size_t row = 0; row < (samples > 1 ? rows : 0); ++row) {
    const Real* biases = all.data() + layout.sample_biases() + row * keep;
    posterior.sample_biases.insert(posterior.sample_biases.end(), biases, biases + samples);
  }
  posterior.noise_weights = part(layout.mean_weights(), factors.users);
  const Vector of_items = part(layout.mean_weights() + layout.item_weights() - layout.user_weights(), factors.items);
  posterior.noise_weights.insert(posterior.noise_weights.end(), of_items.begin(), of_items.end());
  const Span weights(posterior.noise_weights);
  share_noise(weights.first(factors.users), inputs.users.unrated);
  share_noise(weights.subspan(factors.users), inputs.items.unrated);
  for (std::size_t sample = 0; sample < samples; ++sample) {
    std::size_t begin = layout.kept_priors() + 2 * sample * prior_size(stride);
    for (SidePrior* prior : {&posterior.users, &posterior.items}) {
      const Vector precision = part(begin, factors.width() * stride);
      const Vector mean = part(begin + stride * stride, stride);
      prior->precision.insert(prior->precision.end(), precision.begin(), precision.end());
      prior->mean.insert(prior->mean.end(), mean.begin(), mean.end());
      begin += prior_size(stride);
    }
  }
  const std::size_t item_rows = factors.item_row(0);
  if (users) posterior.users.partner_effects = part(layout.mean_effects() + item_rows, factors.size() - item_rows);
  if (items) posterior.items.partner_effects = part(layout.mean_effects(), item_rows);
}

}  // namespace odot::inline ODOT_PRECISION
