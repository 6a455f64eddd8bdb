// Factors for users or items that training never saw, from their ratings, or from features where the model knows some.
#pragma once

#include <optional>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/rating_list.hpp"
#include "odot/train/train.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

struct FoldInSettings {
  bool items = false;                              ///< the new rows are items, not users
  bool update = false;                             ///< rows that the model has already are replaced
  std::optional<Regularisation> regularisation{};  ///< by default what the model was trained with
  /// Of the new users, as read with the encoding of the model's features of users.
  std::optional<FeatureTable> features{};
};

/// What was folded in. With FoldInSettings::items, "users" are items here and "items" users.
struct FoldInReport {
  std::vector<Index> users;   ///< of the model, in the order of the ratings' ids: those that have new factors;
                              ///< then those of features alone, in the order of their lines
  Index added = 0;            ///< of these, those that the model did not know
  Index updated = 0;          ///< the others
  Index by_features = 0;      ///< of those that were added, those without a rating that was used
  Index known_features = 0;   ///< lines of features without ratings, of users that the model knows: left as they are
  Index without_ratings = 0;  ///< users with ratings of unknown items only: they are left as they are
  std::size_t ratings = 0;    ///< that were used
  std::size_t skipped_ratings = 0;               ///< of items that the model does not know
  Index unknown_items = 0;                       ///< of these ratings
  std::optional<Regularisation> regularisation;  ///< as used; none where the model has priors
};

/// Gives each user of `list` the row of factors, and with biases the bias, that minimises Σ_j e_ij² + λ_i ‖u_i‖² over
/// its ratings of items that the model knows, these items staying as they are: what one more half-sweep of training
/// would give (Zhou et al. 2008, section 3.1). Where the model is non-negative, the least of the rows that are ≥ 0.
/// λ_i = λ + C n_i with n_i such ratings. Biases are penalised as in training, where their partner was the model's
/// training_pin and not 1. New users come after those of the model in the order of `list`; all others keep indices and
/// factors, and mean, range and fallback biases stay. `list` has no pair twice.
///
/// Where the model has a posterior, a user's row is its mean under the prior of users, the items' distributions staying
/// as they are, and its variances are the model's; there is no λ. With settings.features the prior's mean is that of
/// the user's inputs (of mean inputs, where it has none), and users who have features but no ratings get the row and
/// the variances of rows without ratings (SideFeatures); `list` may be empty then. Where it has a link, ratings are
/// taken for the nearest of the link's values, and cut points stay.
///
/// A user's result depends on its own ratings only, and has the same bits on any number of threads. Throws Error, and
/// then `model` is as it was, when it knows a user and not settings.update, or no item of the ratings, or does not say
/// how it was trained, or when factors are not finite, or for features that the model does not know.
FoldInReport fold_in(Factorization& model, const RatingList& list, const FoldInSettings& settings = {});

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
