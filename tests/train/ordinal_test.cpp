// Ordinal ratings: targets and cut points against differences, sweeps against a dense implementation, and what is found
// again of ratings that were cut from normal numbers.
#include "train/posterior/ordinal.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "odot/model/calibration.hpp"
#include "odot/train/fold_in.hpp"
#include "support/optim_problems.hpp"
#include "train/cases.hpp"
#include "train/simulated.hpp"
#include "train/variational_reference.hpp"

namespace odot {
namespace {

using namespace test;

const std::vector<double> kCuts{-1.2, -0.3, 0.5, 1.5};

// The number of the interval that each rating is in, times `unit`.
void cut(std::vector<Real>& ratings, const std::vector<double>& cuts, double unit = 1) {
  for (Real& rating : ratings) {
    const auto below = std::ranges::count_if(cuts, [&](double one) { return one < static_cast<double>(rating); });
    rating = static_cast<Real>(unit * static_cast<double>(1 + below));
  }
}

Simulated coarse(Index users, Index items, double share, std::uint64_t seed, const std::vector<double>& cuts = kCuts) {
  Simulated data = simulate(users, items, 2, share, 1, seed, 0);
  cut(data.list.ratings.value, cuts);
  cut(data.valid.value, cuts);
  return data;
}

TrainSettings ordinal(int rank, int sweeps, const std::string& svdpp = "none") {
  TrainSettings settings{.method = "variational"};
  settings.rank = rank;
  settings.svdpp = svdpp;
  settings.likelihood = "ordinal";
  limit(settings, {.iterations = sweeps});
  return settings;
}

TEST_CASE("what ratings say of cut points: derivatives against differences") {
  const std::vector<std::size_t> classes{0, 1, 1, 2, 3, 4, 4, 0, 2};
  const std::vector<double> latent{-2, -1.1, 2, 0.3, 1, 1.2, -3, 1.5, 0};
  const std::vector<double> start{-1.25, -0.375, 0.5, 1.5};
  constexpr double kStep = 0x1p-10;
  const auto sums = [&](const std::vector<double>& at) {
    const Vector cuts(at.begin(), at.end());
    CutSums total(cuts.size());
    for (std::size_t k = 0; k < classes.size(); ++k) total.add(classes[k], cuts, latent[k]);
    return total;
  };
  const CutSums here = sums(start);
  for (std::size_t i = 0; i < start.size(); ++i) {
    std::vector<double> more = start;
    std::vector<double> less = start;
    more[i] += kStep;
    less[i] -= kStep;
    const CutSums above = sums(more);
    const CutSums below = sums(less);
    CHECK(here.gradient[i] ==
          doctest::Approx((above.log_likelihood - below.log_likelihood) / (2 * kStep)).epsilon(1e-5));
    for (std::size_t k = 0; k < start.size(); ++k) {
      const double expected = (below.gradient[k] - above.gradient[k]) / (2 * kStep);
      const double found = k == i ? here.diagonal[i] : k == i + 1 ? here.beside[i] : i == k + 1 ? here.beside[k] : 0;
      CHECK(std::abs(found - expected) < 1e-4);
    }
  }
}

TEST_CASE("cut points come to the maximum, and never out of order") {
  // Of normal numbers around 0 and given shares of the intervals that is where the distribution has these.
  Vector cuts{Real(-3), Real(-2.9), Real(2)};
  const std::vector<double> shares{0.2, 0.5, 0.2, 0.1};
  for (int step = 0; step < 40; ++step) {
    CutSums total(cuts.size());
    for (std::size_t k = 0; k < shares.size(); ++k) {
      for (int count = 0; count < std::lround(10 * shares[k]); ++count) total.add(k, cuts, 0);
    }
    improve_cuts(total, cuts);
    REQUIRE(std::ranges::is_sorted(cuts));
  }
  CHECK(static_cast<double>(cuts[0]) == doctest::Approx(-0.8416212).epsilon(1e-5));
  CHECK(static_cast<double>(cuts[1]) == doctest::Approx(0.5244005).epsilon(1e-5));
  CHECK(static_cast<double>(cuts[2]) == doctest::Approx(1.2815516).epsilon(1e-5));
}

TEST_CASE("sweeps are those of a dense implementation, and so is what the objective says") {
  for (const std::string svdpp : {"none", "both"}) {
    for (const int rank : {1, 3, 8}) {
      CAPTURE(svdpp);
      CAPTURE(rank);
      Simulated data = coarse(23, 17, 0.4, 5);
      data.list.users.add("a user without ratings");
      TrainSettings settings = ordinal(rank, 0, svdpp);
      VariationalReference reference(train(data.list, {}, settings).model, data.list.ratings, svdpp);
      Long first_value = 0;
      double first_objective = 0;
      for (int sweep = 1; sweep <= 6; ++sweep) {
        CAPTURE(sweep);
        settings.iterations = sweep;
        const FactorResult result = train(data.list, {}, settings);
        reference.sweep();
        REQUIRE(result.model.link);
        for (std::size_t k = 0; k < kCuts.size(); ++k) {
          CHECK(std::abs(static_cast<Long>(result.model.link->cuts[k]) - reference.cuts()[k]) <= tolerance(1e-7, 1e-4));
        }
        const FactorLayout& layout = result.model.layout;
        for (Index user = 0; user < layout.users; ++user) {
          for (Index item = 0; item < layout.items; ++item) {
            Long expected = 0;
            for (std::size_t k = 0; k < layout.width(); ++k) {
              expected += reference.users().means[user][k] * reference.items().means[item][k];
            }
            CHECK(std::abs(static_cast<Long>(result.model.view().latent(user, item)) - expected) <=
                  tolerance(1e-7, 1e-3));
          }
        }
        const double objective = result.report.optimisation.value;
        if (sweep <= kPointSweeps + 1) {
          first_value = reference.value();
          first_objective = objective;
          continue;
        }
        const auto expected = static_cast<double>(reference.value() - first_value);
        CHECK(std::abs(objective - first_objective - expected) <= tolerance(1e-6, 0.02));
      }
    }
  }
}

TEST_CASE("what ratings say of latent numbers: targets and curvatures against differences, far out, too") {
  const std::vector<Real> values{1, 2, 3, 4, 5};
  RatingMatrix matrix(1, 5, {{0, 0, 0, 0, 0}, {0, 1, 2, 3, 4}, values});
  const RatingClasses classes(ConstSpan(matrix.table()), ConstSpan(values));
  const Vector cuts(kCuts.begin(), kCuts.end());
  const LatentTargets targets(classes, cuts);
  const RatingSide side = classes.without_values(matrix.by_user());
  const OrdinalLink link{Vector(values.begin(), values.end()), cuts};
  for (const double latent : {-1.5, -0.25, 0.0, 1.0, 2.5}) {
    for (Offset k = 0; k < 5; ++k) {
      const auto log_p = [&](double at) {
        std::vector<double> p(5);
        link.probabilities(at, 0, p);
        return std::log(p[k]);
      };
      const auto t = static_cast<double>(static_cast<Real>(latent));
      constexpr double kStep = 1e-3;
      auto error = static_cast<Real>(latent);
      const double information = targets.retarget(side, k, k + 1, &error);
      // d log P/dt = E z − t, which the error is minus.
      CHECK(static_cast<double>(error) ==
            doctest::Approx(-(log_p(t + kStep) - log_p(t - kStep)) / (2 * kStep)).epsilon(1e-4));
      CHECK(information ==
            doctest::Approx(-(log_p(t + kStep) - 2 * log_p(t) + log_p(t - kStep)) / (kStep * kStep)).epsilon(1e-4));
    }
  }
  for (const double latent : {-300.0, 300.0}) {
    Vector errors(5, static_cast<Real>(latent));
    const double information = targets.retarget(side, 0, 5, errors.data());
    // The value at that end says nothing, the other four where their numbers would be.
    CHECK(all_finite(errors));
    CHECK(information == doctest::Approx(4).epsilon(1e-3));
  }
}

TEST_CASE("without effects the objective falls but for a little, and comes to rest") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    for (const int rank : {1, 7}) {
      for (const std::vector<double>& cuts :
           {kCuts, std::vector<double>{0.4}, std::vector<double>{-2.5, 0, 0.05, 2.5}}) {
        CAPTURE(seed);
        CAPTURE(rank);
        CAPTURE(cuts.size());
        const Simulated data = coarse(40, 30, seed % 3 == 0 ? 0.1 : 0.5, seed, cuts);
        std::vector<double> values;
        train(data.list, {}, ordinal(rank, 60), [&](const TrainProgress& progress) {
          if (progress.counts.iterations > 0) values.push_back(progress.objective);
          return true;
        });
        REQUIRE(values.size() == 60);
        // Laplace's variances are not where it is lowest: it comes to rest a little higher than it has been.
        const auto ratings = static_cast<double>(data.list.ratings.size());
        const double rounding = tolerance(0, 1e-5) * (std::abs(values.back()) + 100);
        for (std::size_t t = kPointSweeps + 1; t < values.size(); ++t) {
          CAPTURE(t);
          CHECK(values[t] <= values[t - 1] + 1e-3 * ratings + rounding);
          CHECK(values.back() <= values[t] + 1e-2 * ratings + rounding);
        }
        CHECK(std::abs(values[59] - values[58]) <= 1e-4 * ratings + rounding);
      }
    }
  }
}

