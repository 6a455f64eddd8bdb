// Where the factors of users and items lie in the one vector that optimizers see.
#pragma once

#include <cstddef>

#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Layout of θ = [U | V]: rows of stride() Reals, the users' first, then the items' (item j's row is column V_j).
/// Columns [0, rank) are factors. With biases, column rank holds b_i in U and the pin in V, column rank + 1 the
/// pin in U and c_j in V, so that u_i·v_j contains pin · (b_i + c_j). The columns after these are padding, always zero.
struct FactorLayout {
  Index users = 0;
  Index items = 0;
  int rank = 0;
  bool biases = false;

  /// Columns in use: rank, and two more with biases.
  constexpr std::size_t width() const { return static_cast<std::size_t>(rank) + (biases ? 2 : 0); }
  /// Reals from one row to the next.
  constexpr std::size_t stride() const { return (width() + kLanes - 1) / kLanes * kLanes; }
  /// Reals in θ.
  std::size_t size() const { return (std::size_t{users} + items) * stride(); }

  /// Position in θ of the first element of a row.
  std::size_t user_row(Index user) const { return user * stride(); }
  std::size_t item_row(Index item) const { return (std::size_t{users} + item) * stride(); }

  /// Column of the user's bias in a row of U and of the item's bias in a row of V; −1 without biases.
  int user_bias() const { return biases ? rank : -1; }
  int item_bias() const { return biases ? rank + 1 : -1; }
  /// Column that holds the pin in rows of U and in rows of V; −1 without biases.
  int user_pin() const { return biases ? rank + 1 : -1; }
  int item_pin() const { return biases ? rank : -1; }

  bool operator==(const FactorLayout&) const = default;
};

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
