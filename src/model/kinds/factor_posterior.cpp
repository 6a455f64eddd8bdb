// Posteriors in files and in other units.
#include "model/kinds/factor_posterior.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "model/dense_matrix.hpp"
#include "model/kinds/side_features.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kNoise = "noise_variance";
constexpr const char* kSamples = "samples";

// The tensors of a SidePrior.
struct PriorNames {
  const char* side;
  const char* precision;
  const char* mean;
  const char* effects;
};
constexpr PriorNames kUserPrior{"user", "user_prior_precision", "user_prior_mean", "item_effects_on_users"};
constexpr PriorNames kItemPrior{"item", "item_prior_precision", "item_prior_mean", "user_effects_on_items"};

// The tensors of what there is one row of for each user and each item, of a width of their own.
struct RowNames {
  Vector FactorPosterior::*rows;
  const char* users;
  const char* items;
};
constexpr RowNames kSampleBiases{&FactorPosterior::sample_biases, "user_sample_biases", "item_sample_biases"};
constexpr RowNames kNoiseWeights{&FactorPosterior::noise_weights, "user_noise_weights", "item_noise_weights"};

// Whether it is one of all elements of a row but the pinned one.
bool is_precision(const Real* precision, std::size_t stride, std::size_t width, int pin) {
  for (std::size_t k = 0; pin >= 0 && k < width; ++k) {
    const auto row = static_cast<std::size_t>(pin);
    if (precision[row * stride + k] != 0 || precision[k * stride + row] != 0) return false;
  }
  const Eigen::MatrixXd matrix = dense_matrix(precision, free_elements(width, pin), stride);
  return matrix == matrix.transpose() && matrix.llt().info() == Eigen::Success;
}

}  // namespace

// A posterior's tensors have elements in the order of a sample's rows, pins among them; without them it would need
// three layouts.
void add_posterior(const FactorPosterior& posterior, const FactorLayout& whole,
                   std::vector<safetensors::Output>& tensors) {
  const FactorLayout layout = posterior.sample_layout(whole);
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const std::size_t width = layout.width();
  const std::size_t stride = layout.stride();
  const auto add = [&](const char* name, const Real* first, std::size_t rows) {
    tensors.push_back(matrix_tensor(name, first, rows, width, stride));
  };
  add("user_variances", posterior.variances.data(), layout.users);
  add("item_variances", posterior.variances.data() + layout.item_row(0), layout.items);
  for (const RowNames& names : {kSampleBiases, kNoiseWeights}) {
    const Vector& rows = posterior.*names.rows;
    if (rows.empty()) continue;
    const std::size_t columns = rows.size() / (std::size_t{layout.users} + layout.items);
    tensors.push_back(matrix_tensor(names.users, rows.data(), layout.users, columns, columns));
    tensors.push_back(matrix_tensor(names.items, rows.data() + layout.users * columns, layout.items, columns, columns));
  }
  for (const auto& [prior, names] :
       {std::pair(&posterior.users, kUserPrior), std::pair(&posterior.items, kItemPrior)}) {
    add(names.precision, prior->precision.data(), samples * width);
    add(names.mean, prior->mean.data(), samples);
    if (!prior->partner_effects.empty()) {
      add(names.effects, prior->partner_effects.data(), prior->partner_effects.size() / stride);
    }
    if (prior->features) add_features(*prior->features, names.side, samples, layout, tensors);
  }
}

void add_posterior(const FactorPosterior& posterior, safetensors::Metadata& metadata) {
  metadata[kNoise] = fmt::format("{}", posterior.noise_variance);
  if (posterior.users.features) add_features(*posterior.users.features, kUserPrior.side, metadata);
  if (posterior.items.features) add_features(*posterior.items.features, kItemPrior.side, metadata);
  if (posterior.samples > 1) metadata[kSamples] = std::to_string(posterior.samples);
}

