// Choosing the best items: approximate scores for all, exact ones for those that matter.
#include "odot/model/recommend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "kernels/find_at_least.hpp"
#include "model/serve/score_block.hpp"
#include "model/serve/scored.hpp"
#include "model/serve/uncertain.hpp"
#include "odot/core/error.hpp"
#include "odot/core/vector.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::size_t kUsers = 64;  // of a block
constexpr std::size_t kItems =
    1024;  // of a block: its scores fit into the second-level cache; a multiple of kFindGroup
constexpr std::size_t kLeastGroups = 32;  // of scores, for a first cutoff
constexpr std::size_t kSlack = 64;        // candidates beside the list before it is trimmed, at least
constexpr Real kLowest = std::numeric_limits<Real>::lowest();
constexpr Real kNever = -std::numeric_limits<Real>::infinity();  // the score of what is left out

std::size_t round_up(std::size_t count) { return (count + kFindGroup - 1) / kFindGroup * kFindGroup; }

double length(const Real* row, std::size_t width) {
  double sum = 0;
  for (std::size_t k = 0; k < width; ++k) sum += static_cast<double>(row[k]) * static_cast<double>(row[k]);
  if (!std::isfinite(sum)) too_large();
  return std::sqrt(sum);
}

// The items to choose from, one row of factors after another.
class Candidates {
 public:
  Candidates(const FactorView& model, const RecommendSettings& settings)
      : stride_(model.layout.stride()), count_(model.layout.items) {
    const FactorLayout& layout = model.layout;
    rows_ = model.theta.data() + layout.item_row(0);
    if (settings.only) choose(*settings.only, layout.items);
    const std::size_t width = layout.width();
    for (std::size_t place = 0; place < count_; ++place) longest_ = std::max(longest_, length(row(place), width));
  }

  std::size_t count() const { return count_; }
  double longest() const { return longest_; }
  const Real* row(std::size_t place) const { return rows_ + place * stride_; }
  Index item(std::size_t place) const { return all_ ? static_cast<Index>(place) : chosen_[place]; }
  /// The first place whose item is not below `item`.
  std::size_t place(Index item) const {
    if (all_) return std::min<std::size_t>(item, count_);
    return static_cast<std::size_t>(std::lower_bound(chosen_.begin(), chosen_.end(), item) - chosen_.begin());
  }

 private:
  void choose(std::vector<Index> items, Index most) {
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    if (!items.empty() && items.back() >= most) {
      throw Error(fmt::format("item index {} is out of range: the model has {} of them", items.back(), most),
                  ErrorKind::usage);
    }
    all_ = false;
    chosen_ = std::move(items);
    count_ = chosen_.size();
    gathered_.resize(count_ * stride_);
    for (std::size_t place = 0; place < count_; ++place) {
      std::copy_n(rows_ + chosen_[place] * stride_, stride_, gathered_.data() + place * stride_);
    }
    rows_ = gathered_.data();
  }

  std::size_t stride_;
  std::size_t count_;
  const Real* rows_ = nullptr;
  bool all_ = true;
  std::vector<Index> chosen_;
  Vector gathered_;
  double longest_ = 0;
};

// The candidates of one user that may be among the best.
class Selection {
 public:
  /// `margin` bounds how far an approximate score is from the exact one.
  void start(std::size_t top, double margin) {
    top_ = top;
    margin_ = margin;
    cutoff_ = kLowest;
    most_ = 2 * top + kSlack;
    kept_.clear();
  }

  /// Looks at the scores of a block, a multiple of kFindGroup, of the places from `first` on.
  void scan(std::span<const Real> scores, std::size_t first) {
    if (first == 0) begin_with_cutoff(scores);
    std::array<Index, kItems> places;
    const std::size_t count = find_at_least(scores.data(), scores.size(), cutoff_, places.data());
    for (Index place : std::span(places).first(count)) keep(scores[place], static_cast<Index>(first) + place);
  }

  /// Ranks by exact scores; valid until the next start().
  std::span<const Scored> finish(const FactorView& model, Index user, const Candidates& candidates) {
    trim();
    ranked_.clear();
    for (const Kept& one : kept_) {
      const Index item = candidates.item(one.place);
      const double score = model.predict(user, item);
      if (!std::isfinite(score)) too_large();
      ranked_.push_back({item, score});
    }
    std::sort(ranked_.begin(), ranked_.end(), ranks_before);
    return std::span(ranked_).first(std::min(top_, ranked_.size()));
  }

