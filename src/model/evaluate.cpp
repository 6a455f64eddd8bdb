// Predicting many ratings and measuring the error.
#include "odot/model/evaluate.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"

namespace odot {
namespace {

void check_index(Index index, Index count, const char* what) {
  if (index < count || index == kUnknown) return;
  throw Error(fmt::format("{} {} is out of range: the model has {} of them", what, index, count));
}

double predict_one(const FactorView& model, const Triples& pairs, std::size_t k, bool clip) {
  check_index(pairs.user[k], model.layout.users, "user index");
  check_index(pairs.item[k], model.layout.items, "item index");
  const double value = model.predict(pairs.user[k], pairs.item[k]);
  return clip ? model.clip(value) : value;
}

}  // namespace

Evaluation evaluate(const FactorView& model, const Triples& ratings, bool clip) {
  struct Sums {
    double squares = 0;
    double absolutes = 0;
    std::size_t unknown_users = 0;
    std::size_t unknown_items = 0;
  };
  const VectorChunks chunks(ratings.size());
  std::vector<Sums> partial(chunks.count());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    Sums sums;
    for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
      const double error = predict_one(model, ratings, k, clip) - static_cast<double>(ratings.value[k]);
      sums.squares += error * error;
      sums.absolutes += std::abs(error);
      sums.unknown_users += ratings.user[k] == kUnknown;
      sums.unknown_items += ratings.item[k] == kUnknown;
    }
    partial[chunk] = sums;
  });

  Sums total;
  for (const Sums& sums : partial) {
    total.squares += sums.squares;
    total.absolutes += sums.absolutes;
    total.unknown_users += sums.unknown_users;
    total.unknown_items += sums.unknown_items;
  }
  Evaluation result;
  result.ratings = ratings.size();
  result.unknown_users = total.unknown_users;
  result.unknown_items = total.unknown_items;
  if (result.ratings > 0) {
    const auto count = static_cast<double>(result.ratings);
    result.rmse = std::sqrt(total.squares / count);
    result.mae = total.absolutes / count;
  }
  return result;
}

void predict(const FactorView& model, const Triples& pairs, bool clip, std::span<double> out) {
  for_each_element(pairs.size(), [&](std::size_t k) { out[k] = predict_one(model, pairs, k, clip); });
}

}  // namespace odot
