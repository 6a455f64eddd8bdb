// Training ratings in the form that a method wants.
#include "odot/train/dataset.hpp"

#include <algorithm>
#include <utility>

#include "odot/core/memory.hpp"
#include "odot/ratings/odr.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Ratings read at a time: they may be in a file.
constexpr Offset kPiece = 1 << 16;

Triples by_user(const RatingMatrix& matrix) {
  const RatingSide side = matrix.by_user();
  Triples list;
  list.user.reserve(side.size());
  for (Index user = 0; user < side.rows(); ++user) list.user.insert(list.user.end(), side.count(user), user);
  list.item.resize(side.size());
  list.value.resize(side.size());
  for (Offset begin = 0; begin < side.size(); begin += kPiece) {
    const Offset end = std::min(begin + kPiece, side.size());
    side.read(begin, end, [&] {
      std::copy(side.indices.begin() + static_cast<std::ptrdiff_t>(begin),
                side.indices.begin() + static_cast<std::ptrdiff_t>(end),
                list.item.begin() + static_cast<std::ptrdiff_t>(begin));
      side.values.read(begin, end, list.value.data() + begin);
    });
  }
  return list;
}

}  // namespace

RatingMatrix Dataset::take_matrix() {
  // Ids of features alone have come after those of a matrix.
  const bool grown = matrix && (matrix->users() < users.size() || matrix->items() < items.size());
  if (!matrix || grown) return {users.size(), items.size(), take_list()};
  RatingMatrix taken = std::move(*matrix);
  matrix.reset();
  return taken;
}

Triples Dataset::take_list() {
  if (!matrix) return std::move(list);
  Triples taken = by_user(*matrix);
  matrix.reset();
  return taken;
}

OpenedRatings open_ratings(const std::vector<std::string>& paths, const ReadSettings& settings,
                           std::optional<std::size_t> memory) {
  if (settings.pairs_only || !is_one_odr(paths)) {
    ReadResult read = read_ratings(paths, settings);
    return {std::move(read.list), std::move(read.sources), read.merged};
  }
  OpenedRatings opened{.data = open_odr(paths[0], memory ? *memory : default_memory_budget()), .sources = {}};
  opened.sources.push_back({.path = paths[0], .compression = "none", .kind = "odr", .ratings = opened.data.size()});
  return opened;
}

}  // namespace odot::inline ODOT_PRECISION
