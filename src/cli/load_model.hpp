// Loading a model for a subcommand, with features of users and items that it does not know.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "odot/model/model.hpp"

namespace odot::cli {

/// Declares --users and --items.
void feature_group(Options& options);

/// The files that these name.
std::vector<std::string> feature_paths(const Options& options);

/// Loads the model and adds the features; says how many unless --quiet. Throws UsageError when there are features but
/// the model is no network.
Model load_model_with_features(const std::string& path, const Options& options);

}  // namespace odot::cli
