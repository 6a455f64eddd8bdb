// Whose prior means depend on which partners a row has: --svdpp of variational and gibbs.
#pragma once

#include <string_view>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_matrix.hpp"
#include "odot/train/settings.hpp"

namespace odot::inline ODOT_PRECISION {

/// The words of TrainSettings::svdpp.
inline constexpr std::string_view kAuto = "auto";
inline constexpr std::string_view kNone = "none";
inline constexpr std::string_view kBoth = "both";
inline constexpr std::string_view kUsers = "users";
inline constexpr std::string_view kItems = "items";

/// Whether --svdpp moves users' rows, items' rows.
bool moves_users(const TrainSettings& settings);
bool moves_items(const TrainSettings& settings);

/// Makes `auto` both or none, by which of them predicts a small part of the ratings better from the rest; settings.rank
/// is known.
void decide_svdpp(const RatingMatrix& ratings, TrainSettings& settings);

}  // namespace odot::inline ODOT_PRECISION
