// Loading a model for a subcommand, and refusing one whose kind cannot do what is asked.
#include "cli/load_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "cli/load.hpp"
#include "odot/core/error.hpp"
#include "odot/model/kinds.hpp"
#include "odot/model/model_file.hpp"

namespace odot::cli {
namespace {

// The words of the kinds for which `able` holds, between which `between` stands.
template <class Able>
std::string words_of(const Able& able, std::string_view between) {
  std::vector<std::string_view> words;
  for (const ModelKind* kind : model_kinds()) {
    if (able(*kind)) words.emplace_back(kind->word);
  }
  return fmt::format("{}", fmt::join(words, between));
}

bool has_features(const ModelKind& kind) { return kind.add_features != nullptr; }

[[noreturn]] void refuse(const std::string& path, const Model& model, std::string_view why, std::string_view expected) {
  throw Error(fmt::format("{}: found a {}, which {}; expected a {}", path, model.kind().word, why, expected));
}

// Refuses a model whose kind cannot do something; `why` says so.
void require(const std::string& path, const Model& model, bool ModelKind::*can, std::string_view why) {
  if (model.kind().*can) return;
  refuse(path, model, why, words_of([&](const ModelKind& kind) { return kind.*can; }, " or a "));
}

void add_features(Model& model, bool items, const std::string& path, const Options& options) {
  const char* option = items ? "items" : "users";
  if (!options.given(option)) return;
  const ModelKind& kind = model.kind();
  if (!kind.add_features) {
    throw UsageError(fmt::format("--{} is of no use: {} is a {}, and only {}s take features of others here{}", option,
                                 path, kind.word, words_of(has_features, "s and "),
                                 kind.folds_in ? "; odot fold-in --features adds users and items" : ""));
  }
  const AddedFeatures features = kind.add_features(model, items, options.text(option));
  if (!options.quiet()) {
    log(fmt::format("{}: features of {} new {}; {} that the model knows keep theirs\n", features.path, features.added,
                    option, features.known));
  }
}

}  // namespace

void feature_group(Options& options) {
  options.group(fmt::format("Features (only for a {})", words_of(has_features, " or a ")));
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

std::unique_ptr<Model> load_predicting_model(const std::string& path, const Options& options) {
  std::unique_ptr<Model> model = load_model(path);
  require(path, *model, &ModelKind::predicts, "predicts no ratings");
  for (const bool items : {false, true}) add_features(*model, items, path, options);
  return model;
}

void require_deviations(const std::string& path, const Model& model) {
  if (model.knows_deviations()) return;
  throw Error(
      fmt::format("{}: found a {} that does not know how far ratings are from its predictions; expected one that "
                  "was trained by --method variational or gibbs",
                  path, model.kind().word));
}

void require_probabilities(const std::string& path, const Model& model) {
  if (!model.rating_values().empty()) return;
  throw Error(
      fmt::format("{}: found a {} that does not know how probable each value of a rating is; expected one that was "
                  "trained with --likelihood ordinal",
                  path, model.kind().word));
}

Factorization load_factors(const std::string& path, FactorUse use) {
  const std::unique_ptr<Model> model = load_model(path);
  if (use == FactorUse::rank) require(path, *model, &ModelKind::ranks, "ranks no items");
  if (use == FactorUse::fold_in) require(path, *model, &ModelKind::folds_in, "folds nothing in");
  if (auto* factors = dynamic_cast<Factorization*>(model.get())) return std::move(*factors);
  refuse(path, *model, "has no factors", "factorization");
}

ItemLists load_item_lists(const std::vector<std::string>& paths, const Factorization& model, const Options& options) {
  const RatingList list = load_ratings(paths, options, &model).list;
  ItemLists lists(model.users.size(), reindex(list, model.users, model.items));
  if (!options.quiet()) {
    log(fmt::format("to exclude: {} pairs of users and items that the model knows\n", lists.size()));
  }
  return lists;
}

}  // namespace odot::cli
