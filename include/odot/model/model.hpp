// A trained model of any kind.
#pragma once

#include <span>
#include <variant>

#include "odot/model/evaluate.hpp"
#include "odot/model/factorization.hpp"
#include "odot/model/mlp.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot {

using Model = std::variant<Factorization, Mlp>;

/// Whether the model was trained to clip its predictions, by its settings; true where they do not say.
bool trained_with_clipping(const Model& model);

/// See the functions of that name for one kind.
Evaluation evaluate(const Model& model, const Triples& ratings, bool clip);
void predict(const Model& model, const Triples& pairs, bool clip, std::span<double> out);

/// The same ratings with indices of the model's users and items, kUnknown where it does not know an id.
Triples reindex(const RatingList& list, const Model& model);

}  // namespace odot
#pragma GCC visibility pop
