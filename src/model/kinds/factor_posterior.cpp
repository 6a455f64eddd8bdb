// Posteriors in files, and their predictions' deviations.
#include "model/kinds/factor_posterior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "model/dense_matrix.hpp"
#include "model/kinds/side_features.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kNoise = "noise_variance";

// The tensors of a SidePrior.
struct PriorNames {
  const char* side;
  const char* precision;
  const char* mean;
  const char* effects;
};
constexpr PriorNames kUserPrior{"user", "user_prior_precision", "user_prior_mean", "item_effects_on_users"};
constexpr PriorNames kItemPrior{"item", "item_prior_precision", "item_prior_mean", "user_effects_on_items"};

// Whether it is one of all elements of a row but the pinned one.
bool is_precision(const Vector& precision, std::size_t stride, std::size_t width, int pin) {
  for (std::size_t k = 0; pin >= 0 && k < width; ++k) {
    const auto row = static_cast<std::size_t>(pin);
    if (precision[row * stride + k] != 0 || precision[k * stride + row] != 0) return false;
  }
  const Eigen::MatrixXd matrix = dense_matrix(precision.data(), free_elements(width, pin), stride);
  return matrix == matrix.transpose() && matrix.llt().info() == Eigen::Success;
}

// The variances of a row that nothing is known of but its prior: diag Λ⁻¹.
Vector prior_variances(const SidePrior& prior, const std::vector<std::size_t>& free, std::size_t stride) {
  const auto n = static_cast<Eigen::Index>(free.size());
  const Eigen::MatrixXd covariance =
      dense_matrix(prior.precision.data(), free, stride).llt().solve(Eigen::MatrixXd::Identity(n, n));
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

}  // namespace

// A posterior's tensors have elements in the order of θ's rows, pins among them; without them it would need three
// layouts.
void add_posterior(const FactorPosterior& posterior, const FactorLayout& layout,
                   std::vector<safetensors::Output>& tensors) {
  const std::size_t width = layout.width();
  const std::size_t stride = layout.stride();
  const auto add = [&](const char* name, const Real* first, std::size_t rows) {
    tensors.push_back(matrix_tensor(name, first, rows, width, stride));
  };
  add("user_variances", posterior.variances.data(), layout.users);
  add("item_variances", posterior.variances.data() + layout.item_row(0), layout.items);
  for (const auto& [prior, names] :
       {std::pair(&posterior.users, kUserPrior), std::pair(&posterior.items, kItemPrior)}) {
    add(names.precision, prior->precision.data(), width);
    add(names.mean, prior->mean.data(), 1);
    if (!prior->partner_effects.empty()) {
      add(names.effects, prior->partner_effects.data(), prior->partner_effects.size() / stride);
    }
    if (prior->features) add_features(*prior->features, names.side, layout, tensors);
  }
}

void add_posterior(const FactorPosterior& posterior, safetensors::Metadata& metadata) {
  metadata[kNoise] = fmt::format("{}", posterior.noise_variance);
  if (posterior.users.features) add_features(*posterior.users.features, kUserPrior.side, metadata);
  if (posterior.items.features) add_features(*posterior.items.features, kItemPrior.side, metadata);
}

std::optional<FactorPosterior> read_posterior(ModelReader& file, const FactorLayout& layout) {
  if (!file.has(kNoise)) return std::nullopt;
  FactorPosterior posterior;
  posterior.noise_variance = file.number<double>(kNoise);
  if (!(posterior.noise_variance > 0 && posterior.noise_variance <= std::numeric_limits<Real>::max())) {
    file.fail(fmt::format("its {} is {}, not above 0 or too large", kNoise, posterior.noise_variance));
  }
  const std::size_t width = layout.width();
  const std::size_t stride = layout.stride();
  const auto copy = [&](const char* name, Real* first, std::size_t rows) {
    const safetensors::Input tensor = file.take(name, 2);
    if (tensor.shape[0] != rows || tensor.shape[1] != width) {
      file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}] instead of [{}, {}]", name, tensor.shape[0],
                            tensor.shape[1], rows, width));
    }
    file.copy_rows(name, tensor, rows, width, first, stride);
  };
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
  const auto read_prior = [&](const PriorNames& names, Index partners, int pin) {
    SidePrior prior{read(names.precision, width), read(names.mean, 1), {}};
    prior.precision.resize(stride * stride);
    if (!is_precision(prior.precision, stride, width, pin)) {
      file.fail(fmt::format("the tensor \"{}\" is not symmetric and positive definite", names.precision));
    }
    if (file.has_tensor(names.effects)) prior.partner_effects = read(names.effects, partners);
    prior.features = read_side_features(file, names.side, layout, pin);
    return prior;
  };
  posterior.users = read_prior(kUserPrior, layout.items, layout.user_pin());
  posterior.items = read_prior(kItemPrior, layout.users, layout.item_pin());
  return posterior;
}

