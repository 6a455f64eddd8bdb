// Recommending by bounds of predictions, and by factors drawn from their distributions.
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "kernels/row_products.hpp"
#include "model/kinds/factor_posterior.hpp"
#include "model/kinds/factor_samples.hpp"
#include "model/serve/scored.hpp"
#include "model/serve/uncertain.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/random.hpp"
#include "odot/model/recommend.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// The numbers of random streams.
constexpr std::uint64_t kSampledFactors = 1;
constexpr std::uint64_t kChosenSamples = 2;

const FactorPosterior& posterior_of(const Factorization& model) {
  if (!model.posterior) refuse_deviations();
  return *model.posterior;
}

// Sets the `row` of a sample's width to one drawn from its distribution; `first` numbers its elements.
void draw_row(const Real* variances, const RandomStream& stream, std::uint64_t first, std::span<Real> row) {
  for (std::size_t k = 0; k < row.size(); ++k) {
    if (variances[k] == 0) continue;
    const double deviation = std::sqrt(static_cast<double>(variances[k]));
    row[k] = static_cast<Real>(static_cast<double>(row[k]) + deviation * stream.normal(first + k));
  }
}

}  // namespace

ItemScores::ItemScores(const FactorView& model, RankBy by)
    : model_(model), by_(by), layout_(sample_layout(model)), samples_(sample_count(model)) {
  if (!model.posterior && by != RankBy::mean) refuse_deviations();
  if (model.posterior) squares_.resize(layout_.items * layout_.stride());
  const Real share = Real{1} / static_cast<Real>(samples_);
  for (int sample = 0; sample < samples_; ++sample) {
    const Vector& one = rows_.emplace_back(sample_rows(model, true, sample));
    for_each_element(squares_.size(), [&](std::size_t k) { squares_[k] += one[k] * one[k] * share; });
  }
}

// The variance Σ_k (v_k c_k² + (m_k² + v_k) w_k) of the product of a user's row N(m, v) and an item's N(c, w) is two
// inner products; over samples, v and w are the same and the squares are their means.
void ItemScores::of_user(Index user, std::span<double> scores) const {
  const std::size_t stride = layout_.stride();
  const std::size_t count = scores.size();
  const Real share = Real{1} / static_cast<Real>(samples_);
  Vector moments(stride);  // m² + v
  Vector row(stride);
  if (model_.posterior) {
    std::copy_n(model_.posterior->variances.data() + layout_.user_row(user), stride, moments.data());
  }
  std::vector<double> products(count);
  std::vector<double> between(count);  // Σ (product − mean)² over samples, their mean in `scores` (Welford 1962)
  std::fill(scores.begin(), scores.end(), 0.0);
  for (int sample = 0; sample < samples_; ++sample) {
    copy_sample(model_, false, user, sample, row.data());
    for (std::size_t k = 0; k < stride; ++k) moments[k] += row[k] * row[k] * share;
    const Vector& columns = rows_[static_cast<std::size_t>(sample)];
    wide_row_products({row.data(), 0}, {columns.data(), stride}, stride, count, products.data());
    for (std::size_t item = 0; item < count; ++item) {
      const double change = products[item] - scores[item];
      scores[item] += change / (sample + 1);
      between[item] += change * (products[item] - scores[item]);
    }
  }
  std::vector<double> of_user(count);
  std::vector<double> of_items(count);
  if (model_.posterior) {
    const Real* variance = model_.posterior->variances.data() + layout_.user_row(user);
    const Real* variances = model_.posterior->variances.data() + layout_.item_row(0);
    wide_row_products({variance, 0}, {squares_.data(), stride}, stride, count, of_user.data());
    wide_row_products({moments.data(), 0}, {variances, stride}, stride, count, of_items.data());
  }
  const double sign = by_ == RankBy::mean ? 0 : by_ == RankBy::lower ? -1 : 1;
  const double freedom = std::max(samples_ - 1, 1);
  for (std::size_t item = 0; item < count; ++item) {
    const double variance = of_user[item] + of_items[item] + between[item] / freedom;
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
  return recommend(model.view(), users, settings);
}

// With several samples, each user has the factors of one, and 0 where those of the others are. A sample's bias of an
// item is a factor more, whose partner is the pin.
void draw_factors(Factorization& model, std::uint64_t seed) {
  const FactorPosterior& posterior = posterior_of(model);
  const RandomStream normals(seed, kSampledFactors);
  const RandomStream choice(seed, kChosenSamples);
  const FactorLayout sample = posterior.sample_layout(model.layout);
  const FactorView whole = model.view();
  const bool several = posterior.samples > 1;
  const std::size_t rank = static_cast<std::size_t>(sample.rank) + (several && sample.biases ? 1 : 0);
  FactorLayout layout = model.layout;
  layout.rank = posterior.samples * static_cast<int>(rank);
  Vector theta(layout.size());
  const auto put = [&](bool items, Index row, int number) {
    Vector drawn(sample.stride());
    copy_sample(whole, items, row, number, drawn.data());
    const std::size_t at = row_place(sample, items, row, sample.stride());
    draw_row(posterior.variances.data() + at, normals, static_cast<std::uint64_t>(number) * sample.size() + at, drawn);
    Real* to = theta.data() + row_place(layout, items, row, layout.stride());
    Real* factors = to + static_cast<std::size_t>(number) * rank;
    std::copy_n(drawn.data(), sample.rank, factors);
    if (!layout.biases) return;
    const auto user_bias = drawn[static_cast<std::size_t>(sample.user_bias())];  // of an item its pin
    const auto item_bias = drawn[static_cast<std::size_t>(sample.item_bias())];  // of a user its pin
    if (several) factors[sample.rank] = item_bias;
    if (!several || !items) to[layout.item_bias()] = item_bias;
    to[layout.user_bias()] = user_bias;
  };
  for_each_element(layout.users, [&](std::size_t user) {
    put(false, static_cast<Index>(user), static_cast<int>(choice.uniform(user) * posterior.samples));
  });
  for_each_element(layout.items, [&](std::size_t item) {
    for (int number = 0; number < posterior.samples; ++number) put(true, static_cast<Index>(item), number);
  });
  model.theta = std::move(theta);
  model.layout = layout;
  model.posterior.reset();
}

}  // namespace odot::inline ODOT_PRECISION
