// What a model of samples knows beside their factors: each sample's part against a run that keeps that sample alone,
// how true its deviations are, and newcomers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/calibration.hpp"
#include "odot/model/recommend.hpp"
#include "odot/train/fold_in.hpp"
#include "support/dense_solve.hpp"
#include "train/cases.hpp"
#include "train/simulated.hpp"

namespace odot {
namespace {

using namespace test;

TrainSettings gibbs(int rank, int burn_in, int samples, int keep, const std::string& svdpp) {
  TrainSettings settings{.method = "gibbs"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  settings.parameters = {{"burn-in", burn_in}, {"samples", samples}, {"keep", keep}};
  return settings;
}

// The largest difference between `found` and the mean of `parts`.
double difference(ConstSpan found, const std::vector<ConstSpan>& parts) {
  double worst = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    double mean = 0;
    for (const ConstSpan& part : parts) mean += static_cast<double>(part[k]) / static_cast<double>(parts.size());
    const double error = std::abs(static_cast<double>(found[k]) - mean) / (1 + std::abs(mean));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

TEST_CASE("a model has of its samples what runs have that keep one of them") {
  Simulated data = simulate(23, 17, 2, 0.4, 0.3, 5);
  data.list.users.add("a user without ratings");
  data.list.items.add("an item without ratings");
  for (const std::string svdpp : {"none", "users", "items", "both"}) {
    CAPTURE(svdpp);
    const Factorization model = train(data.list, {}, gibbs(3, 2, 5, 2, svdpp)).model;
    const Factorization ones[] = {train(data.list, {}, gibbs(3, 2, 3, 1, svdpp)).model,
                                  train(data.list, {}, gibbs(3, 2, 5, 1, svdpp)).model};
    REQUIRE(model.posterior);
    const FactorPosterior& all = *model.posterior;
    REQUIRE(all.samples == 2);
    const FactorLayout layout = all.sample_layout(model.layout);
    CHECK(layout == ones[0].layout);
    const double tight = tolerance(1e-13, 1e-6);
    const auto check_mean = [&](auto&& part, std::size_t size) {
      const Vector& found = part(all);
      REQUIRE(found.size() == size);
      for (const Factorization& one : ones) REQUIRE(part(*one.posterior).size() == size);
      CHECK(difference(found, {part(*ones[0].posterior), part(*ones[1].posterior)}) <= tight);
    };
    check_mean([](const FactorPosterior& p) -> const Vector& { return p.variances; }, layout.size());
    check_mean([](const FactorPosterior& p) -> const Vector& { return p.noise_weights; }, layout.users + layout.items);
    const bool users = svdpp == "users" || svdpp == "both";
    const bool items = svdpp == "items" || svdpp == "both";
    check_mean([](const FactorPosterior& p) -> const Vector& { return p.users.partner_effects; },
               users ? layout.items* layout.stride() : 0);
    check_mean([](const FactorPosterior& p) -> const Vector& { return p.items.partner_effects; },
               items ? layout.users* layout.stride() : 0);
    CHECK(all.noise_variance ==
          doctest::Approx((ones[0].posterior->noise_variance + ones[1].posterior->noise_variance) / 2));
    // Users are in the model as they were drawn; of items the conditional distribution is known.
    const auto items_begin = all.variances.begin() + static_cast<std::ptrdiff_t>(layout.item_row(0));
    CHECK(std::all_of(all.variances.begin(), items_begin, [](Real x) { return x == 0; }));
    for (std::size_t s = 0; s < 2; ++s) {
      CHECK(ones[s].posterior->samples == 1);
      CHECK(ones[s].posterior->sample_biases.empty());
      for (Index row = 0; row < layout.users + layout.items; ++row) {
        const std::size_t bias = row * layout.stride() + 3 + (row < layout.users ? 0 : 1);
        CHECK(static_cast<double>(all.sample_biases[row * 2 + s]) ==
              doctest::Approx(static_cast<double>(ones[s].theta[bias])).epsilon(tight));
        if (row >= layout.users) CHECK(all.variances[row * layout.stride()] > 0);
      }
      for (SidePrior FactorPosterior::*side : {&FactorPosterior::users, &FactorPosterior::items}) {
        const auto part = [&](const Vector& whole, std::size_t size) {
          return ConstSpan(whole).subspan(s * size, size);
        };
        const SidePrior& one = (*ones[s].posterior).*side;
        CHECK(difference(part((all.*side).mean, one.mean.size()), {one.mean}) <= tight);
        CHECK(difference(part((all.*side).precision, one.precision.size()), {one.precision}) <= tight);
      }
    }
  }
}

double coverage(const Factorization& model, const Triples& ratings) {
  std::vector<double> mean(ratings.size());
  std::vector<double> deviation(ratings.size());
  model.predict(ratings, false, mean);
  model.deviations(ratings, deviation);
  CalibrationSums sums(0.9);
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    sums.add(mean[k], deviation[k], static_cast<double>(ratings.value[k]));
  }
  return sums.result().coverage;
}

// Adds noise to the ratings of every third user, so that it has `times` the deviation of the others'.
void make_erratic(Triples& ratings, double noise, double times, std::uint64_t seed) {
  const RandomStream stream(seed, 9);
  for (std::size_t k = 0; k < ratings.size(); ++k) {
    if (ratings.user[k] % 3 != 0) continue;
    ratings.value[k] += static_cast<Real>(noise * std::sqrt(times * times - 1) * stream.normal(k));
  }
}

TEST_CASE("data of the model: 90% intervals hold 90%, of quiet and of erratic users, and of newcomers") {
  double known = 0;
  double quiet = 0;
  double newcomers = 0;
  constexpr int kRuns = 3;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    Simulated data = simulate(300, 120, 3, 0.25, 0.5, seed);
    // The last ones come later: their ratings are folded in.
    make_erratic(data.list.ratings, 0.5, 3, seed);
    make_erratic(data.valid, 0.5, 3, seed + 100);
    const auto part = [&](const Triples& ratings, auto&& wanted) {
      RatingList out;
      for (std::size_t k = 0; k < ratings.size(); ++k) {
        if (!wanted(ratings.user[k])) continue;
        out.ratings.user.push_back(out.users.add(data.list.users[ratings.user[k]]));
        out.ratings.item.push_back(out.items.add(data.list.items[ratings.item[k]]));
        out.ratings.value.push_back(ratings.value[k]);
      }
      return out;
    };
    const auto is_old = [](Index user) { return user < 200; };
    const auto is_quiet = [](Index user) { return user < 200 && user % 3 != 0; };
    const auto is_late = [](Index user) { return user >= 200 && user % 3 != 0; };
    Factorization model = train(part(data.list.ratings, is_old), {}, gibbs(3, 20, 60, 30, "none")).model;
    const auto measured = [&](auto&& wanted) { return coverage(model, reindex(part(data.valid, wanted), model)); };
    known += measured(is_old) / kRuns;
    quiet += measured(is_quiet) / kRuns;
    fold_in(model, part(data.list.ratings, is_late));
    newcomers += measured(is_late) / kRuns;
  }
  CHECK(known == doctest::Approx(0.9).epsilon(0.02));
  CHECK(quiet == doctest::Approx(0.9).epsilon(0.03));
  // They are taken for as noisy as the mean of quiet and erratic ones.
  CHECK(newcomers > 0.9);
}

RatingList transposed(const RatingList& list) {
  return {list.items, list.users, {list.ratings.item, list.ratings.user, list.ratings.value}};
}

struct Expected {
  LongVector mean;
  LongVector variance;
};

// N(m, 1 / diag P) of one newcomer in one sample, from the formulas; the variables are its factors and its bias, its
// noise that of all on average.
Expected dense_row(const Factorization& model, const RatingList& list, Index newcomer, bool items, std::size_t sample) {
  const FactorPosterior& posterior = *model.posterior;
  const SidePrior& prior = items ? posterior.items : posterior.users;
  const FactorLayout layout = posterior.sample_layout(model.layout);
  const auto rank = static_cast<std::size_t>(layout.rank);
  const auto samples = static_cast<std::size_t>(posterior.samples);
  const std::size_t n = rank + 1;
  const auto own = [&](std::size_t k) { return k < rank ? k : rank + (items ? 1 : 0); };
  const std::size_t first = items ? layout.users : 0;
  const std::size_t count = items ? layout.items : layout.users;
  long double weight = 0;
  for (std::size_t k = 0; k < count; ++k) weight += posterior.noise_weights[first + k];
  const long double alpha = static_cast<long double>(count) / (weight * posterior.noise_variance);
  LongMatrix p(n, LongVector(n));
  LongVector right(n);
  LongVector centre(n);
  const auto precision = [&](std::size_t i, std::size_t k) -> long double {
    return prior.precision[(sample * layout.width() + own(i)) * layout.stride() + own(k)];
  };
  for (std::size_t i = 0; i < n; ++i) {
    centre[i] = prior.mean[sample * layout.stride() + own(i)];
    for (std::size_t k = 0; k < n; ++k) p[i][k] = precision(i, k);
  }
  const std::vector<Index>& rows = items ? list.ratings.item : list.ratings.user;
  const std::vector<Index>& partners = items ? list.ratings.user : list.ratings.item;
  const auto ratings = static_cast<long double>(std::ranges::count(rows, newcomer));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r] != newcomer) continue;
    const Index j = items ? model.users.find(list.users[partners[r]]) : model.items.find(list.items[partners[r]]);
    const std::size_t row = (items ? 0 : layout.users) + j;
    const long double precise = alpha / posterior.noise_weights[row];
    LongVector c(n, 1);
    for (std::size_t k = 0; k < rank; ++k) {
      c[k] = model.theta[row * model.layout.stride() + sample * rank + k];
      if (items) c[k] *= static_cast<long double>(samples);
    }
    const long double x = static_cast<long double>(list.ratings.value[r]) - model.mean -
                          static_cast<long double>(posterior.sample_biases[row * samples + sample]);
    for (std::size_t i = 0; i < n; ++i) {
      right[i] += precise * x * c[i];
      for (std::size_t k = 0; k < n; ++k) p[i][k] += precise * c[i] * c[k];
      if (i < rank) p[i][i] += precise * static_cast<long double>(posterior.variances[row * layout.stride() + i]);
      if (!prior.partner_effects.empty()) {
        centre[i] += prior.partner_effects[j * layout.stride() + own(i)] / std::sqrt(ratings);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) right[i] += precision(i, k) * centre[k];
  }
  Expected expected{dense_solve(p, right), LongVector(n)};
  for (std::size_t i = 0; i < n; ++i) expected.variance[i] = 1 / p[i][i];
  return expected;
}

