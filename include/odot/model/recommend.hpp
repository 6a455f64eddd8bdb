// The items with the highest predictions, and those that are most alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "odot/core/precision.hpp"
#include "odot/model/factorization.hpp"
#include "odot/ratings/item_lists.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// An item, or in lists of similar users a user, and what it is ranked by.
struct Scored {
  Index index = 0;
  double score = 0;

  bool operator==(const Scored&) const = default;
};

/// What items are ranked by: predictions, or these less or more the deviation of what is not known of factors and
/// biases (without the noise of ratings).
enum class RankBy { mean, lower, upper };

/// Which items are recommended.
struct RecommendSettings {
  std::size_t top = 10;                      ///< at most this many for each user
  const ItemLists* exclude = nullptr;        ///< lists for all of the model's users: these items are left out
  std::optional<std::vector<Index>> only{};  ///< no items but these, in any order
  RankBy by = RankBy::mean;                  ///< others need a model with a posterior
};

/// A ranked list for each of some users.
class TopLists {
 public:
  TopLists(std::size_t lists, std::size_t longest) : longest_(longest), counts_(lists), entries_(lists * longest) {}

  std::size_t size() const { return counts_.size(); }
  /// From the highest score to the lowest.
  std::span<const Scored> operator[](std::size_t list) const {
    return std::span(entries_).subspan(list * longest_, counts_[list]);
  }
  /// Sets a list; `entries` are at most `longest`.
  void set(std::size_t list, std::span<const Scored> entries) {
    std::copy(entries.begin(), entries.end(), entries_.begin() + static_cast<std::ptrdiff_t>(list * longest_));
    counts_[list] = entries.size();
  }

 private:
  std::size_t longest_;
  std::vector<std::size_t> counts_;
  std::vector<Scored> entries_;
};

/// For each of `users`, which may be in any order and repeated, the items with the highest model.predict(), which is
/// the score; of equal scores the item that comes first in the model is ranked first. A list is shorter than
/// settings.top where there are no more items. Parallel, in memory that grows with the result alone.
///
/// Blocks of users are multiplied by blocks of items in the precision of Real; what rounding (at most
/// γ_n ‖u‖‖v‖, Higham 2002, section 3.1) may have kept from the list is predicted anew in double. The result is
/// therefore exact: it does not depend on blocks, on threads, or on which other users and items there are.
///
/// By bounds (settings.by), which are then the scores, all is in double throughout, for every item of every user; so it
/// is with a link.
///
/// Throws Error when an index is out of range, `exclude` is not of all users, factors are so large that a score is not
/// finite, or a bound is asked for and the model has no posterior.
TopLists recommend(const FactorView& model, std::span<const Index> users, const RecommendSettings& settings);
TopLists recommend(const Factorization& model, std::span<const Index> users, const RecommendSettings& settings);

/// Gives every row factors that are drawn from its distribution, each user those of one of the samples that the model
/// is made of: ranking by these (Thompson 1933) shows each item as often as it is believed to be the best. The model is
/// without a posterior then. A function of model and seed alone. Throws Error where the model has no posterior.
void draw_factors(Factorization& model, std::uint64_t seed);

/// What makes users or items alike.
enum class Similarity {
  cosine,  ///< a·b / (‖a‖‖b‖), 0 where one of them is zero
  dot,     ///< a·b
};
enum class Among { users, items };

/// The `top` users or items whose factors, without biases, are most similar to those of number `index`, which is not
/// in the list itself; ties as in recommend(). Throws Error when the index is out of range or a score is not finite.
std::vector<Scored> similar(const FactorView& model, Among among, Index index, std::size_t top, Similarity similarity);

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
