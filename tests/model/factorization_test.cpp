// Layout of θ, and predictions against a dense evaluation.
#include "odot/model/factorization.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "models.hpp"

namespace odot {
namespace {

TEST_CASE("rows of θ do not overlap and are padded to lanes") {
  for (int rank : {1, 6, 7, 8, 10, 33}) {
    for (bool biases : {false, true}) {
      CAPTURE(rank);
      const FactorLayout layout{3, 2, rank, biases};
      const auto width = static_cast<std::size_t>(rank + (biases ? 2 : 0));
      CHECK(layout.width() == width);
      CHECK(layout.stride() >= width);
      CHECK(layout.stride() < width + kLanes);
      CHECK(layout.stride() % kLanes == 0);
      std::set<std::size_t> seen;
      for (Index row = 0; row < 5; ++row) {
        const std::size_t first = row < 3 ? layout.user_row(row) : layout.item_row(row - 3);
        for (std::size_t k = 0; k < layout.stride(); ++k) seen.insert(first + k);
      }
      CHECK(seen.size() == layout.size());
      CHECK(*seen.rbegin() == layout.size() - 1);
    }
  }
  CHECK(FactorLayout{4'000'000'000, 4'000'000'000, 1024, true}.size() == 8'000'000'000ULL * 1032);
}

TEST_CASE("a bias meets the pin of the other side") {
  const FactorLayout layout{1, 1, 5, true};
  CHECK(layout.user_bias() == layout.item_pin());
  CHECK(layout.item_bias() == layout.user_pin());
  CHECK(layout.user_bias() == 5);
  CHECK(layout.item_bias() == 6);
  const FactorLayout plain{1, 1, 5, false};
  CHECK(plain.user_bias() == -1);
  CHECK(plain.item_bias() == -1);
  CHECK(plain.user_pin() == -1);
  CHECK(plain.item_pin() == -1);
}

TEST_CASE("a prediction is the mean plus the whole product of the rows") {
  for (int rank : {1, 2, 7, 8, 9, 16, 33, 200}) {
    for (bool biases : {false, true}) {
      CAPTURE(rank);
      CAPTURE(biases);
      const Factorization model = test::random_model(4, 3, rank, biases, 1.7);
      for (Index i = 0; i < 4; ++i) {
        for (Index j = 0; j < 3; ++j) {
          long double expected = model.mean;
          for (std::size_t k = 0; k < model.layout.stride(); ++k) {
            expected += static_cast<long double>(model.theta[model.layout.user_row(i) + k]) *
                        static_cast<long double>(model.theta[model.layout.item_row(j) + k]);
          }
          const double tolerance = 1e-13 + (biases ? 4 * static_cast<double>(std::numeric_limits<Real>::epsilon()) : 0);
          CHECK(std::abs(model.predict(i, j) - static_cast<double>(expected)) < tolerance);
        }
      }
    }
  }
}

TEST_CASE("with biases an unknown user or item leaves what is known of the other") {
  const Factorization model = test::random_model(4, 3, 5, true, 2);
  const auto b = static_cast<double>(model.theta[model.layout.user_row(2) + 5]) * 2;
  const auto c = static_cast<double>(model.theta[model.layout.item_row(1) + 6]) * 2;
  CHECK(model.predict(kUnknown, 1) == doctest::Approx(model.mean + 0.123 + c).epsilon(1e-12));
  CHECK(model.predict(2, kUnknown) == doctest::Approx(model.mean - 0.321 + b).epsilon(1e-12));
  CHECK(model.predict(kUnknown, kUnknown) == 3.14);
}

TEST_CASE("without biases whatever is unknown is predicted by the mean") {
  const Factorization model = test::random_model(4, 3, 5, false, 1);
  CHECK(model.predict(kUnknown, 1) == 3.14);
  CHECK(model.predict(2, kUnknown) == 3.14);
  CHECK(model.predict(kUnknown, kUnknown) == 3.14);
}

TEST_CASE("clipped values keep to the observed range") {
  const Factorization model = test::random_model(1, 1, 1, false, 1);
  CHECK(model.clipped(0.4) == 0.5);
  CHECK(model.clipped(0.5) == 0.5);
  CHECK(model.clipped(3) == 3);
  CHECK(model.clipped(7) == 5);
}

}  // namespace
}  // namespace odot
