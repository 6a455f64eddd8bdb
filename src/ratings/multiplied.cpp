// The same indices with other values.
#include "ratings/multiplied.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// What a matrix in another unit points into.
struct Multiplied {
  RatingMatrix original;
  std::vector<Real> by_user{};
  std::vector<Real> by_item{};
};

Real times(Real value, double factor) { return static_cast<Real>(static_cast<double>(value) * factor); }

StoredSide multiply(StoredSide side, double factor, std::vector<Real>& values) {
  if (!side.plain) return side;
  const std::size_t size = side.indices.size();
  values.resize(size);
  for_each_element(size, [&](std::size_t k) { values[k] = times(side.plain[k], factor); });
  side.plain = values.data();
  return side;
}

}  // namespace

bool has_mapped_values(const RatingMatrix& ratings) {
  return ratings.stored_by_user().plain && ratings.stored_by_user().pager;
}

RatingMatrix multiplied(const RatingMatrix& ratings, double factor) {
  auto storage = std::make_shared<Multiplied>(Multiplied{ratings});
  std::vector<Real> table = ratings.table();
  for (Real& value : table) value = times(value, factor);
  ValueSummary summary = ratings.summary();
  for (double* figure : {&summary.mean, &summary.deviation, &summary.lowest, &summary.highest}) *figure *= factor;
  const StoredSide by_user = multiply(ratings.stored_by_user(), factor, storage->by_user);
  const StoredSide by_item = multiply(ratings.stored_by_item(), factor, storage->by_item);
  return {by_user, by_item, std::move(table), summary, std::move(storage)};
}

Triples multiplied(Triples ratings, double factor) {
  for (Real& value : ratings.value) value = times(value, factor);
  return ratings;
}

}  // namespace odot::inline ODOT_PRECISION
