// The network's training error: against plain loops, finite differences, and over mini-batches.
#include "objective/mlp_objective.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "odot/core/parallel.hpp"
#include "support/mlp_problem.hpp"

namespace odot {
namespace {

using test::random_features;

struct Problem {
  Mlp model;
  Triples ratings;
};

// Users and items are numbered as the ratings are.
Problem problem(std::size_t count, std::vector<std::size_t> hidden, bool output_relu = false) {
  Problem out;
  out.model.set_features(random_features("u", 30, 3, 1), random_features("i", 20, 2, 2));
  out.model.layers = {5};
  out.model.layers.insert(out.model.layers.end(), hidden.begin(), hidden.end());
  out.model.layers.push_back(1);
  out.model.output_relu = output_relu;
  out.model.scale = 2;
  std::mt19937 generator(5);
  for (std::size_t k = 0; k < count; ++k) {
    out.ratings.user.push_back(static_cast<Index>(generator() % 30));
    out.ratings.item.push_back(static_cast<Index>(generator() % 20));
    out.ratings.value.push_back(static_cast<Real>(1 + generator() % 5));
  }
  return out;
}

// Mean squared error of all ratings in units of the scale, in plain loops and double.
double plain_error(const Problem& p, const std::vector<double>& theta) {
  double squares = 0;
  for (std::size_t k = 0; k < p.ratings.size(); ++k) {
    const Real* u = p.model.user_side.row(p.ratings.user[k]);
    const Real* v = p.model.item_side.row(p.ratings.item[k]);
    std::vector<double> a(u, u + 3);
    a.insert(a.end(), v, v + 2);
    std::size_t at = 0;
    for (std::size_t layer = 0; layer + 1 < p.model.layers.size(); ++layer) {
      std::vector<double> next(p.model.layers[layer + 1], 0);
      for (double& sum : next) {
        for (const double input : a) sum += theta[at++] * input;
      }
      for (double& sum : next) sum += theta[at++];
      if (layer + 2 < p.model.layers.size() || p.model.output_relu) {
        for (double& value : next) value = std::max(value, 0.0);
      }
      a = next;
    }
    squares += std::pow(a[0] - static_cast<double>(p.ratings.value[k]) / p.model.scale, 2);
  }
  return squares / static_cast<double>(p.ratings.size());
}

TEST_CASE("value and gradient on all ratings are those of plain loops and finite differences") {
  for (const std::size_t count : {1, 127, 128, 129, 1000, 20'000}) {
    CAPTURE(count);
    const Problem p = problem(count, {7, 4}, count == 129);
    MlpObjective objective(p.model, p.ratings, 0, 1);
    CHECK(objective.batches() == 1);
    const Vector theta = initial_parameters(p.model.layers, 1.5, 3);
    REQUIRE(objective.size() == theta.size());
    Vector gradient(theta.size());
    const double value = objective.value_gradient(theta, gradient);
    std::vector<double> moved(theta.begin(), theta.end());
    CHECK(value == doctest::Approx(plain_error(p, moved)).epsilon(sizeof(Real) == 4 ? 1e-5 : 1e-12));
    const double h = 1e-6;
    for (std::size_t k = 0; k<theta.size(); k += count> 1000 ? 9 : 1) {
      const double x = moved[k];
      moved[k] = x + h;
      const double above = plain_error(p, moved);
      moved[k] = x - h;
      const double below = plain_error(p, moved);
      moved[k] = x;
      // A ReLU may turn within h, at one rating.
      CHECK(static_cast<double>(gradient[k]) ==
            doctest::Approx((above - below) / (2 * h)).epsilon(1e-4).scale(sizeof(Real) == 4 ? 1.0 : 0.01));
    }
    CHECK(objective.passes() == 1);
  }
}

TEST_CASE("the batches of an epoch are all ratings once, in an order of seed and epoch alone") {
  const std::size_t count = 1000;
  Problem p = problem(count, {3});
  const Vector theta = initial_parameters(p.model.layers, 0, 1);
  Vector gradient(theta.size());
  MlpObjective whole(p.model, p.ratings, 0, 1);
  Vector expected(theta.size());
  const double mean = whole.value_gradient(theta, expected);

  const auto values = [&](MlpObjective& objective) {
    std::vector<double> out;
    for (std::size_t batch = 0; batch < objective.batches(); ++batch) {
      out.push_back(objective.value_gradient(theta, gradient));
    }
    return out;
  };
  MlpObjective batched(p.model, p.ratings, 64, 1);
  REQUIRE(batched.batches() == 16);
  std::vector<double> sums(theta.size(), 0);
  double sum = 0;
  std::size_t seen = 0;
  for (std::size_t batch = 0; batch < 16; ++batch) {
    const double value = batched.value_gradient(theta, gradient);
    CHECK(batched.last_size() == (batch < 15 ? 64 : 40));
    const auto size = static_cast<double>(batched.last_size());
    sum += value * size;
    seen += batched.last_size();
    for (std::size_t k = 0; k < theta.size(); ++k) sums[k] += size * static_cast<double>(gradient[k]);
  }
  CHECK(seen == count);
  CHECK(batched.passes() == 1);
  CHECK(sum / static_cast<double>(count) == doctest::Approx(mean).epsilon(1e-6));
  for (std::size_t k = 0; k < theta.size(); ++k) {
    CHECK(sums[k] / static_cast<double>(count) ==
          doctest::Approx(static_cast<double>(expected[k])).epsilon(1e-4).scale(0.1));
  }

  const std::vector<double> second = values(batched);
  MlpObjective again(p.model, p.ratings, 64, 1);
  const std::vector<double> first = values(again);
  CHECK(first != second);
  CHECK(values(again) == second);
  MlpObjective other_seed(p.model, p.ratings, 64, 2);
  CHECK(values(other_seed) != first);
  CHECK(std::set<double>(first.begin(), first.end()).size() == first.size());
}

TEST_CASE("value and gradient have the same bits on any number of threads") {
  const Problem p = problem(30'000, {64, 16});
  const Vector theta = initial_parameters(p.model.layers, 1.5, 3);
  for (const std::size_t batch : {0, 1000}) {
    set_threads(1);
    Vector expected(theta.size());
    MlpObjective one(p.model, p.ratings, batch, 1);
    double value = 0;
    for (int k = 0; k < 4; ++k) value = one.value_gradient(theta, expected);
    for (const int count : {2, 3, 8}) {
      set_threads(count);
      MlpObjective many(p.model, p.ratings, batch, 1);
      Vector gradient(theta.size());
      double found = 0;
      for (int k = 0; k < 4; ++k) found = many.value_gradient(theta, gradient);
      CHECK(found == value);
      CHECK(gradient == expected);
    }
    set_threads(0);
  }
}

TEST_CASE("the start is uniform within each layer's bound and ends in the bias asked for") {
  const std::vector<std::size_t> sizes{100, 50, 1};
  const Vector theta = initial_parameters(sizes, 3.25, 7);
  REQUIRE(theta.size() == 101 * 50 + 51);
  CHECK(theta.back() == Real{3.25});
  const auto range = [&](std::size_t begin, std::size_t end) {
    const auto [low, high] = std::minmax_element(theta.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 theta.begin() + static_cast<std::ptrdiff_t>(end));
    return std::pair(static_cast<double>(*low), static_cast<double>(*high));
  };
  const auto first = range(0, 5050);
  CHECK(first.first == doctest::Approx(-0.1).epsilon(0.01));
  CHECK(first.second == doctest::Approx(0.1).epsilon(0.01));
  CHECK(first.first >= -0.1001);
  CHECK(range(5050, 5100).second <= 1 / std::sqrt(50.0) + 1e-6);
  CHECK(range(5050, 5100).second > 0.1);
  CHECK(initial_parameters(sizes, 3.25, 7) == theta);
  CHECK(initial_parameters(sizes, 3.25, 8) != theta);
}

}  // namespace
}  // namespace odot
