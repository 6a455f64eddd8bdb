// Posteriors in files, and their predictions' deviations.
#include "model/kinds/factor_posterior.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "model/dense_matrix.hpp"
#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr const char* kNoise = "noise_variance";

// The tensors of a SidePrior.
struct PriorNames {
  const char* precision;
  const char* mean;
  const char* effects;
};
constexpr PriorNames kUserPrior{"user_prior_precision", "user_prior_mean", "item_effects_on_users"};
constexpr PriorNames kItemPrior{"item_prior_precision", "item_prior_mean", "user_effects_on_items"};

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
  }
}

void add_posterior(const FactorPosterior& posterior, safetensors::Metadata& metadata) {
  metadata[kNoise] = fmt::format("{}", posterior.noise_variance);
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

// Of an unknown row the prior is all that is known.
LatentVariances::LatentVariances(const FactorView& model) : model_(model) {
  if (!model.posterior) return;
  const FactorLayout& layout = model.layout;
  const auto unknown_row = [&](const SidePrior& prior, int pin) {
    const std::vector<std::size_t> free = free_elements(layout.width(), pin);
    UnknownRow row{prior.mean, prior_variances(prior, free, layout.stride())};
    if (pin >= 0) row.mean[static_cast<std::size_t>(pin)] = static_cast<Real>(model.pin);
    return row;
  };
  unknown_user_ = unknown_row(model.posterior->users, layout.user_pin());
  unknown_item_ = unknown_row(model.posterior->items, layout.item_pin());
}

// Predictions leave the mean of an unknown row out, but for its pin, so that what it would add is part of how far
// ratings are from them.
double LatentVariances::operator()(Index user, Index item, double noise) const {
  if (!model_.posterior) return noise;
  const std::size_t stride = model_.layout.stride();
  const auto row_of = [&](Index index, std::size_t at, const UnknownRow& unknown) {
    if (index == kUnknown) return RowDistribution{unknown.mean.data(), unknown.variances.data()};
    return RowDistribution{model_.theta.data() + at, model_.posterior->variances.data() + at};
  };
  const RowDistribution u = row_of(user, user == kUnknown ? 0 : model_.layout.user_row(user), unknown_user_);
  const RowDistribution v = row_of(item, item == kUnknown ? 0 : model_.layout.item_row(item), unknown_item_);
  double variance = noise + product_variance(u, v, stride);
  if (user == kUnknown || item == kUnknown) {
    double expected = model_.mean;
    for (std::size_t i = 0; i < stride; ++i) {
      expected += static_cast<double>(u.mean[i]) * static_cast<double>(v.mean[i]);
    }
    const double shift = expected - model_.latent(user, item);
    variance += shift * shift;
  }
  return variance;
}

double LatentVariances::of_known(const FactorView& model, Index user, Index item) {
  if (!model.posterior) return 0;
  const auto row = [&](std::size_t at) {
    return RowDistribution{model.theta.data() + at, model.posterior->variances.data() + at};
  };
  return product_variance(row(model.layout.user_row(user)), row(model.layout.item_row(item)), model.layout.stride());
}

void deviations(const Factorization& model, const Triples& pairs, std::span<double> out) {
  const FactorLayout& layout = model.layout;
  const LatentVariances variances(model.view());
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    check_pairs(pairs, chunks.begin(chunk), chunks.end(chunk), layout.users, layout.items);
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      out[k] = std::sqrt(variances(pairs.user[k], pairs.item[k], model.posterior->noise_variance));
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
    for (Real& element : Span(prior.precision).subspan(static_cast<std::size_t>(column) * stride, stride)) {
      element = static_cast<Real>(static_cast<double>(element) * (1 / pin));  // as its mirror image was, to the bit
    }
  };
  const Span variances(posterior.variances);
  absorb(posterior.users, variances.first(layout.item_row(0)), layout.user_bias());
  absorb(posterior.items, variances.subspan(layout.item_row(0)), layout.item_bias());
}

}  // namespace odot::inline ODOT_PRECISION
