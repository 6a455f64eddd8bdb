// Factorisations: one prediction, files, and what is told of them.
#include "model/kinds/factorization.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/kinds/factor_posterior.hpp"
#include "model/kinds/latent_variances.hpp"
#include "model/kinds/ordinal_link.hpp"
#include "model/kinds/side_features.hpp"
#include "odot/model/evaluate.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using safetensors::Input;
using safetensors::Output;

// The constants by their names in the metadata. The pin is not among them: it is already in the biases.
struct NamedConstant {
  const char* name;
  double PredictionConstants::*member;
};
constexpr NamedConstant kConstants[] = {
    {"mean", &PredictionConstants::mean},
    {"fallback_user_bias", &PredictionConstants::fallback_user_bias},
    {"fallback_item_bias", &PredictionConstants::fallback_item_bias},
    {"unknown_mean", &PredictionConstants::unknown_mean},
};

// Σ u_k v_k in double, in interleaved partial sums so that the compiler can use the SIMD unit.
double factor_product(const Real* u, const Real* v, std::size_t rank) {
  double lane[kLanes] = {};
  std::size_t k = 0;
  for (; k + kLanes <= rank; k += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) lane[l] += static_cast<double>(u[k + l]) * static_cast<double>(v[k + l]);
  }
  double sum = 0;
  for (double partial : lane) sum += partial;
  for (; k < rank; ++k) sum += static_cast<double>(u[k]) * static_cast<double>(v[k]);
  return sum;
}

Index row_count(const ModelReader& file, const char* name, const Input& tensor, int rank) {
  if (tensor.shape[0] >= kUnknown || tensor.shape[1] != static_cast<std::uint64_t>(rank)) {
    file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}], which does not go with rank {}", name, tensor.shape[0],
                          tensor.shape[1], rank));
  }
  return static_cast<Index>(tensor.shape[0]);
}

ModelParts parts_of(const Model& any) {
  const auto& model = static_cast<const Factorization&>(any);
  const FactorLayout& layout = model.layout;
  const Real* users = model.theta.data();
  const Real* items = users + layout.item_row(0);
  const auto rank = static_cast<std::size_t>(layout.rank);
  const std::size_t stride = layout.stride();

  std::vector<Output> tensors;
  tensors.push_back(id_offsets("user_id_offsets", model.users));
  tensors.push_back(id_offsets("item_id_offsets", model.items));
  tensors.push_back(matrix_tensor("U", users, layout.users, rank, stride));
  tensors.push_back(matrix_tensor("V", items, layout.items, rank, stride));
  if (layout.biases) {
    tensors.push_back(column_tensor("user_bias", users + layout.user_bias(), layout.users, stride, model.pin));
    tensors.push_back(column_tensor("item_bias", items + layout.item_bias(), layout.items, stride, model.pin));
  }
  if (model.posterior) add_posterior(*model.posterior, layout, tensors);
  if (model.link) add_link(*model.link, tensors);
  tensors.push_back(id_bytes("user_ids", model.users));
  tensors.push_back(id_bytes("item_ids", model.items));

  safetensors::Metadata metadata = shared_metadata(model);
  metadata["rank"] = std::to_string(layout.rank);
  metadata["biases"] = layout.biases ? "true" : "false";
  for (const auto& [name, member] : kConstants) metadata[name] = fmt::format("{}", model.*member);
  if (model.posterior) add_posterior(*model.posterior, metadata);
  return {std::move(tensors), std::move(metadata)};
}

std::unique_ptr<Model> read(ModelReader& file) {
  auto made = std::make_unique<Factorization>();
  Factorization& model = *made;
  const int rank = file.number<int>("rank");
  if (rank < 1 || rank > kMostFactors)
    file.fail(fmt::format("its rank is {}, not between 1 and {}", rank, kMostFactors));
  for (const auto& [name, member] : kConstants) model.*member = file.number<double>(name);
  read_shared(file, model);

  const Input u = file.take("U", 2);
  const Input v = file.take("V", 2);
  FactorLayout& layout = model.layout;
  layout.rank = rank;
  layout.biases = file.boolean("biases");
  layout.users = row_count(file, "U", u, rank);
  layout.items = row_count(file, "V", v, rank);
  model.theta.assign(layout.size(), Real{0});
  Real* users = model.theta.data();
  Real* items = users + layout.item_row(0);
  const std::size_t stride = layout.stride();
  file.copy_rows("U", u, layout.users, static_cast<std::size_t>(rank), users, stride);
  file.copy_rows("V", v, layout.items, static_cast<std::size_t>(rank), items, stride);

  if (layout.biases) {
    const auto read_biases = [&](const char* name, Index rows, Real* first, int column, int pin_column) {
      const Input tensor = file.take(name, 1);
      if (tensor.shape[0] != rows) {
        file.fail(fmt::format("the tensor \"{}\" has {} elements instead of {}", name, tensor.shape[0], rows));
      }
      file.copy_rows(name, tensor, rows, 1, first + column, stride);
      for (std::size_t row = 0; row < rows; ++row) first[row * stride + static_cast<std::size_t>(pin_column)] = 1;
    };
    read_biases("user_bias", layout.users, users, layout.user_bias(), layout.user_pin());
    read_biases("item_bias", layout.items, items, layout.item_bias(), layout.item_pin());
  }
  model.posterior = read_posterior(file, layout);
  model.link = read_link(file);
  model.users = file.ids("user_ids", "user_id_offsets", layout.users);
  model.items = file.ids("item_ids", "item_id_offsets", layout.items);
  file.expect_no_more();
  return made;
}

