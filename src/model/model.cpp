// One set of functions for all kinds of models.
#include "odot/model/model.hpp"

namespace odot {
namespace {

FactorView view(const Factorization& model) { return model.view(); }
const Mlp& view(const Mlp& model) { return model; }

Triples reindex_for(const RatingList& list, const Factorization& model) {
  return reindex(list, model.users, model.items);
}
Triples reindex_for(const RatingList& list, const Mlp& model) {
  return reindex(list, model.users.ids, model.items.ids);
}

}  // namespace

bool trained_with_clipping(const Model& model) {
  return std::visit(
      [](const auto& one) {
        const auto found = one.settings.find("clip");
        return found == one.settings.end() || found->second != "false";
      },
      model);
}

Evaluation evaluate(const Model& model, const Triples& ratings, bool clip) {
  return std::visit([&](const auto& one) { return evaluate(view(one), ratings, clip); }, model);
}

void predict(const Model& model, const Triples& pairs, bool clip, std::span<double> out) {
  std::visit([&](const auto& one) { predict(view(one), pairs, clip, out); }, model);
}

Triples reindex(const RatingList& list, const Model& model) {
  return std::visit([&](const auto& one) { return reindex_for(list, one); }, model);
}

}  // namespace odot
