// The kinds of models: what is read and written, told and done by kind is a row here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

class ModelReader;  // odot/model/model_reader.hpp
struct ModelParts;  // odot/model/model_writer.hpp

/// What is told of a model beside its settings, in this order: a value or, by name, texts.
using DescribedValue = std::variant<bool, std::uint64_t, double, std::string, std::vector<std::size_t>,
                                    std::vector<std::pair<std::string, std::string>>>;
using Description = std::vector<std::pair<std::string, DescribedValue>>;

/// What became of a file of features.
struct AddedFeatures {
  std::string path;       ///< for messages
  std::size_t added = 0;  ///< ids that the model did not know
  std::size_t known = 0;  ///< ids that it knows, which keep the features that they have
};

/// A kind of models.
struct ModelKind {
  const char* format;  ///< "format" in the metadata of its files; no other kind has it
  const char* word;    ///< for people, such as "neural network"

  bool predicts;  ///< ratings
  bool ranks;     ///< items for users, and what is similar
  bool folds_in;  ///< users and items that training never saw

  /// The model in a file of this format. Throws Error, which names the file.
  std::unique_ptr<Model> (*read)(ModelReader& file);
  /// All that its file holds. Belongs to the model, which must outlive it.
  ModelParts (*parts)(const Model& model);
  Description (*describe)(const Model& model);

  /// Adds the users (or items) of a file of features, read as those that the model was trained on. Throws Error.
  /// nullptr where the kind has no features.
  AddedFeatures (*add_features)(Model& model, bool items, const std::string& path) = nullptr;
};

/// Every kind: those of the library, then those that were registered.
std::span<const ModelKind* const> model_kinds();

/// The kind whose files have this format; nullptr where there is none.
const ModelKind* find_model_kind(std::string_view format);

/// Adds a kind, which must live as long as the program, so that its files are loaded like others. Not while other
/// threads use models. Throws Error where there is a kind of this format already.
void register_model_kind(const ModelKind& kind);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
