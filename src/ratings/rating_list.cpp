// Re-indexing and summarising lists of ratings.
#include "odot/ratings/rating_list.hpp"

#include "odot/core/parallel.hpp"
#include "ratings/value_summary.hpp"

namespace odot::inline ODOT_PRECISION {
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

ValueSummary summarize(const std::vector<Real>& values) { return summarize_values(values); }

}  // namespace odot::inline ODOT_PRECISION
