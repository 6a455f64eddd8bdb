// Loading a model for a subcommand, with features of users and items that it does not know.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "odot/model/model.hpp"
#include "odot/ratings/item_lists.hpp"

namespace odot::cli {

/// Declares --users and --items.
void feature_group(Options& options);

/// The files that these name.
std::vector<std::string> feature_paths(const Options& options);

/// Loads the model and adds the features; says how many unless --quiet. Throws UsageError when there are features but
/// the model is no network.
Model load_model_with_features(const std::string& path, const Options& options);

/// Loads a model whose factors are needed. Throws Error when it is a neural network, which has none.
Factorization load_factors(const std::string& path);

/// What users of the model have rated, from rating files; says how much of it the model knows unless --quiet.
ItemLists load_item_lists(const std::vector<std::string>& paths, const Factorization& model, const Options& options);

}  // namespace odot::cli