TEST_CASE("of ratings that are cut from normal numbers cuts are found, and probabilities are true") {
  const Simulated data = coarse(500, 300, 0.5, 8);
  REQUIRE(data.valid.size() > 5000);
  const FactorResult result = train(data.list, data.valid, ordinal(3, 60));
  const Factorization& model = result.model;
  REQUIRE(model.link);
  CHECK(std::ranges::equal(model.link->values, std::vector<Real>{1, 2, 3, 4, 5}));
  // Where the middle is, biases may say instead.
  for (std::size_t k = 1; k < kCuts.size(); ++k) {
    const auto found = static_cast<double>(model.link->cuts[k] - model.link->cuts[k - 1]);
    CHECK(found == doctest::Approx(kCuts[k] - kCuts[k - 1]).epsilon(0.04));
  }
  std::vector<double> p(5 * data.valid.size());
  model.probabilities(data.valid, p);
  // Of all probabilities near some share so many come true.
  std::vector<double> said(10);
  std::vector<double> seen(10);
  std::vector<double> variance(10);
  for (std::size_t k = 0; k < p.size(); ++k) {
    const auto bin = static_cast<std::size_t>(std::min(9.0, 10 * p[k]));
    said[bin] += p[k];
    variance[bin] += p[k] * (1 - p[k]);
    seen[bin] += static_cast<double>(data.valid.value[k / 5]) == static_cast<double>(k % 5 + 1) ? 1 : 0;
  }
  for (std::size_t bin = 0; bin < 10; ++bin) {
    CAPTURE(bin);
    CHECK(std::abs(said[bin] - seen[bin]) <= 4 * std::sqrt(variance[bin]) + 0.02 * said[bin]);
  }
  // Better than the best constant distribution, and than the same method that takes the ratings for numbers.
  CalibrationSums sums(0.9);
  sums.add(model, data.valid);
  const Calibration found = sums.result();
  std::vector<double> counts(5);
  for (const Real value : data.list.ratings.value) counts[static_cast<std::size_t>(value) - 1] += 1;
  double entropy = 0;
  for (const double count : counts) {
    const double share = count / static_cast<double>(data.list.ratings.size());
    entropy -= share * std::log(share);
  }
  CHECK(found.negative_log_likelihood < entropy - 0.1);
  CHECK(found.coverage >= 0.9);
  TrainSettings normal = ordinal(3, 60);
  normal.likelihood = "normal";
  CHECK(result.report.valid->rmse < 1.005 * train(data.list, data.valid, normal).report.valid->rmse);
}

