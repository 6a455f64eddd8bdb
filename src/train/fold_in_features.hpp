// What features say of users or items that are folded in.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/features/features.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// Rows as the model keeps them; what is beside them where it has it.
struct FoldedRows {
  Vector rows;
  Vector variances{};
  Vector sample_biases{};
  double noise_weight = 1;
};

/// Throws Error unless the prior, which may be null, knows features as the table's are. `side` is what its rows are.
void check_features(const SidePrior* prior, const FeatureTable& table, const char* side);

/// Adds Bᵀ(a − ā) of a sample to each row of stride in `rows`, those of the ids[wanted[0]], ids[wanted[1]], …, where
/// the table has them.
void add_feature_moves(const SideFeatures& features, std::size_t sample, const FeatureTable& table, const IdTable& ids,
                       const std::vector<Index>& wanted, std::size_t stride, Vector& rows);

/// Adds to `rows` those that the lines of the table have if they have no ratings, in each sample of the model, whose
/// users, or items, have features.
void add_unrated(const Factorization& model, bool items, const FeatureTable& table, const std::vector<Index>& lines,
                 FoldedRows& rows);

}  // namespace odot::inline ODOT_PRECISION
