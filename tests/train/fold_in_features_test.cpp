// Folding in with features: rows with ratings from a dense solve of their formulas, rows without as training has them.
#include <doctest/doctest.h>

#include <cmath>

#include "odot/core/error.hpp"
#include "odot/train/fold_in.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"
#include "support/saved_model.hpp"
#include "train/features_problem.hpp"

namespace odot {
namespace {

using namespace test;

using Long = long double;

struct Folding {
  FeaturesProblem problem = features_problem(60, 50, 0.4, 0.3, 21, 6);
  Factorization model = train_with(problem.data, variational_settings(3, 6, "both")).model;

  // A table with inputs as those of the first rows of a side, under other names.
  FeatureTable table(bool items, const std::vector<std::string>& names) const {
    const FeatureTable& from = items ? *problem.data.item_features : *problem.data.user_features;
    FeatureTable out{.path = "new.csv", .ids = {}, .encoding = from.encoding, .inputs = {}};
    const std::size_t width = from.encoding.inputs();
    for (std::size_t k = 0; k < names.size(); ++k) {
      out.ids.add(names[k]);
      const auto first = from.inputs.begin() + static_cast<std::ptrdiff_t>(k * width);
      out.inputs.insert(out.inputs.end(), first, first + static_cast<std::ptrdiff_t>(width));
    }
    return out;
  }
};

TEST_CASE("newcomers with features alone get the rows that training gives those without ratings") {
  const Folding data;
  for (const bool items : {false, true}) {
    CAPTURE(items);
    Factorization folded = data.model;
    const std::vector<std::string> names{"n0", "n1", "n2", items ? "i30" : "u30"};
    const FoldInReport report = fold_in(folded, {}, {.items = items, .features = data.table(items, names)});
    CHECK(report.added == 3);
    CHECK(report.by_features == 3);
    CHECK(report.known_features == 1);
    CHECK(report.updated == 0);
    CHECK(report.ratings == 0);
    REQUIRE(report.users.size() == 3);
    const FactorLayout& layout = folded.layout;
    CHECK((items ? layout.items : layout.users) == (items ? 53 : 63));
    const Index others = items ? layout.users : layout.items;
    for (Index k = 0; k < 3; ++k) {
      // The first rows have no ratings: the same inputs gave these rows.
      const auto at = [&](Index row) { return items ? layout.item_row(row) : layout.user_row(row); };
      for (std::size_t element = 0; element < layout.stride(); ++element) {
        CHECK(folded.theta[at(report.users[k]) + element] ==
              doctest::Approx(folded.theta[at(k) + element]).epsilon(1e-4));
        CHECK(folded.posterior->variances[at(report.users[k]) + element] ==
              doctest::Approx(folded.posterior->variances[at(k) + element]).epsilon(1e-4));
      }
      for (Index other = 0; other < others; ++other) {
        const double now = items ? folded.predict(other, report.users[k]) : folded.predict(report.users[k], other);
        CHECK(now == doctest::Approx(items ? folded.predict(other, k) : folded.predict(k, other)).epsilon(1e-4));
      }
    }
    const TemporaryFolder folder;
    (void)saved(folded, folder / "m");
    CHECK_NOTHROW((void)load_model(folder / "m"));
  }
}

// The mean of a user's row of factors and bias under its prior, from the formulas, given its ratings of the first
// items.
LongVector dense_mean(const Factorization& model, const std::vector<double>& values, const Real* inputs) {
  const FactorPosterior& posterior = *model.posterior;
  const SidePrior& prior = posterior.users;
  const FactorLayout& layout = model.layout;
  const std::size_t stride = layout.stride();
  const std::size_t n = 4;
  const auto element = [&](std::size_t k) { return k < 3 ? k : static_cast<std::size_t>(layout.user_bias()); };
  const Long alpha = 1 / static_cast<Long>(posterior.noise_variance);
  LongMatrix p(n, LongVector(n));
  LongVector right(n);
  LongVector centre(n);
  for (std::size_t i = 0; i < n; ++i) {
    centre[i] = prior.mean[element(i)];
    for (std::size_t j = 0; j < values.size(); ++j) {
      centre[i] += prior.partner_effects[j * stride + element(i)] / std::sqrt(static_cast<Long>(values.size()));
    }
    for (std::size_t f = 0; inputs && f < prior.features->input_means.size(); ++f) {
      centre[i] += (static_cast<Long>(inputs[f]) - static_cast<Long>(prior.features->input_means[f])) *
                   static_cast<Long>(prior.features->effects[f * stride + element(i)]);
    }
    for (std::size_t k = 0; k < n; ++k) p[i][k] = prior.precision[element(i) * stride + element(k)];
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) right[i] += p[i][k] * centre[k];
  }
  for (std::size_t j = 0; j < values.size(); ++j) {
    const Real* v = model.theta.data() + layout.item_row(static_cast<Index>(j));
    const Real* w = posterior.variances.data() + layout.item_row(static_cast<Index>(j));
    LongVector c(n, 1);
    for (std::size_t k = 0; k < 3; ++k) c[k] = v[k];
    const Long x = static_cast<Long>(values[j]) - model.mean - v[layout.item_bias()];
    for (std::size_t i = 0; i < n; ++i) {
      right[i] += alpha * x * c[i];
      for (std::size_t k = 0; k < n; ++k) p[i][k] += alpha * c[i] * c[k];
      if (i < 3) p[i][i] += alpha * static_cast<Long>(w[i]);
    }
  }
  return dense_solve(p, right);
}

TEST_CASE("newcomers with ratings and features get the mean of the formulas, those without features too") {
  const Folding data;
  const std::vector<double> values{4, 2.5, 3};
  RatingList list;
  for (const std::string name : {"rated", "unknown"}) {
    const Index user = list.users.add(name);
    for (std::size_t j = 0; j < values.size(); ++j) {
      list.ratings.user.push_back(user);
      list.ratings.item.push_back(list.items.add("i" + std::to_string(j)));
      list.ratings.value.push_back(static_cast<Real>(values[j]));
    }
  }
  // One has ratings of unknown items alone.
  list.ratings.user.push_back(list.users.add("lost"));
  list.ratings.item.push_back(list.items.add("no such item"));
  list.ratings.value.push_back(3);
  list.ratings.user.push_back(list.users.add("found"));
  list.ratings.item.push_back(list.items.find("no such item"));
  list.ratings.value.push_back(3);
  const FeatureTable table = data.table(false, {"x", "rated", "found"});
  Factorization folded = data.model;
  const FoldInReport report = fold_in(folded, list, {.features = table});
  CHECK(report.added == 4);
  CHECK(report.by_features == 2);
  CHECK(report.without_ratings == 1);
  const std::size_t width = table.encoding.inputs();
  for (const Index k : {0, 1}) {
    const LongVector expected = dense_mean(data.model, values, k == 0 ? table.inputs.data() + width : nullptr);
    const Real* row = folded.theta.data() + folded.layout.user_row(report.users[k]);
    for (std::size_t i = 0; i < 4; ++i) {
      const Real found = row[i < 3 ? i : static_cast<std::size_t>(folded.layout.user_bias())];
      CHECK(std::abs(static_cast<double>(found - expected[i])) < tolerance(1e-9, 3e-4));
    }
  }
  CHECK(folded.users.find("x") != kUnknown);
  CHECK(folded.users.find("found") != kUnknown);
  CHECK(folded.users.find("lost") == kUnknown);
}

TEST_CASE("features that the model cannot know are refused, and it stays as it was") {
  const Folding data;
  Dataset plain = data.problem.data;
  plain.item_features.reset();
  Factorization users_only = train_with(plain, variational_settings(3, 3, "none")).model;
  const std::string before = file_bytes(users_only);
  CHECK_THROWS_WITH_AS(fold_in(users_only, {}, {.items = true, .features = data.table(true, {"n"})}),
                       doctest::Contains("knows no features of its items"), Error);
  FeatureTable other = data.table(false, {"n"});
  other.encoding.columns.pop_back();
  CHECK_THROWS_WITH_AS(fold_in(users_only, {}, {.features = other}), doctest::Contains("and those of the model"),
                       Error);
  CHECK_THROWS_WITH_AS(fold_in(users_only, {}, {}), doctest::Contains("no ratings to fold in"), Error);
  CHECK(file_bytes(users_only) == before);
}

}  // namespace
}  // namespace odot