TEST_CASE("a trace's held-out error is that of the model, and what values are called does not matter") {
  const Simulated data = coarse(40, 30, 0.5, 3);
  double last = 0;
  const FactorResult result = train(data.list, data.valid, ordinal(2, 5), [&](const TrainProgress& progress) {
    last = *progress.valid_rmse();
    return true;
  });
  CHECK(last == doctest::Approx(result.report.valid->rmse).epsilon(1e-6));
  Simulated large = simulate(40, 30, 2, 0.5, 1, 3, 0);
  cut(large.list.ratings.value, kCuts, 1e6);
  const FactorResult same = train(large.list, {}, ordinal(2, 5));
  CHECK(std::ranges::equal(same.model.theta, result.model.theta));
  CHECK(std::ranges::equal(same.model.link->cuts, result.model.link->cuts));
}

TEST_CASE("two values, values of one rating alone, and what cannot be") {
  const Simulated binary = coarse(60, 40, 0.4, 2, {0.2});
  const FactorResult two = train(binary.list, binary.valid, ordinal(2, 30));
  CHECK(all_finite(two.model.theta));
  CHECK(two.model.link->values.size() == 2);
  // Their deviation is what the mean alone would miss by.
  CHECK(two.report.valid->rmse < 1.05 * summarize(binary.valid.value).deviation);
  Simulated rare = coarse(60, 40, 0.4, 2);
  rare.list.ratings.value[7] = 17;
  const FactorResult with_rare = train(rare.list, {}, ordinal(2, 30));
  CHECK(with_rare.model.link->values.back() == 17);
  CHECK(fault_of(*with_rare.model.link).empty());
  const auto refused = [](const RatingList& list, const std::string& part) {
    try {
      train(list, {}, ordinal(2, 3));
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK(std::string(error.what()).find(part) != std::string::npos);
      return;
    }
    FAIL("was not refused");
  };
  RatingList list = binary.list;
  std::ranges::fill(list.ratings.value, Real(4));
  refused(list, "two different values; all of these are 4");
  for (std::size_t k = 0; k < list.ratings.size(); ++k) list.ratings.value[k] = static_cast<Real>(k % 65);
  refused(list, "at most 64 different values; these have 65");
  for (std::size_t k = 0; k < list.ratings.size(); ++k) list.ratings.value[k] = static_cast<Real>(k % 300);
  refused(list, "at most 64 different values; these have more");
  for (std::size_t k = 0; k < list.ratings.size(); ++k) list.ratings.value[k] = static_cast<Real>(k % 64);
  CHECK(train(list, {}, ordinal(2, 3)).model.link->values.size() == 64);
  TrainSettings from_model = ordinal(2, 3);
  from_model.init = std::make_shared<InitModel>(InitModel{two.model, "m", {}});
  CHECK_THROWS_AS(check(from_model), Error);
  from_model.likelihood = "normal";
  CHECK_THROWS_AS(check(from_model), Error);
}

