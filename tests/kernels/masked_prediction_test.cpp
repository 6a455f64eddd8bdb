// Predictions of a row's ratings against products in long double.
#include "kernels/masked_prediction.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "kernels/ranks.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

// Predicts the ratings [begin, end) of `user` and compares; what is beyond them must stay as it was.
void check_piece(const FactorizationProblem& problem, const RatingSide& side, const Vector& theta, Index user,
                 Offset begin, Offset end) {
  constexpr Real kUntouched = 123;
  const FactorLayout& layout = problem.layout;
  const std::size_t u = layout.user_row(user);
  const auto count = static_cast<std::size_t>(end - begin);
  Vector out(count + kLanes, kUntouched);
  predict_row(side, begin, end, layout.stride(), theta.data() + u, theta.data() + layout.item_row(0), out.data());
  std::size_t wrong = 0;
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t v = layout.item_row(side.indices[begin + t]);
    Long sum = 0;
    Long size = 0;
    for (std::size_t k = 0; k < layout.width(); ++k) {
      const Long product = static_cast<Long>(theta[u + k]) * static_cast<Long>(theta[v + k]);
      sum += product;
      size += std::abs(product);
    }
    wrong += !(std::abs(static_cast<Long>(out[t]) - sum) <= tolerance(1e-14, 1e-6) * size);
  }
  for (std::size_t t = count; t < out.size(); ++t) wrong += out[t] != kUntouched;
  CHECK(wrong == 0);
}

TEST_CASE("predictions are right at every width, with every instruction set") {
  with_each_instruction_set([](const char* name) {
    CAPTURE(name);
    for (const int rank : tested_ranks()) {
      CAPTURE(rank);
      const FactorizationProblem problem = small_problem(rank, true);
      const RatingMatrix matrix = problem.matrix();
      const RatingSide side = matrix.by_user();
      const Vector theta = random_theta(problem.layout, 1, 7);
      for (Index user = 0; user < side.rows(); ++user) {
        check_piece(problem, side, theta, user, side.offsets[user], side.offsets[user + 1]);
      }
    }
  });
}

TEST_CASE("pieces of a row of every length") {
  const FactorizationProblem problem = small_problem(10, true);
  const RatingMatrix matrix = problem.matrix();
  const RatingSide side = matrix.by_user();
  const Vector theta = random_theta(problem.layout, 1, 8);
  const Index user = 2;  // has most ratings
  REQUIRE(side.count(user) > 40);
  for (Offset count = 0; count <= 40; ++count) {
    const Offset begin = side.offsets[user] + 3;
    check_piece(problem, side, theta, user, begin, begin + count);
    check_piece(problem, side, theta, user, side.offsets[user + 1] - count, side.offsets[user + 1]);
  }
}

}  // namespace
}  // namespace odot
