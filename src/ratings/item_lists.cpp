// Sorting pairs into lists by user.
#include "odot/ratings/item_lists.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {

ItemLists::ItemLists(Index users, const Triples& pairs) {
  const auto known = [&](std::size_t k) { return pairs.user[k] != kUnknown && pairs.item[k] != kUnknown; };
  std::vector<Offset> places(std::size_t{users} + 1);  // where the next item of each user goes
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    if (!known(k)) continue;
    if (pairs.user[k] >= users) {
      throw Error(fmt::format("user index {} is out of range: there are {}", pairs.user[k], users), ErrorKind::usage);
    }
    ++places[pairs.user[k] + std::size_t{1}];
  }
  for (std::size_t user = 0; user < users; ++user) places[user + 1] += places[user];
  std::vector<Index> sorted(places.back());
  offsets_ = places;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    if (known(k)) sorted[places[pairs.user[k]]++] = pairs.item[k];
  }

  std::vector<Offset> counts(users);
  const VectorChunks chunks(users);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    for (std::size_t user = chunks.begin(chunk); user < chunks.end(chunk); ++user) {
      const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(offsets_[user]);
      const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(offsets_[user + 1]);
      std::sort(begin, end);
      counts[user] = static_cast<Offset>(std::unique(begin, end) - begin);
    }
  });
  // What is kept moves to the front.
  Offset end = 0;
  for (std::size_t user = 0; user < users; ++user) {
    const Offset begin = offsets_[user];
    offsets_[user] = end;
    if (begin != end) std::copy_n(sorted.data() + begin, counts[user], sorted.data() + end);
    end += counts[user];
  }
  offsets_[users] = end;
  sorted.resize(end);
  items_ = std::move(sorted);
}

}  // namespace odot::inline ODOT_PRECISION
