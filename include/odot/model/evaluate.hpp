// Predicting many ratings and measuring the error.
#pragma once

#include <span>

#include "odot/model/factorization.hpp"
#include "odot/model/mlp.hpp"
#include "odot/ratings/rating_matrix.hpp"

#pragma GCC visibility push(default)
namespace odot {

/// How well ratings are predicted.
struct Evaluation {
  double rmse = 0;  ///< √(Σ error² / ratings), 0 without ratings
  double mae = 0;   ///< Σ |error| / ratings, 0 without ratings
  std::size_t ratings = 0;
  std::size_t unknown_users = 0;  ///< ratings whose user is unknown
  std::size_t unknown_items = 0;  ///< ratings whose item is unknown
};

/// Predicts `ratings` (indices of the model's users and items, or kUnknown), clipped to the training range if `clip`,
/// and compares. Parallel; the same bits on any number of threads. Throws Error when an index is out of range.
Evaluation evaluate(const FactorView& model, const Triples& ratings, bool clip);
/// The same for all ratings of a matrix, by user, whose users and items are the model's.
Evaluation evaluate(const FactorView& model, const Side& by_user, bool clip);
Evaluation evaluate(const Mlp& model, const Triples& ratings, bool clip);

/// Writes the prediction of pair k to out[k]; `pairs` needs no values, `out` has pairs.size() elements. Parallel.
/// Throws Error when an index is out of range.
void predict(const FactorView& model, const Triples& pairs, bool clip, std::span<double> out);
void predict(const Mlp& model, const Triples& pairs, bool clip, std::span<double> out);

}  // namespace odot
#pragma GCC visibility pop
