// Folding in under a learned prior, and what model files keep of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "odot/model/model_file.hpp"
#include "odot/train/fold_in.hpp"
#include "support/dense_solve.hpp"
#include "support/saved_model.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

constexpr bool kDouble = sizeof(Real) == 8;

Factorization trained(const Data& data, const char* svdpp) {
  TrainSettings settings{.method = "variational"};
  settings.rank = 4;
  settings.svdpp = svdpp;
  limit(settings, {.iterations = 6});
  return train_on(data, settings).model;
}

RatingList transposed(const RatingList& list) {
  return {list.items, list.users, {list.ratings.item, list.ratings.user, list.ratings.value}};
}

// Ratings of some items that a model knows by users (or the other way round) that it does not.
RatingList newcomers(const Factorization& model, bool items) {
  const IdTable& known = items ? model.users : model.items;
  RatingList list;
  for (Index k = 0; k < 12; ++k) {
    list.ratings.user.push_back(list.users.add(k % 3 == 0 ? "a newcomer" : "another"));
    list.ratings.item.push_back(list.items.add(known[(7 * k + 1) % known.size()]));
    list.ratings.value.push_back(static_cast<Real>(model.mean + 0.5 * (k % 4) - 0.7));
  }
  return items ? transposed(list) : list;
}

struct Expected {
  LongVector mean;
  LongVector variance;
};

