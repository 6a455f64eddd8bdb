// Folding in: against one more half-sweep of training, against dense solutions, and what is left alone.
#include "odot/train/fold_in.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "support/dense_solve.hpp"
#include "train/cases.hpp"

namespace odot {
namespace {

using namespace test;

constexpr bool kDouble = sizeof(Real) == 8;

TrainSettings newton_sweeps(int sweeps, bool biases, Regularisation by) {
  TrainSettings settings{.method = "blocks"};
  settings.rank = 5;
  settings.center = settings.biases = biases;
  settings.regularisation = by;
  settings.block_rows = settings.block_cols = 1000;  // a sweep is all users, then all items
  limit(settings, {.iterations = sweeps});
  return settings;
}

// The largest difference between the users' rows (or items') of two models of the same ids.
double difference(const Factorization& a, const Factorization& b, bool items) {
  REQUIRE(a.layout == b.layout);
  const std::size_t first = items ? a.layout.item_row(0) : a.layout.user_row(0);
  const std::size_t count = (items ? a.layout.items : a.layout.users) * a.layout.stride();
  double largest = 0;
  for (std::size_t k = first; k < first + count; ++k) {
    largest = std::max(largest, std::abs(static_cast<double>(a.theta[k]) - static_cast<double>(b.theta[k])));
  }
  return largest;
}

bool same_rows(const Factorization& a, Index row_a, const Factorization& b, Index row_b, bool items) {
  const auto row = [&](const Factorization& model, Index index) {
    return model.theta.data() + (items ? model.layout.item_row(index) : model.layout.user_row(index));
  };
  return std::equal(row(a, row_a), row(a, row_a) + a.layout.stride(), row(b, row_b));
}

// The ratings of those users (or items) whose number leaves `rest` when divided by five, or of the others.
RatingList part_of(const RatingList& list, Index rest, bool others, bool items = false) {
  RatingList part;
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    if (((items ? list.ratings.item[k] : list.ratings.user[k]) % 5 == rest) == others) continue;
    part.ratings.user.push_back(part.users.add(list.users[list.ratings.user[k]]));
    part.ratings.item.push_back(part.items.add(list.items[list.ratings.item[k]]));
    part.ratings.value.push_back(list.ratings.value[k]);
  }
  return part;
}

RatingList transposed(const RatingList& list) {
  return {list.items, list.users, {list.ratings.item, list.ratings.user, list.ratings.value}};
}

TEST_CASE("folding in the users that training had is its next half-sweep, also long before it converges") {
  // With a user whose ratings are cut into pieces.
  for (const Data& data : {everyday_data(), half_by_one_user()}) {
    for (const bool biases : {true, false}) {
      for (const Regularisation by : {Regularisation{3, 0.02}, Regularisation{0.5, 0}}) {
        CAPTURE(biases);
        CAPTURE(by.lambda);
        TrainSettings settings = newton_sweeps(3, biases, by);
        settings.block_rows = settings.block_cols = 20000;
        const Factorization before = train_on(data, settings).model;
        settings.init = std::make_shared<InitModel>(InitModel{before, "m", "none"});
        settings.iterations = 1;
        const Factorization after = train_on(data, settings).model;
        Factorization folded = before;
        const FoldInReport report = fold_in(folded, data.train, {.update = true});
        CHECK(report.regularisation == by);
        CHECK(report.updated == data.train.users.size());
        CHECK(report.added == 0);
        CHECK(report.ratings == data.train.ratings.size());
        CHECK(difference(before, after, false) > 1e-2);
        CHECK(difference(folded, after, false) < (kDouble ? 1e-9 : 1e-2));
        CHECK(difference(folded, before, true) == 0);
      }
    }
  }
}

TEST_CASE("the users of a model that has converged get the factors that they have, and so do the items") {
  const Data data = everyday_data();
  for (const bool biases : {true, false}) {
    CAPTURE(biases);
    TrainSettings settings = newton_sweeps(3000, biases, {8, 0.03});
    settings.tolerance = kDouble ? 1e-14 : 1e-9;
    const Factorization model = train_on(data, settings).model;
    for (const bool items : {false, true}) {
      Factorization folded = model;
      fold_in(folded, data.train, {.items = items, .update = true});
      CHECK(difference(folded, model, items) < (kDouble ? 1e-4 : 2e-2));
      CHECK(difference(folded, model, !items) == 0);
    }
  }
}

// The normal equations of a new user, with the bias b = b' p as a variable of its own, whose penalty is λ b²/p².
LongVector dense_user(const Factorization& model, const RatingList& list, Index user, Regularisation by, double pin) {
  const auto rank = static_cast<std::size_t>(model.layout.rank);
  const std::size_t n = rank + (model.layout.biases ? 1 : 0);
  LongMatrix a(n, LongVector(n));
  LongVector b(n);
  long double count = 0;
  for (std::size_t k = 0; k < list.ratings.size(); ++k) {
    const Index item = model.items.find(list.items[list.ratings.item[k]]);
    if (list.ratings.user[k] != user || item == kUnknown) continue;
    ++count;
    const Real* v = model.theta.data() + model.layout.item_row(item);
    LongVector x(v, v + rank);
    long double rest = static_cast<long double>(list.ratings.value[k]) - static_cast<long double>(model.mean);
    if (model.layout.biases) {
      x.push_back(1);
      rest -= static_cast<long double>(v[model.layout.item_bias()]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      b[i] += rest * x[i];
      for (std::size_t j = 0; j < n; ++j) a[i][j] += x[i] * x[j];
    }
  }
  const long double lambda = by.lambda + by.per_rating * count;
  for (std::size_t i = 0; i < rank; ++i) a[i][i] += lambda;
  if (model.layout.biases) a[rank][rank] += lambda / (static_cast<long double>(pin) * static_cast<long double>(pin));
  return dense_solve(a, b);
}

TEST_CASE("new users have the solution of their normal equations, and the rest of the model is as it was") {
  const RatingList all = everyday_data().train;
  const RatingList old_ratings = part_of(all, 0, true);
  RatingList fresh = part_of(all, 0, false);
  // Two ratings of an item that training did not have, one of them by somebody who has no others.
  const Index unknown = fresh.items.add("unknown item");
  const Index lost = fresh.users.add("lost user");
  for (const Index user : {Index{0}, lost}) {
    fresh.ratings.user.push_back(user);
    fresh.ratings.item.push_back(unknown);
    fresh.ratings.value.push_back(5);
  }
  // Nothing depends on the scale of the ratings but what should.
  for (const Real scale : {Real{1}, Real{20}}) {
    for (const bool biases : {true, false}) {
      for (const bool own : {true, false}) {
        CAPTURE(scale);
        CAPTURE(biases);
        CAPTURE(own);
        RatingList known = old_ratings;
        RatingList added = fresh;
        for (Real& value : known.ratings.value) value *= scale;
        for (Real& value : added.ratings.value) value *= scale;
        TrainSettings settings = newton_sweeps(4, biases, {2, 0.05});
        const Factorization before = train(RatingData(RatingList(known)), {}, settings).model;
        const double pin = std::sqrt(summarize(known.ratings.value).scale());
        Factorization model = before;
        FoldInSettings how;
        if (!own) how.regularisation = Regularisation{7, 0.01};
        const Regularisation by = own ? Regularisation{2, 0.05} : Regularisation{7, 0.01};
        const FoldInReport report = fold_in(model, added, how);

        CHECK(report.regularisation == by);
        CHECK(report.added == added.users.size() - 1);
        CHECK(report.updated == 0);
        CHECK(report.without_ratings == 1);
        CHECK(report.skipped_ratings == 2);
        CHECK(report.unknown_items == 1);
        CHECK(report.ratings == added.ratings.size() - 2);
        REQUIRE(report.users.size() == report.added);
        CHECK(model.users.find("lost user") == kUnknown);
        CHECK(model.layout.users == before.layout.users + report.added);
        CHECK(model.users.size() == model.layout.users);
        for (Index k = 0; k < report.added; ++k) {
          REQUIRE(report.users[k] == before.layout.users + k);
          CHECK(model.users[report.users[k]] == added.users[k]);
          const LongVector expected = dense_user(before, added, k, by, pin);
          const Real* row = model.theta.data() + model.layout.user_row(report.users[k]);
          double worst = 0;
          for (std::size_t i = 0; i < expected.size(); ++i) {
            worst = std::max(worst, std::abs(static_cast<double>(static_cast<long double>(row[i]) - expected[i])));
          }
          CHECK(worst < (kDouble ? 1e-10 : 1e-4) * std::sqrt(static_cast<double>(scale)) * std::max(1.0, pin));
          if (biases) CHECK(row[model.layout.user_pin()] == 1);
        }
        for (Index user = 0; user < before.layout.users; ++user) CHECK(same_rows(before, user, model, user, false));
        for (Index item = 0; item < before.layout.items; ++item) CHECK(same_rows(before, item, model, item, true));
        CHECK(model.mean == before.mean);
        CHECK(model.folded_in_users == report.added);
      }
    }
  }
}

TEST_CASE("items are folded in as the users of the transposed ratings") {
  const RatingList all = everyday_data().train;
  const RatingList old_ratings = part_of(all, 0, true, true);
  const RatingList fresh = part_of(all, 0, false, true);
  // A model and its transpose.
  const Factorization by_item = train(RatingData(RatingList(old_ratings)), {}, newton_sweeps(4, true, {2, 0.05})).model;
  Factorization by_user = by_item;
  std::swap(by_user.users, by_user.items);
  std::swap(by_user.layout.users, by_user.layout.items);
  const auto swap_columns = [&](Real* row) { std::swap(row[by_user.layout.rank], row[by_user.layout.rank + 1]); };
  const auto copy_side = [&](std::size_t from, std::size_t to, Index rows) {
    const std::size_t stride = by_item.layout.stride();
    std::copy_n(by_item.theta.data() + from, rows * stride, by_user.theta.data() + to);
    for (std::size_t row = 0; row < rows; ++row) swap_columns(by_user.theta.data() + to + row * stride);
  };
  copy_side(by_item.layout.item_row(0), by_user.layout.user_row(0), by_item.layout.items);
  copy_side(by_item.layout.user_row(0), by_user.layout.item_row(0), by_item.layout.users);

  Factorization items = by_item;
  const FoldInReport report = fold_in(items, fresh, {.items = true});
  Factorization users = by_user;
  fold_in(users, transposed(fresh));
  CHECK(report.added == fresh.items.size());
  CHECK(items.layout.items == by_item.layout.items + report.added);
  CHECK(items.folded_in_items == report.added);
  double worst = 0;
  for (Index item = 0; item < items.items.size(); ++item) {
    CHECK(items.items[item] == users.users[item]);
    for (Index user = 0; user < 20; ++user) {
      worst = std::max(worst, std::abs(items.predict(user, item) - users.predict(item, user)));
    }
  }
  CHECK(worst < (kDouble ? 1e-12 : 1e-4));
}

TEST_CASE("the same bits on any number of threads, and for each user alone") {
  const RatingList all = half_by_one_user().train;
  for (const bool biases : {true, false}) {
    const Factorization trained = train(RatingData(RatingList(all)), {}, newton_sweeps(2, biases, {2, 0.05})).model;
    std::vector<Factorization> results;
    for (const int count : {1, 2, 5}) {
      set_threads(count);
      results.push_back(trained);
      fold_in(results.back(), all, {.update = true});
    }
    set_threads(0);
    CHECK(results[0].theta == results[1].theta);
    CHECK(results[0].theta == results[2].theta);
    for (const Index user : {Index{0}, Index{7}, Index{500}}) {
      RatingList own;
      for (std::size_t k = 0; k < all.ratings.size(); ++k) {
        if (all.ratings.user[k] != user) continue;
        own.ratings.user.push_back(own.users.add(all.users[user]));
        own.ratings.item.push_back(own.items.add(all.items[all.ratings.item[k]]));
        own.ratings.value.push_back(all.ratings.value[k]);
      }
      Factorization alone = trained;
      fold_in(alone, own, {.update = true});
      // Ratings of one user are in the order of their items, whatever the order of lines.
      CHECK(same_rows(alone, user, results[0], user, false));
    }
  }
}

TEST_CASE("users of a non-negative model get non-negative factors, which no small move betters") {
  const RatingList all = everyday_data().train;
  TrainSettings settings{.method = "nnmf"};
  settings.rank = 6;
  settings.iterations = 100;
  Factorization model = train(RatingData(part_of(all, 0, true)), {}, settings).model;
  const RatingList fresh = part_of(all, 0, false);
  // With little penalty, so that some factors would be negative if they could.
  const FoldInReport report = fold_in(model, fresh, {.regularisation = Regularisation{0.01, 0}});
  std::size_t zeros = 0;
  for (Index k = 0; k < report.added; ++k) {
    const Real* u = model.theta.data() + model.layout.user_row(report.users[k]);
    LongVector gradient(6);
    long double count = 0;
    for (std::size_t r = 0; r < fresh.ratings.size(); ++r) {
      if (fresh.ratings.user[r] != k) continue;
      ++count;
      const Real* v = model.theta.data() + model.layout.item_row(model.items.find(fresh.items[fresh.ratings.item[r]]));
      long double error = -static_cast<long double>(fresh.ratings.value[r]);
      for (std::size_t i = 0; i < 6; ++i) error += static_cast<long double>(u[i]) * static_cast<long double>(v[i]);
      for (std::size_t i = 0; i < 6; ++i) gradient[i] += error * static_cast<long double>(v[i]);
    }
    const long double lambda = report.regularisation->lambda + report.regularisation->per_rating * count;
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(u[i] >= 0);
      gradient[i] += lambda * static_cast<long double>(u[i]);
      const double slope = static_cast<double>(gradient[i] / count);
      zeros += u[i] == 0;
      // Karush, Kuhn and Tucker's conditions.
      CHECK(slope >= (kDouble ? -1e-7 : -1e-3));
      if (u[i] > 0) CHECK(slope <= (kDouble ? 1e-7 : 1e-3));
    }
  }
  CHECK(zeros > 0);
  CHECK(zeros < 6 * report.added);
}

std::string refusal(const Factorization& model, const RatingList& list, const FoldInSettings& settings = {}) {
  Factorization same = model;
  try {
    fold_in(same, list, settings);
  } catch (const Error& error) {
    CHECK(same.theta == model.theta);
    CHECK(same.layout == model.layout);
    CHECK(same.users.size() == model.users.size());
    CHECK(same.settings == model.settings);
    return error.what();
  }
  return "";
}

TEST_CASE("what cannot be folded in is refused, and the model left as it was") {
  const auto has = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  const RatingList all = everyday_data().train;
  Factorization model = train(RatingData(part_of(all, 0, true)), {}, newton_sweeps(2, true, {2, 0.05})).model;
  const RatingList fresh = part_of(all, 0, false);
  RatingList mixed = fresh;
  mixed.ratings.user.push_back(mixed.users.add(model.users[3]));
  mixed.ratings.item.push_back(0);
  mixed.ratings.value.push_back(4);
  has(refusal(model, mixed), "found the user '" + std::string(model.users[3]) + "' in the model already");
  has(refusal(model, part_of(all, 0, true)), " and 479 more in the model already");
  CHECK(refusal(model, mixed, {.update = true}) == "");
  has(refusal(model, {}), "there are no ratings to fold in");

  RatingList strangers;
  strangers.users.add("new");
  strangers.items.add("no such item");
  strangers.ratings = {{0}, {0}, {Real{3}}};
  has(refusal(model, strangers),
      "found no rating of an item that the model knows: the first item of the ratings is "
      "'no such item', the model's '" +
          std::string(model.items[0]) + "'");
  RatingList huge = fresh;
  huge.ratings.value[0] = std::numeric_limits<Real>::max();
  Factorization far = model;
  far.mean = -static_cast<double>(std::numeric_limits<Real>::max());
  has(refusal(far, huge), "are not finite");

  Factorization changed = model;
  changed.regularisation.reset();
  has(refusal(changed, fresh), "does not say what lambda");
  CHECK(refusal(changed, fresh, {.regularisation = Regularisation{1, 0}}) == "");
  changed = model;
  changed.training_pin.reset();
  has(refusal(changed, fresh), "train it again");
}

}  // namespace
}  // namespace odot
