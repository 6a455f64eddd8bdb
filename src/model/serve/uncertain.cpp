// Recommending by bounds of predictions, and by factors drawn from their distributions.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/row_products.hpp"
#include "model/kinds/factor_posterior.hpp"
#include "model/serve/scored.hpp"
#include "model/serve/uncertain.hpp"
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

}  // namespace

ItemScores::ItemScores(const FactorView& model, RankBy by) : model_(model), by_(by) {
  if (!model.posterior) {
    if (by != RankBy::mean) refuse_deviations();
    return;
  }
  const Real* rows = model.theta.data() + model.layout.item_row(0);
  squares_.resize(model.layout.items * model.layout.stride());
  for_each_element(squares_.size(), [&](std::size_t k) { squares_[k] = rows[k] * rows[k]; });
}

// The variance Σ_k (v_k c_k² + (m_k² + v_k) w_k) of the product of a user's row N(m, v) and an item's N(c, w) is two
// inner products.
void ItemScores::of_user(Index user, std::span<double> scores) const {
  const std::size_t stride = model_.layout.stride();
  const std::size_t count = scores.size();
  const std::size_t at = model_.layout.user_row(user);
  const std::size_t items = model_.layout.item_row(0);
  const Real* row = model_.theta.data() + at;
  std::vector<double> of_user(count);
  std::vector<double> of_items(count);
  wide_row_products({row, 0}, {model_.theta.data() + items, stride}, stride, count, scores.data());
  if (model_.posterior) {
    const Real* variances = model_.posterior->variances.data();
    Vector moments(stride);  // m² + v
    for (std::size_t k = 0; k < stride; ++k) moments[k] = row[k] * row[k] + variances[at + k];
    wide_row_products({variances + at, 0}, {squares_.data(), stride}, stride, count, of_user.data());
    wide_row_products({moments.data(), 0}, {variances + items, stride}, stride, count, of_items.data());
  }
  const double sign = by_ == RankBy::mean ? 0 : by_ == RankBy::lower ? -1 : 1;
  for (std::size_t item = 0; item < count; ++item) {
    const double variance = of_user[item] + of_items[item];
    const double latent = scores[item] + (model_.mean + sign * std::sqrt(variance));
    scores[item] = model_.link ? model_.link->mean(latent, by_ == RankBy::mean ? variance : 0) : latent;
  }
}

TopLists recommend_by_scores(const FactorView& model, std::span<const Index> users, const RecommendSettings& settings) {
  const ItemScores score(model, settings.by);
  const Index items = model.layout.items;
  std::vector<bool> wanted(items, !settings.only.has_value());
  if (settings.only) {
    for (const Index item : *settings.only) wanted[item] = true;
  }
  TopLists lists(users.size(), std::min<std::size_t>(settings.top, items));
  parallel_for(users.size(), [&](std::size_t number) {
    const Index user = users[number];
    std::vector<double> scores(items);
    score.of_user(user, scores);
    std::vector<Scored> ranked;
    const std::span<const Index> excluded = settings.exclude ? (*settings.exclude)[user] : std::span<const Index>();
    for (Index item = 0; item < items; ++item) {
      if (!wanted[item] || std::ranges::binary_search(excluded, item)) continue;
      if (!std::isfinite(scores[item])) too_large();
      ranked.push_back({item, scores[item]});
    }
    const std::size_t top = std::min(settings.top, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(top), ranked.end(), ranks_before);
    lists.set(number, std::span(ranked).first(top));
  });
  return lists;
}

TopLists recommend(const Factorization& model, std::span<const Index> users, const RecommendSettings& settings) {
  // Checks users, items and what is excluded, too.
  if (settings.by == RankBy::mean) return recommend(model.view(), users, settings);
  RecommendSettings nothing = settings;
  nothing.by = RankBy::mean;
  nothing.top = 0;
  (void)recommend(model.view(), users, nothing);
  return recommend_by_scores(model.view(), users, settings);
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
