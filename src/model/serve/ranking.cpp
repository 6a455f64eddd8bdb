// Ranking measures, and the baselines to compare them with.
#include "odot/model/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/serve/score_block.hpp"
#include "model/serve/uncertain.hpp"
#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kListsAtOnce = std::size_t{1} << 22;  // entries
constexpr std::size_t kUsersAtOnce = std::size_t{1} << 16;
constexpr std::size_t kBlockScores = std::size_t{1} << 18;
constexpr std::size_t kBlockUsers = 64;

// The relevant items that can be found.
ItemLists without(const ItemLists& relevant, const ItemLists* exclude, Index items) {
  Triples left;
  for (Index user = 0; user < relevant.users(); ++user) {
    for (Index item : relevant[user]) {
      if (item >= items) {
        throw Error(fmt::format("item index {} is out of range: the model has {} of them", item, items),
                    ErrorKind::usage);
      }
      const bool excluded = exclude && std::ranges::binary_search((*exclude)[user], item);
      if (excluded) continue;
      left.user.push_back(user);
      left.item.push_back(item);
    }
  }
  return {relevant.users(), left};
}

// Over users; means in the end.
struct QualitySums {
  double hits = 0;
  double precision = 0;
  double recall = 0;
  double ndcg = 0;
  double average_precision = 0;

  QualitySums& operator+=(const ListQuality& of_user) {
    hits += of_user.hit;
    precision += of_user.precision;
    recall += of_user.recall;
    ndcg += of_user.ndcg;
    average_precision += of_user.average_precision;
    return *this;
  }
};

struct AucSum {
  double sum = 0;
  std::size_t users = 0;  // that have relevant and other candidates

  AucSum& operator+=(const AucSum& part) {
    sum += part.sum;
    users += part.users;
    return *this;
  }
};

// Pairs in the right order, of a user's scores; what is no candidate is made NaN, which is neither above nor below.
void add_user(std::span<Real> scores, std::span<const Index> relevant, std::span<const Index> excluded, AucSum& to) {
  constexpr Real kNone = std::numeric_limits<Real>::quiet_NaN();
  std::vector<Real> found;
  for (Index item : relevant) found.push_back(scores[item]);
  for (Index item : relevant) scores[item] = kNone;
  for (Index item : excluded) {
    if (item < scores.size()) scores[item] = kNone;
  }
  std::size_t others = 0;
  for (Real score : scores) others += score == score;
  if (others == 0) return;
  double right = 0;
  for (Real own : found) {
    Index below = 0;
    Index equal = 0;
    for (Real score : scores) {
      below += score < own;
      equal += score == own;
    }
    right += static_cast<double>(below) + static_cast<double>(equal) / 2;
  }
  to.sum += right / (static_cast<double>(found.size()) * static_cast<double>(others));
  ++to.users;
}

double mean_auc(const FactorView& model, const ItemLists& relevant, const ItemLists* exclude,
                std::span<const Index> users) {
  const FactorLayout& layout = model.layout;
  const std::size_t items = layout.items;
  const std::size_t stride = layout.stride();
  const std::size_t block = std::clamp<std::size_t>(kBlockScores / std::max<std::size_t>(items, 1), 1, kBlockUsers);
  std::vector<AucSum> parts((users.size() + block - 1) / block);
  std::optional<ItemScores> linked;
  if (model.link) linked.emplace(model, RankBy::mean);
  parallel_for(parts.size(), [&](std::size_t number) {
    const auto some = users.subspan(number * block, std::min(block, users.size() - number * block));
    Vector scores(some.size() * items);
    if (linked) {
      std::vector<double> means(items);
      for (std::size_t k = 0; k < some.size(); ++k) {
        linked->of_user(some[k], means);
        std::ranges::transform(means, scores.data() + k * items, [](double mean) { return static_cast<Real>(mean); });
      }
    } else {
      Vector rows(some.size() * stride);
      for (std::size_t k = 0; k < some.size(); ++k) {
        std::copy_n(model.theta.data() + layout.user_row(some[k]), stride, rows.data() + k * stride);
      }
      score_block(rows.data(), some.size(), model.theta.data() + layout.item_row(0), items, layout.width(), stride,
                  scores.data(), items);
    }
    for (std::size_t k = 0; k < some.size(); ++k) {
      add_user({scores.data() + k * items, items}, relevant[some[k]],
               exclude ? (*exclude)[some[k]] : std::span<const Index>(), parts[number]);
    }
  });
  const AucSum total = ordered_sum(parts);
  return total.users > 0 ? total.sum / static_cast<double>(total.users) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

ListQuality list_quality(std::span<const Scored> list, std::span<const Index> relevant, std::size_t top) {
  const std::size_t most = std::min(top, relevant.size());
  std::size_t found = 0;
  double gain = 0;
  double precisions = 0;
  for (std::size_t k = 0; k < std::min(top, list.size()); ++k) {
    if (!std::ranges::binary_search(relevant, list[k].index)) continue;
    ++found;
    gain += 1 / std::log2(static_cast<double>(k + 2));
    precisions += static_cast<double>(found) / static_cast<double>(k + 1);
  }
  double ideal = 0;
  for (std::size_t k = 0; k < most; ++k) ideal += 1 / std::log2(static_cast<double>(k + 2));
  return {found > 0, static_cast<double>(found) / static_cast<double>(top),
          static_cast<double>(found) / static_cast<double>(relevant.size()), gain / ideal,
          precisions / static_cast<double>(most)};
}

RankingQuality evaluate_ranking(const FactorView& model, const ItemLists& relevant, const ItemLists* exclude,
                                std::size_t top) {
  const FactorLayout& layout = model.layout;
  if (relevant.users() != layout.users || (exclude && exclude->users() != layout.users)) {
    throw Error(fmt::format("lists of relevant and excluded items must be of all {} users", layout.users),
                ErrorKind::usage);
  }
  const ItemLists to_find = without(relevant, exclude, layout.items);
  std::vector<Index> users;
  for (Index user = 0; user < layout.users; ++user) {
    if (!to_find[user].empty()) users.push_back(user);
  }
  RankingQuality result;
  if (users.empty()) return result;
  result.users = users.size();
  result.relevant = to_find.size();

  QualitySums sums;
  std::vector<bool> shown(layout.items);
  const std::size_t longest = std::clamp<std::size_t>(top, 1, layout.items);
  const std::size_t at_once = std::clamp<std::size_t>(kListsAtOnce / longest, 1, kUsersAtOnce);
  for (std::size_t begin = 0; begin < users.size(); begin += at_once) {
    const auto some = std::span(users).subspan(begin, std::min(at_once, users.size() - begin));
    const TopLists lists = recommend(model, some, {.top = top, .exclude = exclude});
    std::size_t k = 0;
    add_in_order(some, sums, [&](Index user) {
      const auto list = lists[k++];
      for (const Scored& entry : list) shown[entry.index] = true;
      return list_quality(list, to_find[user], top);
    });
  }
  const auto count = static_cast<double>(users.size());
  result.hit_rate = sums.hits / count;
  result.precision = sums.precision / count;
  result.recall = sums.recall / count;
  result.ndcg = sums.ndcg / count;
  result.map = sums.average_precision / count;
  result.coverage =
      static_cast<double>(std::count(shown.begin(), shown.end(), true)) / static_cast<double>(layout.items);
  result.auc = mean_auc(model, to_find, exclude, users);
  return result;
}

}  // namespace odot::inline ODOT_PRECISION
