// Predicting many ratings and measuring the error, of factors that may still be in training.
#pragma once

#include <span>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/rating_matrix.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// See Model::evaluate().
Evaluation evaluate(const FactorView& model, const Triples& ratings, bool clip);
/// The same for all ratings of a matrix, by user, whose users and items are the model's.
Evaluation evaluate(const FactorView& model, const RatingSide& by_user, bool clip);

/// See Model::predict().
void predict(const FactorView& model, const Triples& pairs, bool clip, std::span<double> out);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
