// What there is to train on and to measure on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/features/features.hpp"
#include "odot/ratings/rating_list.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/ratings/read.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Training ratings, held-out ratings and, for methods that need them, features of users and items.
struct Dataset {
  Dataset() = default;
  // NOLINTBEGIN(google-explicit-constructor): ratings alone are something to train on
  Dataset(RatingList ratings, Triples held_out = {})
      : users(std::move(ratings.users)),
        items(std::move(ratings.items)),
        list(std::move(ratings.ratings)),
        valid(std::move(held_out)) {}
  Dataset(RatingData ratings, Triples held_out = {})
      : users(std::move(ratings.users)),
        items(std::move(ratings.items)),
        matrix(std::move(ratings.ratings)),
        valid(std::move(held_out)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Training ratings.
  std::size_t size() const { return matrix ? matrix->size() : list.size(); }

  /// Takes the training ratings away, by user and by item.
  RatingMatrix take_matrix();
  /// Takes the training ratings away one after another: as they were given, or where only a matrix was, by user.
  Triples take_list();

  IdTable users;
  IdTable items;
  std::optional<RatingMatrix> matrix;  ///< the training ratings, or where there is none
  Triples list;                        ///< these, with indices of `users` and `items`
  Triples valid;                       ///< to measure on, likewise, or kUnknown; may be empty
  std::optional<FeatureTable> user_features;
  std::optional<FeatureTable> item_features;
};

/// Ratings that were opened to train or to measure on.
struct OpenedRatings {
  Dataset data;
  std::vector<SourceFormat> sources;  ///< how the files were recognised
  std::size_t merged = 0;             ///< as in ReadResult
};

/// A single .odr file is mapped, as by open_odr(), with about `memory` bytes of it in memory, by default
/// default_memory_budget(): the result has a matrix. All else, and pairs, is read into a list by read_ratings(). Throws
/// Error as these do.
OpenedRatings open_ratings(const std::vector<std::string>& paths, const ReadSettings& settings = {},
                           std::optional<std::size_t> memory = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
