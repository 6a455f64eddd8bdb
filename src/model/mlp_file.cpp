// What a network's tensors and metadata are.
#include "model/mlp_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "kernels/dense_layers.hpp"
#include "model/model_writer.hpp"
#include "odot/core/error.hpp"

namespace odot {
namespace {

using safetensors::Input;
using safetensors::Output;

constexpr std::size_t kMostWidth = std::size_t{1} << 20;  // of a layer
constexpr std::size_t kMostLayers = 1000;

std::string weight_name(std::size_t layer) { return fmt::format("layers.{}.weight", layer); }
std::string bias_name(std::size_t layer) { return fmt::format("layers.{}.bias", layer); }

std::vector<std::size_t> read_layers(const ModelReader& file) {
  try {
    const auto parsed = nlohmann::json::parse(file.text("layers"));
    const bool sizes_fit = std::all_of(parsed.begin(), parsed.end(), [](const auto& size) {
      return size.is_number_unsigned() && size >= 1 && size <= kMostWidth;
    });
    auto layers = sizes_fit ? parsed.get<std::vector<std::size_t>>() : std::vector<std::size_t>();
    if (layers.size() >= 2 && layers.size() <= kMostLayers && layers.back() == 1) return layers;
  } catch (const nlohmann::json::exception&) {
  }
  file.fail(fmt::format("\"layers\" in its metadata should be a list of sizes that ends in 1, but is \"{}\"",
                        file.text("layers")));
}

FeatureEncoding read_encoding(const ModelReader& file, const std::string& name) {
  try {
    return feature_encoding_from_json(file.text(name));
  } catch (const Error& error) {
    file.fail(fmt::format("\"{}\" in its metadata is no encoding of features: {}", name, error.what()));
  }
}

MlpSide read_side(ModelReader& file, const std::string& what) {
  MlpSide side;
  side.encoding = read_encoding(file, what + "_encoding");
  const std::size_t width = side.encoding.inputs();
  const std::string inputs_name = what + "_inputs";
  const Input inputs = file.take(inputs_name, 2);
  if (inputs.shape[0] >= kUnknown || inputs.shape[1] != width) {
    file.fail(fmt::format("the tensor \"{}\" has shape [{}, {}], which does not go with {} inputs of the encoding",
                          inputs_name, inputs.shape[0], inputs.shape[1], width));
  }
  const auto count = static_cast<Index>(inputs.shape[0]);
  side.inputs.resize(count * width);
  file.copy_rows(inputs_name, inputs, count, width, side.inputs.data(), width);
  const std::string unknown_name = "unknown_" + what;
  const Input unknown = file.take(unknown_name, 1);
  if (unknown.shape[0] != width) {
    file.fail(fmt::format("the tensor \"{}\" has {} elements instead of {}", unknown_name, unknown.shape[0], width));
  }
  side.unknown.resize(width);
  file.copy_rows(unknown_name, unknown, width, 1, side.unknown.data(), 1);
  side.ids = file.ids(what + "_ids", what + "_id_offsets", count);
  return side;
}

void add_side(const std::string& what, const MlpSide& side, std::vector<Output>& tensors) {
  const std::size_t width = side.unknown.size();
  tensors.push_back(matrix_tensor(what + "_inputs", side.inputs.data(), side.ids.size(), width, width));
  tensors.push_back(column_tensor("unknown_" + what, side.unknown.data(), width, 1));
}

}  // namespace

ModelParts parts_of(const Mlp& model) {
  const DenseLayers layers(model.layers, model.output_relu);
  const Real* theta = model.theta.data();
  std::vector<Output> tensors;
  tensors.push_back(id_offsets("user_id_offsets", model.users.ids));
  tensors.push_back(id_offsets("item_id_offsets", model.items.ids));
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    const std::size_t in = layers.inputs(layer);
    tensors.push_back(matrix_tensor(weight_name(layer), theta + layers.weights(layer), layers.outputs(layer), in, in));
    tensors.push_back(column_tensor(bias_name(layer), theta + layers.biases(layer), layers.outputs(layer), 1));
  }
  add_side("user", model.users, tensors);
  add_side("item", model.items, tensors);
  tensors.push_back(id_bytes("user_ids", model.users.ids));
  tensors.push_back(id_bytes("item_ids", model.items.ids));

  safetensors::Metadata metadata = model_metadata(kMlpFormat, model.settings);
  metadata["layers"] = nlohmann::json(model.layers).dump();
  metadata["output_relu"] = model.output_relu ? "true" : "false";
  metadata["scale"] = fmt::format("{}", model.scale);
  metadata["lowest"] = fmt::format("{}", model.lowest);
  metadata["highest"] = fmt::format("{}", model.highest);
  metadata["user_encoding"] = to_json(model.users.encoding);
  metadata["item_encoding"] = to_json(model.items.encoding);
  return {std::move(tensors), std::move(metadata)};
}

Mlp read_mlp(ModelReader& file) {
  Mlp model;
  model.layers = read_layers(file);
  model.output_relu = file.boolean("output_relu");
  model.scale = file.number<double>("scale");
  model.lowest = file.number<double>("lowest");
  model.highest = file.number<double>("highest");
  file.check_range(model.lowest, model.highest);
  model.settings = file.settings();
  model.users = read_side(file, "user");
  model.items = read_side(file, "item");
  const std::size_t inputs = model.users.unknown.size() + model.items.unknown.size();
  if (inputs != model.layers[0]) {
    file.fail(fmt::format("its network takes {} inputs, but its features give {}", model.layers[0], inputs));
  }

  const DenseLayers layers(model.layers, model.output_relu);
  std::vector<Input> weights;
  std::vector<Input> biases;
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    const std::size_t in = layers.inputs(layer);
    const std::size_t out = layers.outputs(layer);
    weights.push_back(file.take(weight_name(layer), 2));
    biases.push_back(file.take(bias_name(layer), 1));
    if (weights.back().shape[0] != out || weights.back().shape[1] != in || biases.back().shape[0] != out) {
      file.fail(fmt::format("the tensors \"{}\" and \"{}\" do not go with a layer from {} to {}", weight_name(layer),
                            bias_name(layer), in, out));
    }
  }
  // Only now is it certain that the file has as many numbers as the layers need.
  model.theta.resize(layers.size());
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    const std::size_t in = layers.inputs(layer);
    const std::size_t out = layers.outputs(layer);
    file.copy_rows(weight_name(layer), weights[layer], out, in, model.theta.data() + layers.weights(layer), in);
    file.copy_rows(bias_name(layer), biases[layer], out, 1, model.theta.data() + layers.biases(layer), 1);
  }
  file.expect_no_more();
  return model;
}

}  // namespace odot
