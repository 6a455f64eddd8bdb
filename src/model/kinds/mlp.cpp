// Networks: predicting, features, files, and what is told of them.
#include "model/kinds/mlp.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/json.hpp"
#include "kernels/dense_layers.hpp"
#include "model/kinds/side_features.hpp"
#include "odot/core/error.hpp"
#include "odot/model/model_reader.hpp"
#include "odot/model/model_writer.hpp"
#include "odot/model/pair_loops.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

using safetensors::Input;
using safetensors::Output;

constexpr std::size_t kMostWidth = std::size_t{1} << 20;  // of a layer
constexpr std::size_t kMostLayers = 1000;

std::string weight_name(std::size_t layer) { return fmt::format("layers.{}.weight", layer); }
std::string bias_name(std::size_t layer) { return fmt::format("layers.{}.bias", layer); }

std::vector<std::size_t> read_layers(const ModelReader& file) {
  try {
    const auto parsed = parse_json<nlohmann::json>(file.text("layers"));
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

void read_side(ModelReader& file, const std::string& what, MlpSide& side, IdTable& ids) {
  side.encoding = read_encoding(file, what);
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
  ids = file.ids(what + "_ids", what + "_id_offsets", count);
}

void add_side(const std::string& what, const MlpSide& side, Index count, std::vector<Output>& tensors) {
  const std::size_t width = side.unknown.size();
  tensors.push_back(matrix_tensor(what + "_inputs", side.inputs.data(), count, width, width));
  tensors.push_back(column_tensor("unknown_" + what, side.unknown.data(), width, 1));
}

ModelParts parts_of(const Model& any) {
  const auto& model = static_cast<const Mlp&>(any);
  const DenseLayers layers(model.layers, model.output_relu);
  const Real* theta = model.theta.data();
  std::vector<Output> tensors;
  tensors.push_back(id_offsets("user_id_offsets", model.users));
  tensors.push_back(id_offsets("item_id_offsets", model.items));
  for (std::size_t layer = 0; layer < layers.count(); ++layer) {
    const std::size_t in = layers.inputs(layer);
    tensors.push_back(matrix_tensor(weight_name(layer), theta + layers.weights(layer), layers.outputs(layer), in, in));
    tensors.push_back(column_tensor(bias_name(layer), theta + layers.biases(layer), layers.outputs(layer), 1));
  }
  add_side("user", model.user_side, model.users.size(), tensors);
  add_side("item", model.item_side, model.items.size(), tensors);
  tensors.push_back(id_bytes("user_ids", model.users));
  tensors.push_back(id_bytes("item_ids", model.items));

  safetensors::Metadata metadata = shared_metadata(model);
  metadata["layers"] = nlohmann::json(model.layers).dump();
  metadata["output_relu"] = model.output_relu ? "true" : "false";
  metadata["scale"] = fmt::format("{}", model.scale);
  metadata["user_encoding"] = to_json(model.user_side.encoding);
  metadata["item_encoding"] = to_json(model.item_side.encoding);
  return {std::move(tensors), std::move(metadata)};
}

std::unique_ptr<Model> read(ModelReader& file) {
  auto made = std::make_unique<Mlp>();
  Mlp& model = *made;
  model.layers = read_layers(file);
  model.output_relu = file.boolean("output_relu");
  model.scale = file.number<double>("scale");
  read_shared(file, model);
  read_side(file, "user", model.user_side, model.users);
  read_side(file, "item", model.item_side, model.items);
  const std::size_t inputs = model.user_side.unknown.size() + model.item_side.unknown.size();
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
  return made;
}

static_assert(kPairsAtOnce <= DenseTile::kMost);

// Predicts up to kPairsAtOnce pairs at a time; every thread has its own.
class MlpPredictor {
 public:
  MlpPredictor(const Mlp& model, bool clip)
      : model_(model), clip_(clip), layers_(model.layers, model.output_relu), tile_(layers_) {}
  MlpPredictor(const MlpPredictor&) = delete;
  MlpPredictor& operator=(const MlpPredictor&) = delete;

  void operator()(const Triples& pairs, std::size_t begin, std::size_t end, double* out) {
    check_pairs(pairs, begin, end, model_.users.size(), model_.items.size());
    for (std::size_t k = begin; k < end; ++k) {
      write_inputs(model_, pairs.user[k], pairs.item[k], tile_.input() + (k - begin) * layers_.inputs(0));
    }
    tile_.forward(model_.theta.data(), end - begin);
    for (std::size_t k = 0; k < end - begin; ++k) {
      const double value = model_.scale * static_cast<double>(tile_.output()[k]);
      out[k] = clip_ ? model_.clipped(value) : value;
    }
  }

 private:
  const Mlp& model_;
  bool clip_;
  DenseLayers layers_;
  DenseTile tile_;
};

// Takes all but the ids out of the table; the row for unknown ids is the mean of its rows.
MlpSide make_side(FeatureTable& features) {
  MlpSide side{std::move(features.encoding), std::move(features.inputs), {}};
  const std::size_t width = side.encoding.inputs();
  std::vector<double> sums(width, 0);
  for (std::size_t k = 0; k < side.inputs.size(); ++k) sums[k % width] += static_cast<double>(side.inputs[k]);
  const double count = std::max<double>(features.ids.size(), 1);
  for (const double sum : sums) side.unknown.push_back(static_cast<Real>(sum / count));
  return side;
}

Description describe(const Model& any) {
  const auto& model = static_cast<const Mlp&>(any);
  return {{"users", std::uint64_t{model.users.size()}},
          {"items", std::uint64_t{model.items.size()}},
          {"layers", model.layers},
          {"parameters", std::uint64_t{model.theta.size()}},
          {"output_relu", model.output_relu},
          {"scale", model.scale},
          {"lowest", model.lowest},
          {"highest", model.highest},
          {"user_features", describe_features(model.user_side.encoding)},
          {"item_features", describe_features(model.item_side.encoding)}};
}

AddedFeatures add_file(Model& any, bool items, const std::string& path) {
  auto& model = static_cast<Mlp&>(any);
  MlpSide& side = items ? model.item_side : model.user_side;
  const FeatureTable table = read_features(path, side.encoding);
  const std::size_t added = add_features(items ? model.items : model.users, side, table);
  return {table.path, added, table.ids.size() - added};
}

}  // namespace

const ModelKind& mlp_kind() {
  static constexpr ModelKind kKind{.format = "odot-mlp",
                                   .word = "neural network",
                                   .predicts = true,
                                   .ranks = false,
                                   .folds_in = false,
                                   .read = read,
                                   .parts = parts_of,
                                   .describe = describe,
                                   .add_features = add_file};
  return kKind;
}

const ModelKind& Mlp::kind() const { return mlp_kind(); }

void Mlp::predict(const Triples& pairs, bool clip_to_range, std::span<double> out) const {
  predict_pairs<MlpPredictor>(*this, pairs, clip_to_range, out);
}

Evaluation Mlp::evaluate(const Triples& ratings, bool clip_to_range) const {
  return evaluate_pairs<MlpPredictor>(*this, ratings, clip_to_range);
}

void Mlp::set_features(FeatureTable user_features, FeatureTable item_features) {
  user_side = make_side(user_features);
  item_side = make_side(item_features);
  users = std::move(user_features.ids);
  items = std::move(item_features.ids);
}

std::size_t add_features(IdTable& ids, MlpSide& side, const FeatureTable& features) {
  const std::size_t width = side.unknown.size();
  std::size_t added = 0;
  for (Index k = 0; k < features.ids.size(); ++k) {
    if (ids.find(features.ids[k]) != kUnknown) continue;
    ids.add(features.ids[k]);
    const auto row = features.inputs.begin() + static_cast<std::ptrdiff_t>(k * width);
    side.inputs.insert(side.inputs.end(), row, row + static_cast<std::ptrdiff_t>(width));
    ++added;
  }
  return added;
}

}  // namespace odot::inline ODOT_PRECISION
