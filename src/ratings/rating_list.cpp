// Re-indexing and summarising lists of ratings.
#include "odot/ratings/rating_list.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "odot/core/parallel.hpp"

namespace odot {
namespace {

std::vector<Index> translate(const std::vector<Index>& indices, const IdTable& from, const IdTable& to) {
  std::vector<Index> target(from.size());
  for (Index index = 0; index < from.size(); ++index) target[index] = to.find(from[index]);
  std::vector<Index> out(indices.size());
  const VectorChunks chunks(indices.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    const std::size_t end = chunks.end(chunk);
    for (std::size_t k = chunks.begin(chunk); k < end; ++k) out[k] = target[indices[k]];
  });
  return out;
}

}  // namespace

Triples reindex(const RatingList& list, const IdTable& users, const IdTable& items) {
  return {translate(list.ratings.user, list.users, users), translate(list.ratings.item, list.items, items),
          list.ratings.value};
}

ValueSummary summarize(const std::vector<Real>& values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  ValueSummary out;
  out.mean = parallel_sum(values.size(),
                          [&](std::size_t begin, std::size_t end) {
                            double sum = 0;
                            for (std::size_t k = begin; k < end; ++k) sum += static_cast<double>(values[k]);
                            return sum;
                          }) /
             n;
  out.deviation = std::sqrt(parallel_sum(values.size(),
                                         [&](std::size_t begin, std::size_t end) {
                                           double sum = 0;
                                           for (std::size_t k = begin; k < end; ++k) {
                                             const double from_mean = static_cast<double>(values[k]) - out.mean;
                                             sum += from_mean * from_mean;
                                           }
                                           return sum;
                                         }) /
                            n);
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  out.lowest = static_cast<double>(*lowest);
  out.highest = static_cast<double>(*highest);
  return out;
}

}  // namespace odot
