// What a network keeps of users and items.
#include "odot/model/mlp.hpp"

#include <utility>

#include "kernels/dense_layers.hpp"

namespace odot {

MlpSide make_side(FeatureTable features) {
  MlpSide side{std::move(features.ids), std::move(features.encoding), std::move(features.inputs), {}};
  const std::size_t width = side.encoding.inputs();
  std::vector<double> sums(width, 0);
  for (std::size_t k = 0; k < side.inputs.size(); ++k) sums[k % width] += static_cast<double>(side.inputs[k]);
  const double count = std::max<double>(side.ids.size(), 1);
  for (const double sum : sums) side.unknown.push_back(static_cast<Real>(sum / count));
  return side;
}

std::size_t add_features(MlpSide& side, const FeatureTable& features) {
  const std::size_t width = side.unknown.size();
  std::size_t added = 0;
  for (Index k = 0; k < features.ids.size(); ++k) {
    if (side.ids.find(features.ids[k]) != kUnknown) continue;
    side.ids.add(features.ids[k]);
    const auto row = features.inputs.begin() + static_cast<std::ptrdiff_t>(k * width);
    side.inputs.insert(side.inputs.end(), row, row + static_cast<std::ptrdiff_t>(width));
    ++added;
  }
  return added;
}

std::size_t parameter_count(const std::vector<std::size_t>& layers) { return DenseLayers(layers, false).size(); }

}  // namespace odot
