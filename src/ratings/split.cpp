// Holding ratings out at random.
#include "odot/ratings/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "odot/core/error.hpp"
#include "odot/core/random.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::uint64_t kSplitStream = 0x73706c6974;  // "split": apart from every other use of the seed
constexpr std::uint64_t kFoldStream = 0x666f6c6473;   // "folds"

std::vector<std::size_t> counts(const std::vector<Index>& indices, Index size) {
  std::vector<std::size_t> result(size, 0);
  for (Index index : indices) ++result[index];
  return result;
}

}  // namespace

Split split_ratings(const RatingList& list, double fraction, std::uint64_t seed) {
  if (!(fraction > 0 && fraction < 1)) {
    throw Error(fmt::format("the fraction of ratings to hold out must lie between 0 and 1, but it is {}", fraction),
                ErrorKind::usage);
  }
  const Triples& ratings = list.ratings;
  const std::size_t size = ratings.size();
  const auto wanted = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(size)));
  Split split;
  split.test.reserve(wanted);
  split.train.reserve(size - wanted);

  // Candidates are the `wanted` positions with the smallest random bits, which differ from one another.
  const RandomStream random(seed, kSplitStream);
  std::uint64_t limit = 0;  // a position whose bits do not exceed it is a candidate
  if (wanted > 0) {
    std::vector<std::uint64_t> bits(size);
    for_each_element(size, [&](std::size_t k) { bits[k] = random.bits(k); });
    const auto last = bits.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
    std::nth_element(bits.begin(), last, bits.end());
    limit = *last;
  }

  std::vector<std::size_t> user_left = counts(ratings.user, list.users.size());
  std::vector<std::size_t> item_left = counts(ratings.item, list.items.size());
  for (std::size_t k = 0; k < size; ++k) {
    std::size_t& user = user_left[ratings.user[k]];
    std::size_t& item = item_left[ratings.item[k]];
    if (wanted > 0 && random.bits(k) <= limit && user > 1 && item > 1) {
      --user;
      --item;
      split.test.push_back(k);
    } else {
      split.train.push_back(k);
    }
  }
  return split;
}

std::vector<std::size_t> fold_numbers(std::size_t size, std::size_t folds, std::uint64_t seed) {
  if (folds < 2 || folds > size) {
    throw Error(fmt::format("{} ratings cannot be cut into {} folds: there must be at least 2, and a rating for each",
                            size, folds),
                folds < 2 ? ErrorKind::usage : ErrorKind::data);
  }
  // In the order of their random bits, which differ from one another, ratings are dealt out like cards.
  const RandomStream random(seed, kFoldStream);
  std::vector<std::pair<std::uint64_t, std::size_t>> order(size);
  for_each_element(size, [&](std::size_t k) { order[k] = {random.bits(k), k}; });
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> numbers(size);
  for_each_element(size, [&](std::size_t k) { numbers[order[k].second] = k % folds; });
  return numbers;
}

Split fold_split(const std::vector<std::size_t>& numbers, std::size_t fold) {
  Split split;
  for (std::size_t k = 0; k < numbers.size(); ++k) (numbers[k] == fold ? split.test : split.train).push_back(k);
  return split;
}

Triples select(const Triples& ratings, const std::vector<std::size_t>& positions) {
  Triples selected;
  const auto take = [&](const auto& from, auto& to) {
    if (from.empty()) return;
    to.resize(positions.size());
    for_each_element(positions.size(), [&](std::size_t k) { to[k] = from[positions[k]]; });
  };
  take(ratings.user, selected.user);
  take(ratings.item, selected.item);
  take(ratings.value, selected.value);
  return selected;
}

}  // namespace odot::inline ODOT_PRECISION
