// Synthetic ratings with a planted low-rank structure.
#include "odot/ratings/synthetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"
#include "odot/core/vector.hpp"

namespace odot {
namespace {

constexpr double kActivityDeviation = 1.0;   // of the logarithm of a user's activity
constexpr double kPopularityExponent = 1.0;  // of the power law of items
constexpr double kPopularityShift = 0.01;    // of all items: how many the flat top of the power law has

// Streams of the seed. Users' choices of items have a stream each, from kChoices on.
enum Stream : std::uint64_t { kActivity, kShuffle, kCover, kUserBias, kItemBias, kU, kV, kNoise, kChoices };

void check(const SyntheticSettings& s) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(message);
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

// Draws items by popularity.
class Popularity {
 public:
  explicit Popularity(const SyntheticSettings& s) : weight_(s.items), cumulative_(s.items) {
    std::vector<Index> order(s.items);
    std::iota(order.begin(), order.end(), Index{0});
    const RandomStream random(s.seed, kShuffle);
    for (Index k = s.items; k > 1; --k) {
      std::swap(order[k - 1], order[static_cast<Index>(random.uniform(k) * static_cast<double>(k))]);
    }
    const double shift = 1 + kPopularityShift * s.items;
    for (Index k = 0; k < s.items; ++k) weight_[order[k]] = std::pow(k + shift, -kPopularityExponent);
    std::partial_sum(weight_.begin(), weight_.end(), cumulative_.begin());
  }

  // `chosen` becomes different items, one drawn after the other from those not yet drawn. `mark` has an element
  // for every item, none of which equals `stamp`.
  void draw(const RandomStream& random, std::span<Index> chosen, std::vector<Index>& mark, Index stamp) const {
    std::size_t count = 0;
    std::uint64_t position = 0;
    // Drawing again what was drawn before is the quickest way while it is rare.
    const std::uint64_t most_draws = 4 * chosen.size() + 16;
    while (count < chosen.size() && position < most_draws) {
      const double target = random.uniform(position++) * cumulative_.back();
      const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, target);
      const auto item = static_cast<Index>(found - cumulative_.begin());
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
  std::vector<double> weight_;
  std::vector<double> cumulative_;
};

// Every item without ratings takes one over from an item that has several.
void cover_items(const SyntheticSettings& s, std::vector<Index>& item) {
  if (s.ratings < s.items) return;
  std::vector<std::size_t> count(s.items, 0);
  for (Index j : item) ++count[j];
  const RandomStream random(s.seed, kCover);
  for (Index j = 0; j < s.items; ++j) {
    if (count[j] > 0) continue;
    auto k = static_cast<std::size_t>(random.uniform(j) * static_cast<double>(s.ratings));
    while (count[item[k]] < 2) k = (k + 1) % s.ratings;
    --count[item[k]];
    ++count[j];
    item[k] = j;
  }
}

// The pairs, sorted by user, then item.
void choose_pairs(const SyntheticSettings& s, Triples& ratings) {
  const std::vector<Index> count = activity(s);
  std::vector<std::size_t> offset(std::size_t{s.users} + 1, 0);
  for (Index i = 0; i < s.users; ++i) offset[i + 1] = offset[i] + count[i];
  ratings.user.resize(s.ratings);
  ratings.item.resize(s.ratings);

  // Users in pieces of about as many ratings each.
  std::vector<Index> piece{0};
  for (Index i = 0; i < s.users; ++i) {
    const std::size_t length = std::max(VectorChunks::kShortest, s.ratings / VectorChunks::kMost);
    if (offset[i + 1] - offset[piece.back()] >= length || i + 1 == s.users) piece.push_back(i + 1);
  }
  const auto items_of = [&](Index i) { return std::span(ratings.item).subspan(offset[i], count[i]); };
  const Popularity popularity(s);
  parallel_for(piece.size() - 1, [&](std::size_t p) {
    std::vector<Index> mark(s.items, kUnknown);
    for (Index i = piece[p]; i < piece[p + 1]; ++i) {
      popularity.draw(RandomStream(s.seed, kChoices + i), items_of(i), mark, i);
      std::fill_n(ratings.user.begin() + static_cast<std::ptrdiff_t>(offset[i]), count[i], i);
    }
  });
  cover_items(s, ratings.item);
  parallel_for(piece.size() - 1, [&](std::size_t p) {
    for (Index i = piece[p]; i < piece[p + 1]; ++i) std::ranges::sort(items_of(i));
  });
}

std::vector<double> normals(const SyntheticSettings& s, Stream stream, std::size_t size, double deviation) {
  const RandomStream random(s.seed, stream);
  std::vector<double> result(size);
  for_each_element(size, [&](std::size_t k) { result[k] = deviation * random.normal(k); });
  return result;
}

double rounded(double value, double step) {
  if (step == 0) return value;
  // Where 1/step is whole, dividing by it gives the nearest number to the decimal that is meant: 3.3,
  // not 3.3000000000000003.
  const double inverse = std::round(1 / step);
  if (std::abs(inverse * step - 1) < 1e-12) return std::round(value * inverse) / inverse;
  return std::round(value / step) * step;
}

}  // namespace

Synthetic synthesize(const SyntheticSettings& settings) {
  const SyntheticSettings& s = settings;
  check(s);
  Synthetic result{};
  Triples& ratings = result.list.ratings;
  choose_pairs(s, ratings);
  for (Index i = 0; i < s.users; ++i) result.list.users.add(std::to_string(i + 1));
  for (Index j = 0; j < s.items; ++j) result.list.items.add(std::to_string(j + 1));

  // The variance of u·v is rank × (variance of an element)².
  const auto rank = static_cast<std::size_t>(s.rank);
  const double element = rank == 0 ? 0 : std::sqrt(s.factor_deviation / std::sqrt(static_cast<double>(s.rank)));
  const std::vector<double> b = normals(s, kUserBias, s.users, s.bias_deviation);
  const std::vector<double> c = normals(s, kItemBias, s.items, s.bias_deviation);
  const std::vector<double> u = normals(s, kU, s.users * rank, element);
  const std::vector<double> v = normals(s, kV, s.items * rank, element);
  const RandomStream noise(s.seed, kNoise);

  ratings.value.resize(s.ratings);
  const double squares = parallel_sum(s.ratings, [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t k = begin; k < end; ++k) {
      const std::size_t i = ratings.user[k];
      const std::size_t j = ratings.item[k];
      double expected = s.mean + b[i] + c[j];
      for (std::size_t l = 0; l < rank; ++l) expected += u[i * rank + l] * v[j * rank + l];
      const double noisy = s.noise == 0 ? expected : expected + s.noise * noise.normal(k);
      ratings.value[k] = static_cast<Real>(std::clamp(rounded(noisy, s.round_to), s.lowest, s.highest));
      const double error = std::clamp(expected, s.lowest, s.highest) - static_cast<double>(ratings.value[k]);
      sum += error * error;
    }
    return sum;
  });
  result.noise_rmse = std::sqrt(squares / static_cast<double>(s.ratings));
  return result;
}

}  // namespace odot