// N(m, 1 / diag P) of one user, from the formulas, for a model with biases: the variables are its factors and its bias,
// what is left of a rating after the item's bias are their products with the item's factors and 1.
Expected dense_user(const Factorization& model, const RatingList& list, Index user, bool items) {
  const FactorPosterior& posterior = *model.posterior;
  const SidePrior& prior = items ? posterior.items : posterior.users;
  const FactorLayout& layout = model.layout;
  const auto rank = static_cast<std::size_t>(layout.rank);
  const std::size_t n = rank + 1;
  const auto own_bias = static_cast<std::size_t>(items ? layout.item_bias() : layout.user_bias());
  const auto other_bias = static_cast<std::size_t>(items ? layout.user_bias() : layout.item_bias());
  const auto element = [&](std::size_t k) { return k < rank ? k : own_bias; };
  const long double alpha = 1 / static_cast<long double>(posterior.noise_variance);
  LongMatrix p(n, LongVector(n));
  LongVector right(n);
  LongVector centre(n);
  for (std::size_t i = 0; i < n; ++i) {
    centre[i] = prior.mean[element(i)];
    for (std::size_t k = 0; k < n; ++k) p[i][k] = prior.precision[element(i) * layout.stride() + element(k)];
  }
  const std::vector<Index>& users = items ? list.ratings.item : list.ratings.user;
  const std::vector<Index>& partners = items ? list.ratings.user : list.ratings.item;
  const auto count = static_cast<long double>(std::ranges::count(users, user));
  for (std::size_t r = 0; r < users.size(); ++r) {
    if (users[r] != user) continue;
    const Index j = items ? model.users.find(list.users[partners[r]]) : model.items.find(list.items[partners[r]]);
    const std::size_t at = items ? layout.user_row(j) : layout.item_row(j);
    const Real* v = model.theta.data() + at;
    const Real* w = posterior.variances.data() + at;
    LongVector c(n, 1);
    for (std::size_t k = 0; k < rank; ++k) c[k] = v[k];
    const long double x = static_cast<long double>(list.ratings.value[r]) - model.mean - v[other_bias];
    for (std::size_t i = 0; i < n; ++i) {
      right[i] += alpha * x * c[i];
      for (std::size_t k = 0; k < n; ++k) p[i][k] += alpha * c[i] * c[k];
      if (i < rank) p[i][i] += alpha * static_cast<long double>(w[i]);
      if (!prior.partner_effects.empty()) {
        centre[i] += prior.partner_effects[j * layout.stride() + element(i)] / std::sqrt(count);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k)
      right[i] += prior.precision[element(i) * layout.stride() + element(k)] * centre[k];
  }
  Expected expected{dense_solve(p, right), LongVector(n)};
  for (std::size_t i = 0; i < n; ++i) expected.variance[i] = 1 / p[i][i];
  return expected;
}

TEST_CASE("newcomers get the mean and the variances of the formulas, with and without partners' effects") {
  const Data data = everyday_data();
  for (const char* svdpp : {"none", "both", "users", "items"}) {
    const Factorization model = trained(data, svdpp);
    for (const bool items : {false, true}) {
      CAPTURE(svdpp);
      CAPTURE(items);
      const RatingList list = newcomers(model, items);
      Factorization folded = model;
      const FoldInReport report = fold_in(folded, list, {.items = items});
      CHECK(report.added == 2);
      CHECK(!report.regularisation);
      const FactorLayout& layout = folded.layout;
      for (Index k = 0; k < 2; ++k) {
        const Expected expected = dense_user(model, list, k, items);
        const std::size_t at = items ? layout.item_row(report.users[k]) : layout.user_row(report.users[k]);
        const auto bias = static_cast<std::size_t>(items ? layout.item_bias() : layout.user_bias());
        for (std::size_t i = 0; i < expected.mean.size(); ++i) {
          const std::size_t element = at + (i + 1 < expected.mean.size() ? i : bias);
          const double tolerance = kDouble ? 1e-10 : 2e-4;
          CHECK(std::abs(static_cast<double>(folded.theta[element] - expected.mean[i])) < tolerance);
          CHECK(std::abs(static_cast<double>(folded.posterior->variances[element] / expected.variance[i] - 1)) <
                tolerance);
        }
      }
      // Nothing is known of the effects of those that training never saw.
      const Vector& effects = (items ? folded.posterior->users : folded.posterior->items).partner_effects;
      const Vector& before = (items ? model.posterior->users : model.posterior->items).partner_effects;
      REQUIRE(effects.size() == (before.empty() ? 0 : before.size() + 2 * layout.stride()));
      CHECK(std::equal(before.begin(), before.end(), effects.begin()));
      CHECK(std::all_of(effects.begin() + static_cast<std::ptrdiff_t>(before.size()), effects.end(),
                        [](Real effect) { return effect == 0; }));
    }
  }
}

TEST_CASE("a file keeps all that folding in needs, and refuses what cannot be") {
  const TemporaryFolder folder;
  for (const char* svdpp : {"none", "users", "both"}) {
    CAPTURE(svdpp);
    const Factorization model = trained(everyday_data(), svdpp);
    const std::string bytes = saved(model, folder / "m");
    const std::unique_ptr<Model> again = load_model(folder / "m");
    CHECK(saved(*again, folder / "n") == bytes);
    auto& loaded = dynamic_cast<Factorization&>(*again);
    Factorization folded = model;
    const RatingList list = newcomers(model, false);
    fold_in(folded, list);
    fold_in(loaded, list);
    CHECK(file_bytes(folded) == file_bytes(loaded));
  }
  Factorization wrong = trained(everyday_data(), "none");
  wrong.posterior->variances[0] = -1;
  (void)saved(wrong, folder / "w");
  CHECK_THROWS_WITH_AS((void)load_model(folder / "w"), doctest::Contains("which is no variance there"), Error);
  wrong = trained(everyday_data(), "none");
  wrong.posterior->noise_variance = 0;
  (void)saved(wrong, folder / "w");
  CHECK_THROWS_WITH_AS((void)load_model(folder / "w"), doctest::Contains("its noise_variance is 0, not above 0"),
                       Error);
}

TEST_CASE("distributions that cannot be are refused in a file") {
  const TemporaryFolder folder;
  const Factorization good = trained(everyday_data(), "both");
  const FactorLayout& layout = good.layout;
  const auto refused = [&](auto&& damage, const char* message) {
    Factorization bad = good;
    damage(*bad.posterior);
    (void)saved(bad, folder / "bad");
    CHECK_THROWS_WITH_AS((void)load_model(folder / "bad"), doctest::Contains(message), Error);
  };
  refused([](FactorPosterior& p) { p.users.precision[0] = -1; },
          "\"user_prior_precision\" is not symmetric and positive");
  refused([](FactorPosterior& p) { p.items.precision[0] = 0; },
          "\"item_prior_precision\" is not symmetric and positive");
  refused([](FactorPosterior& p) { p.users.precision[1] += 1; }, "\"user_prior_precision\" is not symmetric");
  refused([](FactorPosterior& p) { std::fill(p.users.precision.begin(), p.users.precision.end(), Real{0}); },
          "\"user_prior_precision\" is not");
  if (!kDouble) refused([](FactorPosterior& p) { p.noise_variance = 1e300; }, "noise_variance is 1e+300");
  refused([&](FactorPosterior& p) { p.variances[static_cast<std::size_t>(layout.user_pin())] = 1; },
          "\"user_variances\" holds 1 in row 0, column 5");
}

TEST_CASE("a λ is refused where there is none, and the model stays as it was") {
  Factorization model = trained(everyday_data(), "none");
  const std::string before = file_bytes(model);
  CHECK_THROWS_WITH_AS(fold_in(model, newcomers(model, false), {.regularisation = Regularisation{1, 0}}),
                       doctest::Contains("priors were learned"), Error);
  CHECK(file_bytes(model) == before);
}

}  // namespace
}  // namespace odot
