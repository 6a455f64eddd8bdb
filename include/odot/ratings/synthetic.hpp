// Synthetic ratings with a planted low-rank structure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "odot/core/precision.hpp"
#include "odot/ratings/rating_list.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// rating = mean + b_i + c_j + u_i·v_j + noise, rounded to a multiple of `round_to` and clipped to [lowest, highest].
/// User activity is log-normal, item popularity a power law; pairs are distinct. Where there are ratings enough,
/// every user and every item has at least one.
struct SyntheticSettings {
  Index users = 1000;
  Index items = 500;
  std::size_t ratings = 50000;
  int rank = 8;  ///< of the planted u·v; 0 for none
  double mean = 3.5;
  double bias_deviation = 0.4;    ///< of the users' and of the items' biases
  double factor_deviation = 0.5;  ///< of u·v
  double noise = 0.7;             ///< standard deviation
  double round_to = 0.5;          ///< 0: not rounded
  double lowest = 0.5;
  double highest = 5;
  std::uint64_t seed = 1;
};

/// Ratings that are made as they are needed, so that there may be more of them than memory holds.
class SyntheticRatings {
 public:
  /// Throws Error for impossible settings.
  explicit SyntheticRatings(const SyntheticSettings& settings);
  ~SyntheticRatings();
  SyntheticRatings(const SyntheticRatings&) = delete;
  SyntheticRatings& operator=(const SyntheticRatings&) = delete;

  /// Calls take(counts, items, values) with the ratings of one run of users after another, some millions at a time:
  /// each user has the next counts[k] items, ascending, and values. Returns the RMSE of the noiseless clipped
  /// expectation on these ratings: what no model can beat. The same bits for the same settings, on any number of
  /// threads.
  using Take =
      std::function<void(std::span<const Index> counts, std::span<const Index> items, std::span<const Real> values)>;
  double generate(const Take& take) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// The ids "1", "2", …
IdTable numbered_ids(Index count);

struct Synthetic {
  RatingList list;    ///< sorted by user, then item; ids "1", "2", …
  double noise_rmse;  ///< as generate() returns it
};

/// All of SyntheticRatings at once. Throws Error for impossible settings.
Synthetic synthesize(const SyntheticSettings& settings);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