TEST_CASE("newcomers get each sample's mean, and the mean of the variances") {
  const Data data = everyday_data();
  for (const std::string svdpp : {"none", "both"}) {
    const Factorization model = train(data.train, {}, gibbs(4, 2, 4, 2, svdpp)).model;
    for (const bool items : {false, true}) {
      CAPTURE(svdpp);
      CAPTURE(items);
      const IdTable& known = items ? model.users : model.items;
      RatingList list;
      for (Index k = 0; k < 12; ++k) {
        list.ratings.user.push_back(list.users.add(k % 3 == 0 ? "a newcomer" : "another"));
        list.ratings.item.push_back(list.items.add(known[(7 * k + 1) % known.size()]));
        list.ratings.value.push_back(static_cast<Real>(model.mean + 0.5 * (k % 4) - 0.7));
      }
      if (items) list = transposed(list);
      Factorization folded = model;
      CHECK_THROWS_WITH_AS(fold_in(folded, list, {.items = items, .regularisation = Regularisation{1, 0}}),
                           doctest::Contains("priors were learned"), Error);
      const FoldInReport report = fold_in(folded, list, {.items = items});
      REQUIRE(report.added == 2);
      const FactorPosterior& after = *folded.posterior;
      const FactorLayout layout = after.sample_layout(folded.layout);
      const double limit = tolerance(1e-10, 2e-4);
      for (Index k = 0; k < 2; ++k) {
        const std::size_t row = (items ? layout.users : 0) + report.users[k];
        const Real* theta = folded.theta.data() + row * folded.layout.stride();
        const Real* variances = after.variances.data() + row * layout.stride();
        LongVector variance(5);
        long double bias = 0;
        for (std::size_t s = 0; s < 2; ++s) {
          const Expected expected = dense_row(model, list, k, items, s);
          for (std::size_t i = 0; i < 4; ++i) {
            const long double found = theta[s * 4 + i] * static_cast<long double>(items ? 1 : 2);
            CHECK(static_cast<double>(std::abs(found - expected.mean[i])) < limit);
          }
          CHECK(static_cast<double>(std::abs(after.sample_biases[row * 2 + s] - expected.mean[4])) < limit);
          bias += expected.mean[4] / 2;
          for (std::size_t i = 0; i < 5; ++i) variance[i] += expected.variance[i] / 2;
        }
        CHECK(static_cast<double>(std::abs(theta[8 + (items ? 1 : 0)] - bias)) < limit);
        CHECK(theta[8 + (items ? 0 : 1)] == 1);
        for (std::size_t i = 0; i < 5; ++i) {
          const Real found = variances[i < 4 ? i : 4 + (items ? 1 : 0)];
          CHECK(static_cast<double>(std::abs(found / variance[i] - 1)) < limit);
        }
      }
      // All others are as they were, the others' side and what there is beside rows among it.
      for (Index row = 0; row < model.layout.users + model.layout.items; ++row) {
        const Index to = row + (!items && row >= model.layout.users ? 2 : 0);
        const auto same = [&](const Vector& before, const Vector& now, std::size_t width) {
          CHECK(std::equal(before.begin() + static_cast<std::ptrdiff_t>(row * width),
                           before.begin() + static_cast<std::ptrdiff_t>((row + 1) * width),
                           now.begin() + static_cast<std::ptrdiff_t>(to * width)));
        };
        same(model.theta, folded.theta, model.layout.stride());
        same(model.posterior->variances, after.variances, layout.stride());
        same(model.posterior->sample_biases, after.sample_biases, 2);
        same(model.posterior->noise_weights, after.noise_weights, 1);
      }
      // A file of it is whole.
      const TemporaryFolder folder;
      const std::string bytes = saved(folded, folder / "m");
      CHECK(saved(*load_model(folder / "m"), folder / "n") == bytes);
    }
  }
}

TEST_CASE("newcomers, deviations and draws have the same bits on any number of threads") {
  const Data data = everyday_data();
  const Factorization model = train(data.train, {}, gibbs(4, 2, 4, 2, "both")).model;
  RatingList list;
  for (Index k = 0; k < 3000; ++k) {
    list.ratings.user.push_back(list.users.add("new " + std::to_string(k / 20)));
    list.ratings.item.push_back(list.items.add(model.items[(k % 20) * 7 + k / 200]));
    list.ratings.value.push_back(static_cast<Real>(1 + k % 5));
  }
  std::string expected;
  std::vector<double> deviations;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    Factorization folded = model;
    fold_in(folded, list);
    std::vector<double> found(data.valid.size());
    folded.deviations(data.valid, found);
    Factorization drawn = folded;
    draw_factors(drawn, 3);
    const std::string bytes = file_bytes(folded) + file_bytes(drawn);
    if (count == 1) {
      expected = bytes;
      deviations = found;
    }
    CHECK((bytes == expected));
    CHECK((found == deviations));
  }
  set_threads(0);
}

}  // namespace
}  // namespace odot
