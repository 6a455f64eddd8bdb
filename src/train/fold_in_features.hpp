// What features say of users or items that are folded in.
#pragma once

#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/features/features.hpp"
#include "odot/model/factorization.hpp"

namespace odot::inline ODOT_PRECISION {

/// Throws Error unless the prior, which may be null, knows features as the table's are. `side` is what its rows are.
void check_features(const SidePrior* prior, const FeatureTable& table, const char* side);

/// Adds Bᵀ(a − ā) to each row of stride in `rows`, those of the ids[wanted[0]], ids[wanted[1]], …, where the table has
/// them.
void add_feature_moves(const SideFeatures& features, const FeatureTable& table, const IdTable& ids,
                       const std::vector<Index>& wanted, std::size_t stride, Vector& rows);

/// Adds the rows and variances, of stride, that the lines of the table have if they have no ratings; `pin` is the
/// pinned element, or −1, whose value is known.
void add_unrated(const SideFeatures& features, const FeatureTable& table, const std::vector<Index>& lines,
                 std::size_t stride, int pin, double pin_value, Vector& rows, Vector& variances);

}  // namespace odot::inline ODOT_PRECISION
