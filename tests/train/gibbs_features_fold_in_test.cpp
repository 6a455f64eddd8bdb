// Folding in with features into models of samples: each sample against a dense solve of its formulas.
#include <doctest/doctest.h>

#include <cmath>

#include "model/kinds/factor_samples.hpp"
#include "odot/model/model_file.hpp"
#include "odot/train/fold_in.hpp"
#include "support/dense_solve.hpp"
#include "support/optim_problems.hpp"
#include "support/saved_model.hpp"
#include "train/features_problem.hpp"

namespace odot {
namespace {

using namespace test;

using Long = long double;

// A table with inputs as those of the first rows of a side, under other names.
FeatureTable renamed(const FeatureTable& from, const std::vector<std::string>& names) {
  FeatureTable out{.path = "new.csv", .ids = {}, .encoding = from.encoding, .inputs = {}};
  for (const std::string& name : names) out.ids.add(name);
  const auto count = static_cast<std::ptrdiff_t>(names.size() * from.encoding.inputs());
  out.inputs.assign(from.inputs.begin(), from.inputs.begin() + count);
  return out;
}

TEST_CASE("newcomers with features alone get in each sample what training gives those without ratings") {
  const FeaturesProblem problem = features_problem(60, 50, 0.4, 0.3, 21, 6);
  const TemporaryFolder folder;
  for (const int samples : {1, 3}) {
    // From a file, where there is nothing but what is kept.
    (void)saved(train_with(problem.data, gibbs_settings(3, 2, 6, samples, "both")).model, folder / "m");
    const Factorization model = load_factorization(folder / "m");
    for (const bool items : {false, true}) {
      CAPTURE(items);
      Factorization folded = model;
      const FeatureTable table = renamed(table_of(problem.data, items), {"n0", "n1", "n2"});
      const FoldInReport report = fold_in(folded, {}, {.items = items, .features = table});
      REQUIRE(report.users.size() == 3);
      CHECK(report.by_features == 3);
      const FactorPosterior& posterior = *folded.posterior;
      const FactorLayout layout = posterior.sample_layout(folded.layout);
      for (Index k = 0; k < 3; ++k) {
        for (int sample = 0; sample < samples; ++sample) {
          const Vector rows = sample_rows(folded.view(), items, sample);
          for (const std::size_t element : variables(layout, items)) {
            CHECK(rows[report.users[k] * layout.stride() + element] ==
                  doctest::Approx(rows[k * layout.stride() + element]).epsilon(1e-4));
          }
        }
        const std::size_t begin = items ? layout.item_row(0) : 0;
        for (std::size_t element = 0; element < layout.stride(); ++element) {
          CHECK(posterior.variances[begin + report.users[k] * layout.stride() + element] ==
                doctest::Approx(posterior.variances[begin + k * layout.stride() + element]).epsilon(1e-4));
        }
        const Index others = items ? layout.users : layout.items;
        for (Index other = 0; other < others; ++other) {
          const auto predict = [&](Index row) {
            return items ? folded.predict(other, row) : folded.predict(row, other);
          };
          CHECK(predict(report.users[k]) == doctest::Approx(predict(k)).epsilon(1e-4));
        }
        CHECK(noise_weight(folded.view(), items, report.users[k]) ==
              doctest::Approx(noise_weight(model.view(), items, kUnknown)));
      }
      (void)saved(folded, folder / "n");
      CHECK_NOTHROW((void)load_model(folder / "n"));
    }
  }
}

struct Expected {
  LongVector mean;
  LongVector variance;
};

// Of a user's row in a sample, from the formulas, given its ratings of the first items.
Expected dense_row(const Factorization& model, int sample, const std::vector<double>& values, const Real* inputs) {
  const FactorPosterior& posterior = *model.posterior;
  const SidePrior& prior = posterior.users;
  const SideFeatures& features = *prior.features;
  const FactorLayout layout = posterior.sample_layout(model.layout);
  const std::size_t stride = layout.stride();
  const auto s = static_cast<std::size_t>(sample);
  const std::vector<std::size_t> element = variables(layout, false);
  const std::size_t n = element.size();
  const Real* precision = prior.precision.data() + s * layout.width() * stride;
  const Long alpha = 1 / (static_cast<Long>(posterior.noise_variance) * noise_weight(model.view(), false, kUnknown));
  LongMatrix p(n, LongVector(n));
  LongVector right(n);
  LongVector centre(n);
  for (std::size_t i = 0; i < n; ++i) {
    centre[i] = prior.mean[s * stride + element[i]];
    for (std::size_t j = 0; j < values.size(); ++j) {
      centre[i] += prior.partner_effects[j * stride + element[i]] / std::sqrt(static_cast<Long>(values.size()));
    }
    const std::size_t width = features.input_means.size();
    for (std::size_t f = 0; inputs && f < width; ++f) {
      centre[i] += (static_cast<Long>(inputs[f]) - features.input_means[f]) *
                   features.effects[(s * width + f) * stride + element[i]];
    }
    for (std::size_t k = 0; k < n; ++k) p[i][k] = precision[element[i] * stride + element[k]];
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) right[i] += p[i][k] * centre[k];
  }
  const Vector items = sample_rows(model.view(), true, sample);
  for (std::size_t j = 0; j < values.size(); ++j) {
    const Real* v = items.data() + j * stride;
    const Real* w = posterior.variances.data() + layout.item_row(static_cast<Index>(j));
    const Long weight = alpha / noise_weight(model.view(), true, static_cast<Index>(j));
    LongVector c(n, 1);
    for (std::size_t k = 0; k + 1 < n; ++k) c[k] = v[k];
    const Long x = static_cast<Long>(values[j]) - model.mean - v[layout.item_bias()];
    for (std::size_t i = 0; i < n; ++i) {
      right[i] += weight * x * c[i];
      for (std::size_t k = 0; k < n; ++k) p[i][k] += weight * c[i] * c[k];
      if (i + 1 < n) p[i][i] += weight * static_cast<Long>(w[i]);
    }
  }
  Expected out{dense_solve(p, right), {}};
  for (std::size_t i = 0; i < n; ++i) out.variance.push_back(1 / p[i][i]);
  return out;
}

TEST_CASE("newcomers with ratings and features get in each sample the mean of its formulas") {
  const FeaturesProblem problem = features_problem(60, 50, 0.4, 0.3, 21, 6);
  const Factorization model = train_with(problem.data, gibbs_settings(3, 2, 6, 3, "both")).model;
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
  const FeatureTable table = renamed(*problem.data.user_features, {"x", "rated"});
  Factorization folded = model;
  const FoldInReport report = fold_in(folded, list, {.features = table});
  REQUIRE(report.users.size() == 3);
  const FactorPosterior& posterior = *folded.posterior;
  const FactorLayout layout = posterior.sample_layout(folded.layout);
  const std::vector<std::size_t> elements = variables(layout, false);
  for (const Index k : {0, 1}) {
    LongVector variances(elements.size());
    for (int sample = 0; sample < 3; ++sample) {
      const Real* inputs = k == 0 ? table.inputs.data() + table.encoding.inputs() : nullptr;
      const Expected expected = dense_row(model, sample, values, inputs);
      const Vector rows = sample_rows(folded.view(), false, sample);
      for (std::size_t i = 0; i < elements.size(); ++i) {
        const Real found = rows[report.users[k] * layout.stride() + elements[i]];
        CHECK(std::abs(static_cast<double>(found - expected.mean[i])) < tolerance(1e-9, 3e-4));
        variances[i] += expected.variance[i] / 3;
      }
    }
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Real found = posterior.variances[layout.user_row(report.users[k]) + elements[i]];
      CHECK(std::abs(static_cast<double>(found / variances[i] - 1)) < tolerance(1e-9, 3e-4));
    }
  }
}

}  // namespace
}  // namespace odot