void refuse_deviations() {
  throw Error("the model does not know how far ratings are from its predictions; models of method variational do",
              ErrorKind::usage);
}

// Of an unknown row the prior is all that is known. Predictions leave its mean's product with the other row out, so
// that this is part of how far ratings are from them.
void deviations(const Factorization& model, const Triples& pairs, std::span<double> out) {
  const FactorLayout& layout = model.layout;
  const FactorPosterior& posterior = *model.posterior;
  const std::size_t stride = layout.stride();
  const auto unknown_row = [&](const SidePrior& prior, int pin) {
    std::pair row{prior.mean, prior_variances(prior, free_elements(layout.width(), pin), stride)};
    if (pin >= 0) row.first[static_cast<std::size_t>(pin)] = static_cast<Real>(model.pin);
    return row;
  };
  const auto unknown_user = unknown_row(posterior.users, layout.user_pin());
  const auto unknown_item = unknown_row(posterior.items, layout.item_pin());
  const auto row_of = [&](Index index, std::size_t at, const std::pair<Vector, Vector>& unknown) {
    if (index == kUnknown) return RowDistribution{unknown.first.data(), unknown.second.data()};
    return RowDistribution{model.theta.data() + at, posterior.variances.data() + at};
  };
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    check_pairs(pairs, chunks.begin(chunk), chunks.end(chunk), layout.users, layout.items);
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      const Index user = pairs.user[k];
      const Index item = pairs.item[k];
      const RowDistribution u = row_of(user, user == kUnknown ? 0 : layout.user_row(user), unknown_user);
      const RowDistribution v = row_of(item, item == kUnknown ? 0 : layout.item_row(item), unknown_item);
      double variance = posterior.noise_variance + product_variance(u, v, stride);
      if (user == kUnknown || item == kUnknown) {
        double expected = model.mean;
        for (std::size_t i = 0; i < stride; ++i) {
          expected += static_cast<double>(u.mean[i]) * static_cast<double>(v.mean[i]);
        }
        const double shift = expected - model.predict(user, item);
        variance += shift * shift;
      }
      out[k] = std::sqrt(variance);
    }
  });
}

void absorb_pin(const FactorLayout& layout, double pin, FactorPosterior& posterior) {
  const std::size_t stride = layout.stride();
  const auto multiply = [&](Span rows, int column, double factor) {
    for (std::size_t k = static_cast<std::size_t>(column); k < rows.size(); k += stride) {
      rows[k] = static_cast<Real>(static_cast<double>(rows[k]) * factor);
    }
  };
  const auto absorb = [&](SidePrior& prior, Span variances, int column) {
    multiply(variances, column, pin * pin);
    multiply(prior.mean, column, pin);
    multiply(prior.partner_effects, column, pin);
    multiply(prior.precision, column, 1 / pin);
    if (prior.features) absorb_pin(*prior.features, stride, column, pin);
    for (Real& element : Span(prior.precision).subspan(static_cast<std::size_t>(column) * stride, stride)) {
      element = static_cast<Real>(static_cast<double>(element) * (1 / pin));  // as its mirror image was, to the bit
    }
  };
  const Span variances(posterior.variances);
  absorb(posterior.users, variances.first(layout.item_row(0)), layout.user_bias());
  absorb(posterior.items, variances.subspan(layout.item_row(0)), layout.item_bias());
}

}  // namespace odot::inline ODOT_PRECISION
