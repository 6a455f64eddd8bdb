// Synthetic ratings with a planted low-rank structure. How many ratings a user has and which user makes sure that an
// item has one is decided beforehand; all else is drawn from streams of random numbers that belong to a user, an item
// or a rating, so that any run of users can be made by itself.
#include "odot/ratings/synthetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kActivityDeviation = 1.0;   // of the logarithm of a user's activity
constexpr double kPopularityExponent = 1.0;  // of the power law of items
constexpr double kPopularityShift = 0.01;    // of all items: how many the flat top of the power law has

constexpr std::size_t kPieceRatings = std::size_t{1} << 16;  // made by one thread at a time
constexpr std::size_t kPiecesAtOnce = 64;

// Streams of the seed. Users' choices of items have a stream each, from kChoices on.
enum Stream : std::uint64_t {
  kActivity,
  kShuffle,
  kCover,
  kCoverOrder,
  kUserBias,
  kItemBias,
  kU,
  kV,
  kNoise,
  kChoices
};

void check(const SyntheticSettings& s) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(message, ErrorKind::usage);
  };
  require(s.users > 0 && s.items > 0, "synthetic ratings need at least one user and one item");
  require(s.users < kUnknown && s.items < kUnknown, "there are too many users or items");
  const std::uint64_t most = std::uint64_t{s.users} * s.items;
  require(
      s.ratings > 0 && s.ratings <= most,
      fmt::format("the number of ratings must lie between 1 and users × items = {}, but it is {}", most, s.ratings));
  require(s.rank >= 0, fmt::format("the rank of synthetic ratings cannot be {}", s.rank));
  const std::pair<const char*, double> sizes[] = {{"deviation of the biases", s.bias_deviation},
                                                  {"deviation of the factors", s.factor_deviation},
                                                  {"noise", s.noise},
                                                  {"step that ratings are rounded to", s.round_to}};
  for (const auto& [what, value] : sizes) {
    require(std::isfinite(value) && value >= 0, fmt::format("the {} must be at least 0, but it is {}", what, value));
  }
  require(std::isfinite(s.mean), "the mean of synthetic ratings must be a number");
  require(s.lowest <= s.highest, fmt::format("no rating lies between {} and {}", s.lowest, s.highest));
}

// How many ratings each user has: log-normal, at most one for each item, none without where there are enough ratings.
std::vector<Index> activity(const SyntheticSettings& s) {
  const RandomStream random(s.seed, kActivity);
  std::vector<double> weight(s.users);
  for_each_element(s.users, [&](std::size_t i) { weight[i] = std::exp(kActivityDeviation * random.normal(i)); });

  const double least = s.ratings >= s.users ? 1 : 0;
  const double most = s.items;
  const auto total = static_cast<double>(s.ratings);
  const auto wanted = [&](double scale, std::size_t i) { return std::clamp(scale * weight[i], least, most); };
  double low = 0;
  double high = most / *std::min_element(weight.begin(), weight.end());
  for (int step = 0; step < 80; ++step) {
    const double middle = (low + high) / 2;
    const double sum = parallel_sum(s.users, [&](std::size_t begin, std::size_t end) {
      double part = 0;
      for (std::size_t i = begin; i < end; ++i) part += wanted(middle, i);
      return part;
    });
    (sum < total ? low : high) = middle;
  }

  // Whole numbers whose running sum follows that of the wanted ones.
  std::vector<Index> count(s.users);
  std::size_t sum = 0;
  double carried = 0;
  for (std::size_t i = 0; i < s.users; ++i) {
    carried += wanted(low, i);
    const double whole = std::clamp(std::floor(carried + 0.5), least, most);
    carried -= whole;
    count[i] = static_cast<Index>(whole);
    sum += count[i];
  }
  // Rounding leaves a few too many or too few.
  for (std::size_t i = 0; sum != s.ratings; i = (i + 1) % s.users) {
    if (sum < s.ratings && count[i] < s.items) ++count[i], ++sum;
    if (sum > s.ratings && count[i] > static_cast<Index>(least)) --count[i], --sum;
  }
  return count;
}