 private:
  struct Kept {
    Real approximate;
    Index place;
  };

  // Of so many groups of scores, `top` have their highest above the cutoff, and so are that many scores.
  void begin_with_cutoff(std::span<const Real> scores) {
    const std::size_t groups = (2 * top_ + kLeastGroups - 1) / kLeastGroups * kLeastGroups;
    if (scores.size() < 2 * groups) return;
    highest_.assign(scores.data(), scores.data() + groups);
    for (std::size_t begin = groups; begin + groups <= scores.size(); begin += groups) {
      for (std::size_t k = 0; k < groups; ++k) highest_[k] = std::max(highest_[k], scores[begin + k]);
    }
    const auto last = highest_.begin() + static_cast<std::ptrdiff_t>(top_ - 1);
    std::nth_element(highest_.begin(), last, highest_.end(), std::greater<>());
    set_cutoff(*last);
  }

  void keep(Real score, Index place) {
    kept_.push_back({score, place});
    if (kept_.size() < most_) return;
    trim();
    most_ = std::max(2 * kept_.size(), 2 * top_ + kSlack);
  }

  void trim() {
    if (kept_.size() <= top_) return;
    const auto last = kept_.begin() + static_cast<std::ptrdiff_t>(top_ - 1);
    std::nth_element(kept_.begin(), last, kept_.end(),
                     [](const Kept& a, const Kept& b) { return a.approximate > b.approximate; });
    set_cutoff(last->approximate);
    std::erase_if(kept_, [&](const Kept& one) { return one.approximate < cutoff_; });
  }

  // With `top` approximate scores of at least s, that many exact ones are at least s − margin. What is approximately
  // below s − 2 margin is exactly below that.
  void set_cutoff(Real score) {
    const double bound = static_cast<double>(score) - 2 * margin_;
    if (bound > static_cast<double>(kLowest)) cutoff_ = std::nextafter(static_cast<Real>(bound), kNever);
  }

  std::size_t top_ = 0;
  double margin_ = 0;
  Real cutoff_ = kLowest;
  std::size_t most_ = 0;  // candidates before they are trimmed
  std::vector<Kept> kept_;
  std::vector<Real> highest_;  // of each group
  std::vector<Scored> ranked_;
};

// What a thread needs for a block of users.
struct Workspace {
  Vector rows;    // the users', one after another
  Vector scores;  // a user's kItems after another's
  std::array<Selection, kUsers> selections;
  std::array<bool, kUsers> bounded{};
  std::array<std::size_t, kUsers> excluded{};  // how many of the user's list lie before the block of items
};

class Recommender {
 public:
  Recommender(const FactorView& model, std::span<const Index> users, const RecommendSettings& settings)
      : model_(model), users_(users), settings_(settings), candidates_(model, settings), spaces_(allocate()) {}

  TopLists run() {
    const std::size_t longest = std::min(settings_.top, candidates_.count());
    TopLists lists(users_.size(), longest);
    if (longest == 0) return lists;
    parallel_for((users_.size() + kUsers - 1) / kUsers, [&](std::size_t block) {
      const std::size_t begin = block * kUsers;
      const auto users = users_.subspan(begin, std::min(kUsers, users_.size() - begin));
      Workspace& space = spaces_[static_cast<std::size_t>(thread_number())];
      start(users, longest, space);
      for (std::size_t first = 0; first < candidates_.count(); first += kItems) scan(users, first, space);
      for (std::size_t i = 0; i < users.size(); ++i) {
        lists.set(begin + i, space.selections[i].finish(model_, users[i], candidates_));
      }
    });
    return lists;
  }

 private:
  static std::vector<Workspace> allocate() { return std::vector<Workspace>(static_cast<std::size_t>(threads())); }

  void start(std::span<const Index> users, std::size_t top, Workspace& space) const {
    const FactorLayout& layout = model_.layout;
    const std::size_t stride = layout.stride();
    space.rows.resize(kUsers * stride);
    space.scores.resize(kUsers * kItems);
    for (std::size_t i = 0; i < users.size(); ++i) {
      const Real* row = model_.theta.data() + layout.user_row(users[i]);
      std::copy_n(row, stride, space.rows.data() + i * stride);
      // Some times what rounding can do to the product in Real and to predict(). Sums that may overflow have no bound.
      const double size = length(row, layout.width()) * candidates_.longest();
      const auto steps = static_cast<double>(layout.width() + 4);
      space.bounded[i] = size < static_cast<double>(std::numeric_limits<Real>::max()) / 4;
      const double margin = steps * (2 * static_cast<double>(std::numeric_limits<Real>::epsilon()) * size +
                                     2 * std::numeric_limits<double>::epsilon() * (std::abs(model_.mean) + size) +
                                     static_cast<double>(std::numeric_limits<Real>::min()));
      space.selections[i].start(top, space.bounded[i] ? margin : std::numeric_limits<double>::infinity());
      space.excluded[i] = 0;
    }
  }

