// Errors of predictions against a plain loop.
#include "odot/model/evaluate.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "models.hpp"
#include "odot/core/error.hpp"

namespace odot {
namespace {

// Every seventh user and every fifth item is unknown.
Triples random_ratings(std::size_t count, Index users, Index items) {
  std::mt19937 generator(2);
  Triples ratings;
  for (std::size_t k = 0; k < count; ++k) {
    ratings.user.push_back(k % 7 == 0 ? kUnknown : static_cast<Index>(generator() % users));
    ratings.item.push_back(k % 5 == 0 ? kUnknown : static_cast<Index>(generator() % items));
    ratings.value.push_back(static_cast<Real>(generator() % 10) / 2);
  }
  return ratings;
}

TEST_CASE("RMSE and MAE are those of a plain loop, clipped or not") {
  for (std::size_t count : {1, 100, 50'000}) {
    for (bool clip : {false, true}) {
      CAPTURE(count);
      CAPTURE(clip);
      const Factorization model = test::random_model(100, 80, 12, true, 1);
      const Triples ratings = random_ratings(count, 100, 80);
      long double squares = 0, absolutes = 0;
      std::size_t unknown_users = 0, unknown_items = 0, clipped = 0;
      std::vector<double> expected;
      for (std::size_t k = 0; k < count; ++k) {
        double prediction = model.predict(ratings.user[k], ratings.item[k]);
        if (clip && prediction < 0.5) prediction = 0.5, ++clipped;
        if (clip && prediction > 5) prediction = 5, ++clipped;
        expected.push_back(prediction);
        const long double error = static_cast<long double>(prediction) - static_cast<long double>(ratings.value[k]);
        squares += error * error;
        absolutes += std::abs(error);
        unknown_users += ratings.user[k] == kUnknown;
        unknown_items += ratings.item[k] == kUnknown;
      }
      CHECK((clipped > 0) == (clip && count > 1));
      const Evaluation found = evaluate(model.view(), ratings, clip);
      const auto n = static_cast<long double>(count);
      CHECK(found.rmse == doctest::Approx(static_cast<double>(std::sqrt(squares / n))).epsilon(1e-12));
      CHECK(found.mae == doctest::Approx(static_cast<double>(absolutes / n)).epsilon(1e-12));
      CHECK(found.ratings == count);
      CHECK(found.unknown_users == unknown_users);
      CHECK(found.unknown_items == unknown_items);
      std::vector<double> out(count);
      predict(model.view(), ratings, clip, out);
      CHECK(out == expected);
    }
  }
}

TEST_CASE("an evaluation has the same bits on any number of threads") {
  const Factorization model = test::random_model(100, 80, 12, false, 1);
  const Triples ratings = random_ratings(100'000, 100, 80);
  const int before = threads();
  set_threads(1);
  const Evaluation expected = evaluate(model.view(), ratings, true);
  for (int count : {2, 3, 8}) {
    set_threads(count);
    const Evaluation found = evaluate(model.view(), ratings, true);
    CHECK(found.rmse == expected.rmse);
    CHECK(found.mae == expected.mae);
  }
  set_threads(before);
}

TEST_CASE("nothing to evaluate is no error") {
  const Evaluation found = evaluate(test::random_model(1, 1, 1, false, 1).view(), Triples{}, true);
  CHECK(found.ratings == 0);
  CHECK(found.rmse == 0);
  CHECK(found.mae == 0);
}

TEST_CASE("an index out of range is an error") {
  const Factorization model = test::random_model(3, 2, 1, false, 1);
  CHECK_THROWS_AS(evaluate(model.view(), Triples{{3}, {0}, {1}}, true), Error);
  CHECK_THROWS_AS(evaluate(model.view(), Triples{{0}, {2}, {1}}, true), Error);
  std::vector<double> out(1);
  CHECK_THROWS_AS(predict(model.view(), Triples{{0}, {2}, {}}, true, out), Error);
}

}  // namespace
}  // namespace odot
