// The loops over pairs of users and items, for any kind of model.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "odot/core/ordered_sum.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/vector.hpp"
#include "odot/model/model.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

inline constexpr std::size_t kPairsAtOnce = 128;

/// Throws Error for an index of pairs [begin, end) that is neither below `users` (`items`) nor kUnknown.
void check_pairs(const Triples& pairs, std::size_t begin, std::size_t end, Index users, Index items);

/// Errors of some predictions.
struct ErrorSums {
  double squares = 0;
  double absolutes = 0;
  std::size_t unknown_users = 0;
  std::size_t unknown_items = 0;

  void add(double error) {
    squares += error * error;
    absolutes += std::abs(error);
  }

  ErrorSums& operator+=(const ErrorSums& part) {
    squares += part.squares;
    absolutes += part.absolutes;
    unknown_users += part.unknown_users;
    unknown_items += part.unknown_items;
    return *this;
  }
};

/// Adds the parts in their order.
inline Evaluation total(const std::vector<ErrorSums>& parts, std::size_t ratings) {
  Evaluation result;
  result.ratings = ratings;
  const ErrorSums sums = ordered_sum(parts);
  result.unknown_users = sums.unknown_users;
  result.unknown_items = sums.unknown_items;
  if (ratings > 0) {
    const auto count = static_cast<double>(ratings);
    result.rmse = std::sqrt(sums.squares / count);
    result.mae = sums.absolutes / count;
  }
  return result;
}

/// Both loops make a Predictor(model, clip) for each chunk of pairs, and call it with pairs, at most kPairsAtOnce of
/// them: predictor(pairs, begin, end, out) checks them and writes end − begin predictions.
template <class Predictor, class AnyModel>
Evaluation evaluate_pairs(const AnyModel& model, const Triples& ratings, bool clip) {
  const VectorChunks chunks(ratings.size());
  std::vector<ErrorSums> partial(chunks.count());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    ErrorSums sums;
    Predictor predictor(model, clip);
    std::array<double, kPairsAtOnce> predictions;
    for (std::size_t begin = chunks.begin(chunk); begin < chunks.end(chunk); begin += kPairsAtOnce) {
      const std::size_t end = std::min(begin + kPairsAtOnce, chunks.end(chunk));
      predictor(ratings, begin, end, predictions.data());
      for (std::size_t k = begin; k < end; ++k) {
        const double error = predictions[k - begin] - static_cast<double>(ratings.value[k]);
        sums.add(error);
        sums.unknown_users += ratings.user[k] == kUnknown;
        sums.unknown_items += ratings.item[k] == kUnknown;
      }
    }
    partial[chunk] = sums;
  });
  return total(partial, ratings.size());
}

template <class Predictor, class AnyModel>
void predict_pairs(const AnyModel& model, const Triples& pairs, bool clip, std::span<double> out) {
  const VectorChunks chunks(pairs.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    Predictor predictor(model, clip);
    for (std::size_t begin = chunks.begin(chunk); begin < chunks.end(chunk); begin += kPairsAtOnce) {
      predictor(pairs, begin, std::min(begin + kPairsAtOnce, chunks.end(chunk)), out.data() + begin);
    }
  });
}

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