  void scan(std::span<const Index> users, std::size_t first, Workspace& space) const {
    const std::size_t count = std::min(kItems, candidates_.count() - first);
    const std::size_t padded = round_up(count);
    score_block(space.rows.data(), users.size(), candidates_.row(first), count, model_.layout.width(),
                model_.layout.stride(), space.scores.data(), kItems);
    for (std::size_t i = 0; i < users.size(); ++i) {
      Real* scores = space.scores.data() + i * kItems;
      if (!space.bounded[i]) std::fill_n(scores, count, Real{0});
      std::fill(scores + count, scores + padded, kNever);
      if (settings_.exclude) leave_out((*settings_.exclude)[users[i]], first, first + count, space.excluded[i], scores);
      space.selections[i].scan({scores, padded}, first);
    }
  }

  // `next` moves on to the first item of the list that lies behind the block.
  void leave_out(std::span<const Index> items, std::size_t first, std::size_t end, std::size_t& next,
                 Real* scores) const {
    for (; next < items.size(); ++next) {
      const std::size_t place = candidates_.place(items[next]);
      if (place >= end) return;
      if (candidates_.item(place) == items[next]) scores[place - first] = kNever;
    }
  }

  const FactorView& model_;
  std::span<const Index> users_;
  const RecommendSettings& settings_;
  Candidates candidates_;
  std::vector<Workspace> spaces_;
};

}  // namespace

TopLists recommend(const FactorView& model, std::span<const Index> users, const RecommendSettings& settings) {
  const Index known = model.layout.users;
  for (Index user : users) {
    if (user < known) continue;
    throw Error(fmt::format("user index {} is out of range: the model has {} of them", user, known), ErrorKind::usage);
  }
  if (settings.exclude && settings.exclude->users() != known) {
    throw Error(fmt::format("the items to exclude are lists of {} users, but the model has {}",
                            settings.exclude->users(), known),
                ErrorKind::usage);
  }
  if (model.link || settings.by != RankBy::mean) {
    (void)Candidates(model, settings);  // checks the items
    return recommend_by_scores(model, users, settings);
  }
  return Recommender(model, users, settings).run();
}

std::vector<Scored> similar(const FactorView& model, Among among, Index index, std::size_t top, Similarity similarity) {
  const FactorLayout& layout = model.layout;
  const Index count = among == Among::users ? layout.users : layout.items;
  if (index >= count) {
    throw Error(fmt::format("{} index {} is out of range: the model has {} of them",
                            among == Among::users ? "user" : "item", index, count),
                ErrorKind::usage);
  }
  const auto rank = static_cast<std::size_t>(layout.rank);
  const Real* rows = model.theta.data() + (among == Among::users ? layout.user_row(0) : layout.item_row(0));
  const auto product = [&](std::size_t a, std::size_t b) {
    const Real* x = rows + a * layout.stride();
    const Real* y = rows + b * layout.stride();
    double sum = 0;
    for (std::size_t k = 0; k < rank; ++k) sum += static_cast<double>(x[k]) * static_cast<double>(y[k]);
    return sum;
  };
  const double own = std::sqrt(product(index, index));
  std::vector<Scored> scored(count);
  for_each_element(count, [&](std::size_t other) {
    double score = product(index, other);
    if (similarity == Similarity::cosine) {
      const double lengths = own * std::sqrt(product(other, other));
      score = lengths == 0 ? 0 : score / lengths;
    }
    scored[other] = {static_cast<Index>(other), score};
  });
  scored.erase(scored.begin() + static_cast<std::ptrdiff_t>(index));
  for (const Scored& one : scored) {
    if (!std::isfinite(one.score)) too_large();
  }
  const auto end = scored.begin() + static_cast<std::ptrdiff_t>(std::min(top, scored.size()));
  std::partial_sort(scored.begin(), end, scored.end(), ranks_before);
  scored.erase(end, scored.end());
  return scored;
}

}  // namespace odot::inline ODOT_PRECISION