// Items in random order.
std::vector<Index> shuffled_items(const SyntheticSettings& s, Stream stream) {
  std::vector<Index> order(s.items);
  std::iota(order.begin(), order.end(), Index{0});
  const RandomStream random(s.seed, stream);
  for (Index k = s.items; k > 1; --k) {
    std::swap(order[k - 1], order[static_cast<Index>(random.uniform(k) * static_cast<double>(k))]);
  }
  return order;
}

// Draws items by popularity, by the alias method (Walker 1977; Vose 1991): each of as many equally likely slots as
// there are items holds one item and the share that another one fills up.
class Popularity {
 public:
  explicit Popularity(const SyntheticSettings& s) : weight_(s.items), slots_(s.items) {
    const std::vector<Index> order = shuffled_items(s, kShuffle);
    const double shift = 1 + kPopularityShift * s.items;
    for (Index k = 0; k < s.items; ++k) weight_[order[k]] = std::pow(k + shift, -kPopularityExponent);

    const double mean = std::accumulate(weight_.begin(), weight_.end(), 0.0) / s.items;
    std::vector<double> share(s.items);  // of a slot that is still to be given to the item
    std::vector<Index> small, large;
    for (Index item = 0; item < s.items; ++item) {
      share[item] = weight_[item] / mean;
      (share[item] < 1 ? small : large).push_back(item);
      slots_[item] = {kFull, item};
    }
    while (!small.empty() && !large.empty()) {
      const Index item = small.back();
      const Index filler = large.back();
      small.pop_back();
      slots_[item] = {static_cast<std::uint32_t>(share[item] * kFull), filler};
      share[filler] -= 1 - share[item];
      if (share[filler] < 1) {
        large.pop_back();
        small.push_back(filler);
      }
    }
  }

  // From `first` on, `chosen` becomes different items, one drawn after the other from those not yet drawn. `mark` has
  // an element for every item, which equals `stamp` where the item has been chosen.
  void draw(const RandomStream& random, std::span<Index> chosen, std::size_t first, std::vector<Index>& mark,
            Index stamp) const {
    std::size_t count = first;
    std::uint64_t position = 0;
    // Drawing again what was drawn before is the quickest way while it is rare.
    const std::uint64_t most_draws = 4 * chosen.size() + 16;
    while (count < chosen.size() && position < most_draws) {
      const std::uint64_t bits = random.bits(position++);
      auto item = static_cast<Index>((bits >> 32) * weight_.size() >> 32);
      if (static_cast<std::uint32_t>(bits) >= slots_[item].own) item = slots_[item].other;
      if (mark[item] == stamp) continue;
      mark[item] = stamp;
      chosen[count++] = item;
    }
    if (count == chosen.size()) return;
    // The first of exponential clocks that run at the speed of the weights: the same distribution (Efraimidis &
    // Spirakis 2006).
    std::vector<std::pair<double, Index>> clocks;
    for (Index item = 0; item < weight_.size(); ++item) {
      if (mark[item] == stamp) continue;
      clocks.emplace_back(-std::log(1 - random.uniform(most_draws + item)) / weight_[item], item);
    }
    const std::size_t missing = chosen.size() - count;
    std::nth_element(clocks.begin(), clocks.begin() + static_cast<std::ptrdiff_t>(missing - 1), clocks.end());
    for (std::size_t k = 0; k < missing; ++k) chosen[count + k] = clocks[k].second;
  }

 private:
  static constexpr std::uint32_t kFull = 0xffffffff;
  struct Slot {
    std::uint32_t own;  // of 2^32
    Index other;
  };
  std::vector<double> weight_;
  std::vector<Slot> slots_;
};

// Every item has one rating that does not depend on its popularity: all ratings, in order of users, are cut into as
// many stretches of about equal length as there are items, and each item, in random order, gets one rating of its
// stretch.
class Cover {
 public:
  explicit Cover(const SyntheticSettings& s) : random_(s.seed, kCover) {
    if (s.ratings < s.items) return;
    items_ = shuffled_items(s, kCoverOrder);
    length_ = s.ratings / s.items;
    longer_ = s.ratings % s.items;
  }

