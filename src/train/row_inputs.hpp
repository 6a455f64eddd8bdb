// Features of users and items as inputs of the rows that a factorisation trains.
#pragma once

#include <optional>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/features/features.hpp"
#include "odot/ratings/rating_matrix.hpp"

namespace odot::inline ODOT_PRECISION {

/// What is known of the rows of a side beside their ratings.
struct RowInputs {
  FeatureEncoding encoding;
  std::size_t width = 0;       ///< inputs of a row; 0: there are no features
  Vector means;                ///< ā, of the inputs over the rows that have ratings and features
  std::vector<Real> rows;      ///< a row of `width` for every row of the side; ā where there are no features
  std::vector<Index> unrated;  ///< rows of the side that have no ratings
};

/// Those of both sides.
struct SideInputs {
  RowInputs users;
  RowInputs items;

  bool any() const { return users.width > 0 || items.width > 0; }
};

inline const SideInputs kNoInputs{};

/// Those of the rows of `side`, whose ids are `ids`; takes the table's inputs away. Throws Error where no row with
/// ratings has features, or the table has no inputs.
RowInputs row_inputs(std::optional<FeatureTable>& features, const IdTable& ids, const RatingSide& side,
                     const char* what);

}  // namespace odot::inline ODOT_PRECISION