TEST_CASE("the same model file on any number of threads") {
  Data data = half_by_one_user();
  std::string expected;
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    set_threads(count);
    const std::string bytes = file_bytes(train_on(data, ordinal(5, 4, "both")).model);
    if (expected.empty()) expected = bytes;
    CHECK(bytes == expected);
  }
  set_threads(0);
}

TEST_CASE("folding in ends where neither the row nor what it says of latent numbers moves") {
  const Simulated data = coarse(80, 60, 0.5, 4);
  const Factorization model = train(data.list, {}, ordinal(2, 20)).model;
  RatingList list;
  for (Index k = 0; k < 14; ++k) {
    list.ratings.user.push_back(list.users.add(k % 2 == 0 ? "one" : "another"));
    list.ratings.item.push_back(list.items.add(model.items[3 * k]));
    list.ratings.value.push_back(static_cast<Real>(1 + k % 5) + (k == 3 ? Real(0.2) : 0));
  }
  Factorization folded = model;
  const FoldInReport report = fold_in(folded, list);
  const FactorLayout& layout = folded.layout;
  const auto rank = static_cast<std::size_t>(layout.rank);
  for (Index user = 0; user < 2; ++user) {
    const Real* u = folded.theta.data() + layout.user_row(report.users[user]);
    // The gradient of log prior + Σ (log P − ½ var t) is 0 there.
    std::vector<double> gradient(rank + 1);
    const SidePrior& prior = folded.posterior->users;
    const auto own = [&](std::size_t k) { return k < rank ? k : static_cast<std::size_t>(layout.user_bias()); };
    for (std::size_t i = 0; i <= rank; ++i) {
      for (std::size_t k = 0; k <= rank; ++k) {
        gradient[i] -= static_cast<double>(prior.precision[own(i) * layout.stride() + own(k)]) *
                       static_cast<double>(u[own(k)] - prior.mean[own(k)]);
      }
    }
    for (std::size_t r = 0; r < list.ratings.size(); ++r) {
      if (list.ratings.user[r] != user) continue;
      const std::size_t at = layout.item_row(model.items.find(list.items[list.ratings.item[r]]));
      const double t = folded.view().latent(report.users[user], model.items.find(list.items[list.ratings.item[r]]));
      const auto of_class = static_cast<std::size_t>(std::lround(list.ratings.value[r])) - 1;
      const auto log_p = [&](double latent) {
        std::vector<double> p(5);
        model.link->probabilities(latent, 0, p);
        return std::log(p[of_class]);
      };
      const double slope = (log_p(t + 1e-4) - log_p(t - 1e-4)) / 2e-4;
      for (std::size_t i = 0; i <= rank; ++i) {
        const double c = i < rank ? static_cast<double>(folded.theta[at + i]) : 1;
        const double w = i < rank ? static_cast<double>(folded.posterior->variances[at + i]) : 0;
        gradient[i] += slope * c - w * static_cast<double>(u[own(i)]);
      }
    }
    for (const double element : gradient) CHECK(std::abs(element) < 2e-3);
  }
  CHECK(folded.link->cuts == model.link->cuts);
}

}  // namespace
}  // namespace odot
