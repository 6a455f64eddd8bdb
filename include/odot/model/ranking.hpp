// How well the items that users liked are ranked.
#pragma once

#include <cstddef>
#include <span>

#include "odot/core/precision.hpp"
#include "odot/model/recommend.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Of one ranked list, with a gain of 1 for each relevant item and 0 for others.
struct ListQuality {
  bool hit = false;              ///< whether a relevant item is in it
  double precision = 0;          ///< relevant items in it / top
  double recall = 0;             ///< relevant items in it / all relevant ones
  double ndcg = 0;               ///< Σ 1/log₂(1 + place) over relevant items in it / the highest that can be
  double average_precision = 0;  ///< Σ precision up to each relevant item in it / min(top, relevant items)
};

/// Of the first `top` ≥ 1 of `list` (a shorter list counts as if wrong items followed); `relevant` has at least one
/// item, ascending.
ListQuality list_quality(std::span<const Scored> list, std::span<const Index> relevant, std::size_t top);

/// Means over the users that have a relevant item to find.
struct RankingQuality {
  std::size_t users = 0;     ///< that were measured; without any all else is 0
  std::size_t relevant = 0;  ///< items that they should be shown
  double hit_rate = 0;
  double precision = 0;
  double recall = 0;
  double ndcg = 0;
  double map = 0;
  double auc = 0;  ///< share of pairs of a relevant and another candidate in the right order, ties half; NaN: no pairs
  double coverage = 0;  ///< share of the model's items that are among somebody's top
};

/// Ranks for every user of the model all items that are not in `exclude` (lists for all users, or nullptr), as
/// recommend() does, and compares with `relevant`, of which excluded items are left out. The AUC is that of scores in
/// the precision of Real. Parallel; the same bits on any number of threads. Throws Error where lists are not of all
/// users or relevant items are out of range.
RankingQuality evaluate_ranking(const FactorView& model, const ItemLists& relevant, const ItemLists* exclude,
                                std::size_t top);

/// Models without ids to compare others with, made from training ratings whose users are below `users` or kUnknown, and
/// items likewise.
struct Baselines {
  Factorization mean;  ///< the mean rating, always
  Factorization bias;  ///< mean + c_j + b_i, c_j = Σ (x − mean) / (25 + n_j), b_i = Σ (x − mean − c_j) / (10 + n_i)
                       ///< (Koren 2010, section 2.1)
  Factorization popularity;  ///< ranks items by how many ratings they have; its predictions are no ratings
};
Baselines make_baselines(Index users, Index items, const Triples& train);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