Description describe(const Model& any) {
  const auto& model = static_cast<const Factorization&>(any);
  Description description{{"users", std::uint64_t{model.layout.users}},
                          {"items", std::uint64_t{model.layout.items}},
                          {"rank", static_cast<std::uint64_t>(model.layout.rank)},
                          {"biases", model.layout.biases},
                          {"mean", model.mean},
                          {"lowest", model.lowest},
                          {"highest", model.highest}};
  if (model.link) {
    description.emplace_back("values", fmt::format("{:g}", fmt::join(model.link->values, ", ")));
    description.emplace_back("cut_points", fmt::format("{:.6g}", fmt::join(model.link->cuts, ", ")));
  }
  if (!model.posterior) return description;
  if (!model.link) description.emplace_back("noise", std::sqrt(model.posterior->noise_variance));
  if (model.posterior->samples > 1) {
    description.emplace_back("samples", static_cast<std::uint64_t>(model.posterior->samples));
  }
  const auto tell = [&](const char* name, const SidePrior& prior) {
    if (prior.features) description.emplace_back(name, describe_features(prior.features->encoding));
  };
  tell("user_features", model.posterior->users);
  tell("item_features", model.posterior->items);
  return description;
}

}  // namespace

const ModelKind& factorization_kind() {
  static constexpr ModelKind kKind{.format = "odot-factorization",
                                   .word = "factorization",
                                   .predicts = true,
                                   .ranks = true,
                                   .folds_in = true,
                                   .read = read,
                                   .parts = parts_of,
                                   .describe = describe};
  return kKind;
}

const ModelKind& Factorization::kind() const { return factorization_kind(); }

void Factorization::predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const {
  odot::predict(view(), pairs, clip_to_range, out);
}

void Factorization::deviations(const Triples& pairs, std::span<double> out) const {
  if (!posterior) return Model::deviations(pairs, out);
  if (link) return link_deviations(*this, pairs, out);
  odot::deviations(*this, pairs, out);
}

void Factorization::probabilities(const Triples& pairs, std::span<double> out) const {
  if (!link) return Model::probabilities(pairs, out);
  odot::probabilities(*this, pairs, out);
}

Evaluation Factorization::evaluate(const Triples& ratings, bool clip_to_range) const {
  return odot::evaluate(view(), ratings, clip_to_range);
}

double FactorView::predict(Index user, Index item) const {
  if (!link) return latent(user, item);
  const bool known = user != kUnknown && item != kUnknown;
  return link->mean(latent(user, item),
                    known ? LatentVariances::of_known(*this, user, item) : LatentVariances(*this)(user, item));
}

double FactorView::latent(Index user, Index item) const {
  const bool user_known = user != kUnknown;
  const bool item_known = item != kUnknown;
  const Real* u = user_known ? theta.data() + layout.user_row(user) : nullptr;
  const Real* v = item_known ? theta.data() + layout.item_row(item) : nullptr;
  const auto rank = static_cast<std::size_t>(layout.rank);
  if (!layout.biases) return u && v ? mean + factor_product(u, v, rank) : unknown_mean;
  if (!u && !v) return unknown_mean;
  const auto bias = [&](Real element) { return static_cast<double>(element) * pin; };
  const double b = u ? bias(u[layout.user_bias()]) : fallback_user_bias;
  const double c = v ? bias(v[layout.item_bias()]) : fallback_item_bias;
  return mean + (b + c) + (u && v ? factor_product(u, v, rank) : 0.0);
}

void absorb_pin(Factorization& model) {
  const FactorLayout& layout = model.layout;
  if (!layout.biases) return;
  const auto absorb = [&](std::size_t first, Index rows, int bias_column, int pin_column) {
    for_each_element(rows, [&](std::size_t row) {
      Real* factors = model.theta.data() + first + row * layout.stride();
      factors[bias_column] = static_cast<Real>(static_cast<double>(factors[bias_column]) * model.pin);
      factors[pin_column] = 1;
    });
  };
  absorb(layout.user_row(0), layout.users, layout.user_bias(), layout.user_pin());
  absorb(layout.item_row(0), layout.items, layout.item_bias(), layout.item_pin());
  if (model.posterior) absorb_pin(layout, model.pin, *model.posterior);
  model.pin = 1;
}

}  // namespace odot::inline ODOT_PRECISION