  // Writes the items that have one of the ratings [begin, end) to `chosen`; returns how many they are.
  std::size_t find(std::size_t begin, std::size_t end, std::span<Index> chosen) const {
    if (items_.empty() || begin == end) return 0;
    const std::size_t lengthened = longer_ * (length_ + 1);
    std::size_t stretch = begin < lengthened ? begin / (length_ + 1) : longer_ + (begin - lengthened) / length_;
    if (rating_of(stretch) < begin) ++stretch;
    std::size_t count = 0;
    while (stretch < items_.size() && rating_of(stretch) < end) chosen[count++] = items_[stretch++];
    return count;
  }

 private:
  std::size_t rating_of(std::size_t stretch) const {
    const std::size_t length = length_ + (stretch < longer_ ? 1 : 0);
    const std::size_t begin = stretch * length_ + std::min(stretch, longer_);
    return begin + static_cast<std::size_t>(random_.uniform(stretch) * static_cast<double>(length));
  }

  RandomStream random_;
  std::vector<Index> items_;
  std::size_t length_ = 0;
  std::size_t longer_ = 0;  // so many stretches, the first ones, have one rating more
};

std::vector<double> normals(const SyntheticSettings& s, Stream stream, std::size_t size, double deviation) {
  const RandomStream random(s.seed, stream);
  std::vector<double> result(size);
  for_each_element(size, [&](std::size_t k) { result[k] = deviation * random.normal(k); });
  return result;
}

// Rounds to multiples of a step.
class Rounding {
 public:
  explicit Rounding(double step) : step_(step), inverse_(std::round(1 / step)) {
    // Where 1/step is whole, dividing by it gives the nearest number to the decimal that is meant: 3.3,
    // not 3.3000000000000003.
    whole_ = std::abs(inverse_ * step - 1) < 1e-12;
  }

  double operator()(double value) const {
    if (step_ == 0) return value;
    return whole_ ? std::round(value * inverse_) / inverse_ : std::round(value / step_) * step_;
  }

 private:
  double step_;
  double inverse_;
  bool whole_ = false;
};

}  // namespace

struct SyntheticRatings::Plan {
  explicit Plan(const SyntheticSettings& settings)
      : s((check(settings), settings)),
        rank(static_cast<std::size_t>(s.rank)),
        // The variance of u·v is rank × (variance of an element)².
        element(rank == 0 ? 0 : std::sqrt(s.factor_deviation / std::sqrt(static_cast<double>(s.rank)))),
        counts(activity(s)),
        offsets(std::size_t{s.users} + 1, 0),
        popularity(s),
        cover(s),
        rounding(s.round_to),
        item_bias(normals(s, kItemBias, s.items, s.bias_deviation)),
        v(normals(s, kV, s.items * rank, element)) {
    std::partial_sum(counts.begin(), counts.end(), offsets.begin() + 1, std::plus<std::size_t>());
  }

  // What one thread works with.
  struct Workspace {
    std::vector<Index> mark;  // by item: the last user who chose it
    std::vector<double> u;
  };

  double make_row(Index user, Workspace& work, std::span<Index> items, std::span<Real> values) const;

  SyntheticSettings s;
  std::size_t rank;
  double element;  // standard deviation of one of u or v
  std::vector<Index> counts;
  std::vector<std::size_t> offsets;
  Popularity popularity;
  Cover cover;
  Rounding rounding;
  std::vector<double> item_bias;
  std::vector<double> v;
};

