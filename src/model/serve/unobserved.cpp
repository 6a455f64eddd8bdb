// Shares of the unobserved entries, predicted user by user.
#include "odot/model/unobserved.hpp"

#include <algorithm>
#include <vector>

#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kNear = 0.5;

struct Tally {
  std::uint64_t below_lowest = 0;
  std::uint64_t near_one = 0;
  std::uint64_t entries = 0;

  Tally& operator+=(const Tally& part) {
    below_lowest += part.below_lowest;
    near_one += part.near_one;
    entries += part.entries;
    return *this;
  }
};

// The users whose entries are looked at.
std::vector<Index> choose_users(const FactorLayout& layout, std::uint64_t most) {
  std::vector<Index> users(layout.users);
  for (Index user = 0; user < layout.users; ++user) users[user] = user;
  const std::uint64_t wanted = std::max<std::uint64_t>(1, most / std::max<Index>(layout.items, 1));
  if (wanted >= users.size()) return users;
  const RandomStream stream(0, 0);
  std::ranges::sort(users, {}, [&](Index user) { return std::pair(stream.bits(user), user); });
  users.resize(wanted);
  return users;
}

}  // namespace

UnobservedShares unobserved_shares(const FactorView& model, const RatingSide& by_user, std::uint64_t most) {
  const FactorLayout& layout = model.layout;
  const std::vector<Index> users = choose_users(layout, most);
  std::vector<Tally> tallies(users.size());
  parallel_for(users.size(), [&](std::size_t k) {
    const Index user = users[k];
    Tally& tally = tallies[k];
    Offset next = by_user.offsets[user];  // the user's first rating of an item that was not reached yet
    const Offset end = by_user.offsets[user + 1];
    by_user.read(next, end, [&] {
      for (Index item = 0; item < layout.items; ++item) {
        if (next < end && by_user.indices[next] == item) {
          ++next;
          continue;
        }
        const double prediction = model.predict(user, item);
        ++tally.entries;
        tally.below_lowest += prediction < model.lowest;
        tally.near_one += std::abs(prediction - 1) <= kNear;
      }
    });
  });
  const Tally total = ordered_sum(tallies);
  if (total.entries == 0) return {};
  const auto share = [&](std::uint64_t part) { return static_cast<double>(part) / static_cast<double>(total.entries); };
  return {share(total.below_lowest), share(total.near_one), total.entries};
}

}  // namespace odot::inline ODOT_PRECISION
