// Rows of samples out of those of the model.
#include "model/kinds/factor_samples.hpp"

#include <algorithm>

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {

FactorLayout sample_layout(const FactorView& model) {
  return model.posterior ? model.posterior->sample_layout(model.layout) : model.layout;
}

int sample_count(const FactorView& model) { return model.posterior ? model.posterior->samples : 1; }

void copy_sample(const FactorView& model, bool items, Index row, int sample, Real* out) {
  const FactorLayout& whole = model.layout;
  const FactorLayout layout = sample_layout(model);
  const Real* from = model.theta.data() + row_place(whole, items, row, whole.stride());
  const auto samples = static_cast<std::size_t>(sample_count(model));
  const auto rank = static_cast<std::size_t>(layout.rank);
  const auto number = static_cast<std::size_t>(sample);
  const Real factor = items ? Real{1} : static_cast<Real>(samples);
  for (std::size_t k = 0; k < rank; ++k) out[k] = factor * from[number * rank + k];
  std::fill(out + rank, out + layout.stride(), Real{0});
  if (!layout.biases) return;
  const int bias = items ? layout.item_bias() : layout.user_bias();
  const int whole_bias = items ? whole.item_bias() : whole.user_bias();
  const bool biases_apart = model.posterior && !model.posterior->sample_biases.empty();
  out[bias] =
      biases_apart ? model.posterior->sample_biases[row_place(whole, items, row, samples) + number] : from[whole_bias];
  out[items ? layout.item_pin() : layout.user_pin()] = static_cast<Real>(model.pin);
}

void put_sample(const Factorization& model, bool items, int sample, const Real* from, std::size_t row, Vector& rows,
                Vector& sample_biases) {
  const FactorPosterior& posterior = *model.posterior;
  const FactorLayout& whole = model.layout;
  const FactorLayout layout = posterior.sample_layout(whole);
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const auto number = static_cast<std::size_t>(sample);
  const auto rank = static_cast<std::size_t>(layout.rank);
  const Real share = items ? Real{1} : Real{1} / static_cast<Real>(samples);
  Real* to = rows.data() + row * whole.stride();
  for (std::size_t k = 0; k < rank; ++k) to[number * rank + k] = share * from[k];
  if (!layout.biases) return;
  const Real bias = from[items ? layout.item_bias() : layout.user_bias()];
  to[items ? whole.item_bias() : whole.user_bias()] += bias / static_cast<Real>(samples);
  to[items ? whole.item_pin() : whole.user_pin()] = static_cast<Real>(model.pin);
  if (!posterior.sample_biases.empty()) sample_biases[row * samples + number] = bias;
}

Vector sample_rows(const FactorView& model, bool items, int sample) {
  const std::size_t stride = sample_layout(model).stride();
  const Index count = items ? model.layout.items : model.layout.users;
  Vector out(count * stride);
  for_each_element(count, [&](std::size_t row) {
    copy_sample(model, items, static_cast<Index>(row), sample, out.data() + row * stride);
  });
  return out;
}

double noise_weight(const FactorView& model, bool items, Index row) {
  const Vector& weights = model.posterior->noise_weights;
  if (weights.empty()) return 1;
  const std::size_t begin = row_place(model.layout, items, 0, 1);
  if (row != kUnknown) return static_cast<double>(weights[begin + row]);
  const Index count = items ? model.layout.items : model.layout.users;
  double sum = 0;
  for (Index k = 0; k < count; ++k) sum += static_cast<double>(weights[begin + k]);
  return sum / count;
}

}  // namespace odot::inline ODOT_PRECISION
