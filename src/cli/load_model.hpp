// Loading a model for a subcommand, with features of users and items that it does not know.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/options/options.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/item_lists.hpp"

namespace odot::cli {

/// Declares --users and --items.
void feature_group(Options& options);

/// The files that these name.
std::vector<std::string> feature_paths(const Options& options);

/// Loads the model, of a kind that predicts ratings, and adds the features; says how many unless --quiet. Throws Error
/// for another kind, UsageError when there are features but the model's kind has none.
std::unique_ptr<Model> load_predicting_model(const std::string& path, const Options& options);

/// Throws Error for a model that does not know how far ratings are from its predictions.
void require_deviations(const std::string& path, const Model& model);

/// Throws Error for a model that does not know how probable each value of a rating is.
void require_probabilities(const std::string& path, const Model& model);

/// What factors are needed for.
enum class FactorUse { rank, fold_in, export_factors };

/// Loads a model whose factors are needed. Throws Error when it is of a kind that has none or cannot be used so.
Factorization load_factors(const std::string& path, FactorUse use);

/// What users of the model have rated, from rating files; says how much of it the model knows unless --quiet.
ItemLists load_item_lists(const std::vector<std::string>& paths, const Factorization& model, const Options& options);

}  // namespace odot::cli
