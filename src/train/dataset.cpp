// Training ratings in the form that a method wants.
#include "odot/train/dataset.hpp"

#include <algorithm>

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
  if (!matrix) return {users.size(), items.size(), std::move(list)};
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

}  // namespace odot::inline ODOT_PRECISION