std::optional<FactorPosterior> read_posterior(ModelReader& file, const FactorLayout& whole) {
  if (!file.has(kNoise)) return std::nullopt;
  FactorPosterior posterior;
  posterior.noise_variance = file.number<double>(kNoise);
  if (!(posterior.noise_variance > 0 && posterior.noise_variance <= std::numeric_limits<Real>::max())) {
    file.fail(fmt::format("its {} is {}, not above 0 or too large", kNoise, posterior.noise_variance));
  }
  if (file.has(kSamples)) posterior.samples = file.number<int>(kSamples);
  if (posterior.samples < 1 || whole.rank % posterior.samples != 0) {
    file.fail(fmt::format("its rank {} is not that of {} samples", whole.rank, posterior.samples));
  }
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const FactorLayout layout = posterior.sample_layout(whole);
  const std::size_t width = layout.width();
  const std::size_t stride = layout.stride();
  const auto copy_as = [&](const char* name, Real* first, std::size_t rows, std::size_t columns, std::size_t apart) {
    file.copy_rows(name, take_matrix(file, name, rows, columns), rows, columns, first, apart);
  };
  const auto copy = [&](const char* name, Real* first, std::size_t rows) { copy_as(name, first, rows, width, stride); };
  const auto read = [&](const char* name, std::size_t rows) {
    Vector out(rows * stride);
    copy(name, out.data(), rows);
    return out;
  };
  posterior.variances.resize(layout.size());
  copy("user_variances", posterior.variances.data(), layout.users);
  copy("item_variances", posterior.variances.data() + layout.item_row(0), layout.items);
  const auto check_variances = [&](const char* name, std::size_t begin, Index rows, int pin) {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t k = 0; k < width; ++k) {
        const Real variance = posterior.variances[begin + row * stride + k];
        if (variance >= 0 && (variance == 0 || static_cast<int>(k) != pin)) continue;
        file.fail(fmt::format("the tensor \"{}\" holds {} in row {}, column {}, which is no variance there", name,
                              variance, row, k));
      }
    }
  };
  check_variances("user_variances", layout.user_row(0), layout.users, layout.user_pin());
  check_variances("item_variances", layout.item_row(0), layout.items, layout.item_pin());
  const auto read_rows = [&](const RowNames& names, std::size_t columns) {
    Vector& rows = posterior.*names.rows;
    rows.resize((std::size_t{layout.users} + layout.items) * columns);
    copy_as(names.users, rows.data(), layout.users, columns, columns);
    copy_as(names.items, rows.data() + layout.users * columns, layout.items, columns, columns);
  };
  if (samples > 1 && layout.biases) read_rows(kSampleBiases, samples);
  if (file.has_tensor(kNoiseWeights.users)) {
    read_rows(kNoiseWeights, 1);
    for (std::size_t row = 0; row < posterior.noise_weights.size(); ++row) {
      const Real weight = posterior.noise_weights[row];
      if (weight > 0 && std::isfinite(weight)) continue;
      const bool user = row < layout.users;
      file.fail(fmt::format("the tensor \"{}\" holds {} in row {}, which is not above 0 or too large",
                            user ? kNoiseWeights.users : kNoiseWeights.items, weight, user ? row : row - layout.users));
    }
  }
  const auto read_prior = [&](const PriorNames& names, Index partners, int pin) {
    SidePrior prior{read(names.precision, samples * width), read(names.mean, samples), {}};
    for (std::size_t sample = 0; sample < samples; ++sample) {
      if (is_precision(prior.precision.data() + sample * width * stride, stride, width, pin)) continue;
      file.fail(fmt::format("the tensor \"{}\" is not symmetric and positive definite", names.precision));
    }
    if (file.has_tensor(names.effects)) prior.partner_effects = read(names.effects, partners);
    prior.features = read_side_features(file, names.side, samples, layout, pin);
    return prior;
  };
  posterior.users = read_prior(kUserPrior, layout.items, layout.user_pin());
  posterior.items = read_prior(kItemPrior, layout.users, layout.item_pin());
  return posterior;
}

void refuse_deviations() {
  throw Error(
      "the model does not know how far ratings are from its predictions; models of methods variational and gibbs do",
      ErrorKind::usage);
}

void absorb_pin(const FactorLayout& whole, double pin, FactorPosterior& posterior) {
  const FactorLayout layout = posterior.sample_layout(whole);
  const std::size_t stride = layout.stride();
  const auto multiply = [&](Span rows, int column, double factor) { multiply_column(rows, stride, column, factor); };
  const auto absorb = [&](SidePrior& prior, Span variances, int column) {
    multiply(variances, column, pin * pin);
    multiply(prior.mean, column, pin);
    multiply(prior.partner_effects, column, pin);
    multiply(prior.precision, column, 1 / pin);
    if (prior.features) absorb_pin(*prior.features, stride, column, pin);
    for (std::size_t sample = 0; sample < static_cast<std::size_t>(posterior.samples); ++sample) {
      const std::size_t row = sample * layout.width() + static_cast<std::size_t>(column);
      for (Real& element : Span(prior.precision).subspan(row * stride, stride)) {
        element = static_cast<Real>(static_cast<double>(element) * (1 / pin));  // as its mirror image was, to the bit
      }
    }
  };
  const Span variances(posterior.variances);
  absorb(posterior.users, variances.first(layout.item_row(0)), layout.user_bias());
  absorb(posterior.items, variances.subspan(layout.item_row(0)), layout.item_bias());
  for (Real& bias : posterior.sample_biases) bias = static_cast<Real>(static_cast<double>(bias) * pin);
}

}  // namespace odot::inline ODOT_PRECISION
