// What a factorization's tensors and metadata are.
#include "odot/model/model_file.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "model/mlp_file.hpp"
#include "model/model_reader.hpp"
#include "model/model_writer.hpp"
#include "odot/core/error.hpp"

namespace odot {
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
    {"lowest", &PredictionConstants::lowest},
    {"highest", &PredictionConstants::highest},
    {"fallback_user_bias", &PredictionConstants::fallback_user_bias},
    {"fallback_item_bias", &PredictionConstants::fallback_item_bias},
    {"unknown_mean", &PredictionConstants::unknown_mean},
};

Index row_count(const ModelReader& file, const char* name, const Input& tensor, int rank) {
  if (tensor.shape[0] >= kUnknown || tensor.shape[1] != static_cast<std::uint64_t>(rank)) {
    file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}], which does not go with rank {}", name, tensor.shape[0],
                          tensor.shape[1], rank));
  }
  return static_cast<Index>(tensor.shape[0]);
}

}  // namespace

ModelParts parts_of(const Factorization& model) {
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
  tensors.push_back(id_bytes("user_ids", model.users));
  tensors.push_back(id_bytes("item_ids", model.items));

  safetensors::Metadata metadata = model_metadata(kFactorizationFormat, model.settings);
  metadata["rank"] = std::to_string(layout.rank);
  metadata["biases"] = layout.biases ? "true" : "false";
  for (const auto& [name, member] : kConstants) metadata[name] = fmt::format("{}", model.*member);
  return {std::move(tensors), std::move(metadata)};
}

void save_model(const Factorization& model, OutputFile& file) {
  const ModelParts parts = parts_of(model);
  safetensors::write(file, parts.tensors, parts.metadata);
}

void save_model(const Mlp& model, OutputFile& file) {
  const ModelParts parts = parts_of(model);
  safetensors::write(file, parts.tensors, parts.metadata);
}

namespace {

Factorization read_factorization(ModelReader& file) {
  Factorization model;
  const int rank = file.number<int>("rank");
  if (rank < 1 || rank > kHighestRank)
    file.fail(fmt::format("its rank is {}, not between 1 and {}", rank, kHighestRank));
  for (const auto& [name, member] : kConstants) model.*member = file.number<double>(name);
  file.check_range(model.lowest, model.highest);
  model.settings = file.settings();

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
  model.users = file.ids("user_ids", "user_id_offsets", layout.users);
  model.items = file.ids("item_ids", "item_id_offsets", layout.items);
  file.expect_no_more();
  return model;
}

}  // namespace

Factorization load_factorization(const std::string& path) {
  ModelReader file(path);
  if (file.format() != kFactorizationFormat) file.fail("it holds a neural network, but a factorization was expected");
  return read_factorization(file);
}

std::string model_checksum(const std::string& path) { return ModelReader(path).text("checksum"); }

Model load_model(const std::string& path) {
  ModelReader file(path);
  if (file.format() == kMlpFormat) return read_mlp(file);
  return read_factorization(file);
}

}  // namespace odot
