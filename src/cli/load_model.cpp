#include "cli/load_model.hpp"

#include <fmt/format.h>

#include "cli/load.hpp"
#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "odot/ratings/features.hpp"

namespace odot::cli {
namespace {

void add(MlpSide& side, const std::string& option, const Options& options) {
  if (!options.given(option)) return;
  const FeatureTable table = read_features(options.text(option), side.encoding);
  const std::size_t added = add_features(side, table);
  if (!options.quiet()) {
    log(fmt::format("{}: features of {} new {}; {} that the model knows keep theirs\n", table.path, added, option,
                    table.ids.size() - added));
  }
}

}  // namespace

void feature_group(Options& options) {
  options.group("Features (only for a neural network)");
  options.value(
      "users", "FILE",
      "features of users that the model does not know, with the columns it was trained on. Users that it knows "
      "keep the features they had then");
  options.value("items", "FILE", "the same of items");
}

std::vector<std::string> feature_paths(const Options& options) {
  std::vector<std::string> paths;
  for (const char* option : {"users", "items"}) {
    if (options.given(option)) paths.push_back(options.text(option));
  }
  return paths;
}

Model load_model_with_features(const std::string& path, const Options& options) {
  Model model = load_model(path);
  auto* network = std::get_if<Mlp>(&model);
  if (network) {
    add(network->users, "users", options);
    add(network->items, "items", options);
  } else if (!feature_paths(options).empty()) {
    throw UsageError(fmt::format("--{} is of no use: {} is a factorization, and only neural networks have features",
                                 options.given("users") ? "users" : "items", path));
  }
  return model;
}

Factorization load_factors(const std::string& path) {
  Model model = load_model(path);
  if (auto* factors = std::get_if<Factorization>(&model)) return std::move(*factors);
  throw Error(
      fmt::format("{}: found a neural network, which has no factors; expected a factorisation, as "
                  "the methods blocks, full and nnmf train",
                  path));
}

ItemLists load_item_lists(const std::vector<std::string>& paths, const Factorization& model, const Options& options) {
  const RatingList list = load_ratings(paths, options).list;
  ItemLists lists(model.users.size(), reindex(list, model.users, model.items));
  if (!options.quiet()) {
    log(fmt::format("to exclude: {} pairs of users and items that the model knows\n", lists.size()));
  }
  return lists;
}

}  // namespace odot::cli