// The ratings of one user; returns the sum of the squared errors of their expectations.
double SyntheticRatings::Plan::make_row(Index user, Workspace& work, std::span<Index> items,
                                        std::span<Real> values) const {
  const std::size_t begin = offsets[user];
  const std::size_t covered = cover.find(begin, offsets[user + 1], items);
  for (const Index item : items.first(covered)) work.mark[item] = user;
  popularity.draw(RandomStream(s.seed, kChoices + user), items, covered, work.mark, user);
  std::ranges::sort(items);

  const RandomStream user_factors(s.seed, kU);
  for (std::size_t l = 0; l < rank; ++l) work.u[l] = element * user_factors.normal(user * rank + l);
  const double base = s.mean + s.bias_deviation * RandomStream(s.seed, kUserBias).normal(user);
  const RandomStream noise(s.seed, kNoise);
  double squares = 0;
  for (std::size_t k = 0; k < items.size(); ++k) {
    const double* const factors = v.data() + items[k] * rank;
    double expected = base + item_bias[items[k]];
    for (std::size_t l = 0; l < rank; ++l) expected += work.u[l] * factors[l];
    const double noisy = s.noise == 0 ? expected : expected + s.noise * noise.normal(begin + k);
    values[k] = static_cast<Real>(std::clamp(rounding(noisy), s.lowest, s.highest));
    const double error = std::clamp(expected, s.lowest, s.highest) - static_cast<double>(values[k]);
    squares += error * error;
  }
  return squares;
}

SyntheticRatings::SyntheticRatings(const SyntheticSettings& settings) : plan_(std::make_unique<Plan>(settings)) {}

SyntheticRatings::~SyntheticRatings() = default;

double SyntheticRatings::generate(const Take& take) const {
  const Plan& plan = *plan_;
  const Index users = plan.s.users;
  std::vector<Plan::Workspace> workspaces(static_cast<std::size_t>(threads()));
  std::vector<Index> items;
  std::vector<Real> values;
  double squares = 0;
  for (Index first = 0; first < users;) {
    // A wave of pieces, which are made in parallel.
    std::vector<Index> pieces{first};
    for (Index user = first; user < users && pieces.size() <= kPiecesAtOnce;) {
      while (user < users && plan.offsets[user] - plan.offsets[pieces.back()] < kPieceRatings) ++user;
      pieces.push_back(user);
    }
    const Index end = pieces.back();
    const std::size_t base = plan.offsets[first];
    items.resize(plan.offsets[end] - base);
    values.resize(items.size());
    std::vector<double> parts(pieces.size() - 1, 0);
    parallel_for(parts.size(), [&](std::size_t piece) {
      Plan::Workspace& work = workspaces[static_cast<std::size_t>(thread_number())];
      if (work.mark.empty()) {
        work.mark.assign(plan.s.items, kUnknown);
        work.u.resize(plan.rank);
      }
      for (Index user = pieces[piece]; user < pieces[piece + 1]; ++user) {
        const std::size_t from = plan.offsets[user] - base;
        const std::size_t count = plan.counts[user];
        parts[piece] +=
            plan.make_row(user, work, std::span(items).subspan(from, count), std::span(values).subspan(from, count));
      }
    });
    add_in_order(parts, squares);
    take(std::span(plan.counts).subspan(first, end - first), items, values);
    first = end;
  }
  return std::sqrt(squares / static_cast<double>(plan.s.ratings));
}

IdTable numbered_ids(Index count) {
  struct Storage {
    std::string bytes;
    std::vector<Offset> offsets{0};
  };
  const auto storage = std::make_shared<Storage>();
  storage->offsets.reserve(std::size_t{count} + 1);
  for (Index k = 0; k < count; ++k) {
    storage->bytes += std::to_string(std::uint64_t{k} + 1);
    storage->offsets.push_back(storage->bytes.size());
  }
  return {storage->bytes, storage->offsets, storage};
}

Synthetic synthesize(const SyntheticSettings& settings) {
  const SyntheticRatings source(settings);
  Synthetic result{{numbered_ids(settings.users), numbered_ids(settings.items), {}}, 0};
  Triples& ratings = result.list.ratings;
  ratings.user.reserve(settings.ratings);
  ratings.item.reserve(settings.ratings);
  ratings.value.reserve(settings.ratings);
  Index user = 0;
  result.noise_rmse =
      source.generate([&](std::span<const Index> counts, std::span<const Index> items, std::span<const Real> values) {
        for (const Index count : counts) ratings.user.insert(ratings.user.end(), count, user++);
        ratings.item.insert(ratings.item.end(), items.begin(), items.end());
        ratings.value.insert(ratings.value.end(), values.begin(), values.end());
      });
  return result;
}

}  // namespace odot::inline ODOT_PRECISION
