// Recommending by bounds of predictions, and by factors drawn from their distributions.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/row_products.hpp"
#include "model/kinds/factor_posterior.hpp"
#include "model/serve/scored.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"
#include "odot/model/recommend.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr std::uint64_t kSampledFactors = 1;  // number of the random stream

const FactorPosterior& posterior_of(const Factorization& model) {
  if (!model.posterior) refuse_deviations();
  return *model.posterior;
}

// What all users have in common. The variance Σ_k (v_k c_k² + (m_k² + v_k) w_k) of the product of a user's row N(m, v)
// and an item's N(c, w) is two inner products.
struct Items {
  Items(const Factorization& model, const RecommendSettings& settings)
      : stride(model.layout.stride()),
        rows(model.theta.data() + model.layout.item_row(0)),
        variances(posterior_of(model).variances.data() + model.layout.item_row(0)),
        squares(model.layout.items * stride),
        wanted(model.layout.items, !settings.only.has_value()) {
    for_each_element(squares.size(), [&](std::size_t k) { squares[k] = rows[k] * rows[k]; });
    if (!settings.only) return;
    for (const Index item : *settings.only) wanted[item] = true;
  }

  std::size_t stride;
  const Real* rows;
  const Real* variances;
  Vector squares;
  std::vector<bool> wanted;
};

// A user's scores of all items; `sign` is that of the bound.
void score(const Factorization& model, Index user, const Items& items, double sign, std::vector<double>& scores) {
  const std::size_t stride = items.stride;
  const std::size_t at = model.layout.user_row(user);
  const Real* row = model.theta.data() + at;
  const Real* variance = model.posterior->variances.data() + at;
  Vector moments(stride);  // m² + v
  for (std::size_t k = 0; k < stride; ++k) moments[k] = row[k] * row[k] + variance[k];
  const std::size_t count = items.wanted.size();
  std::vector<double> of_user(count);
  std::vector<double> of_items(count);
  wide_row_products({row, 0}, {items.rows, stride}, stride, count, scores.data());
  wide_row_products({variance, 0}, {items.squares.data(), stride}, stride, count, of_user.data());
  wide_row_products({moments.data(), 0}, {items.variances, stride}, stride, count, of_items.data());
  for (std::size_t item = 0; item < count; ++item) {
    scores[item] += model.mean + sign * std::sqrt(of_user[item] + of_items[item]);
  }
}

}  // namespace

TopLists recommend(const Factorization& model, std::span<const Index> users, const RecommendSettings& settings) {
  // Checks users, items and what is excluded, too.
  if (settings.by == RankBy::mean) return recommend(model.view(), users, settings);
  RecommendSettings nothing = settings;
  nothing.by = RankBy::mean;
  nothing.top = 0;
  (void)recommend(model.view(), users, nothing);
  const Items items(model, settings);
  const double sign = settings.by == RankBy::lower ? -1 : 1;
  TopLists lists(users.size(), std::min<std::size_t>(settings.top, items.wanted.size()));
  parallel_for(users.size(), [&](std::size_t number) {
    const Index user = users[number];
    std::vector<double> scores(items.wanted.size());
    score(model, user, items, sign, scores);
    std::vector<Scored> ranked;
    const std::span<const Index> excluded = settings.exclude ? (*settings.exclude)[user] : std::span<const Index>();
    for (Index item = 0; item < scores.size(); ++item) {
      if (!items.wanted[item] || std::ranges::binary_search(excluded, item)) continue;
      if (!std::isfinite(scores[item])) too_large();
      ranked.push_back({item, scores[item]});
    }
    const std::size_t top = std::min(settings.top, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(top), ranked.end(), ranks_before);
    lists.set(number, std::span(ranked).first(top));
  });
  return lists;
}

Vector sample_factors(const Factorization& model, std::uint64_t seed) {
  const Vector& variances = posterior_of(model).variances;
  const RandomStream stream(seed, kSampledFactors);
  Vector theta = model.theta;
  for_each_element(theta.size(), [&](std::size_t k) {
    if (variances[k] == 0) return;
    const double deviation = std::sqrt(static_cast<double>(variances[k]));
    theta[k] = static_cast<Real>(static_cast<double>(theta[k]) + deviation * stream.normal(k));
  });
  return theta;
}

}  // namespace odot::inline ODOT_PRECISION
