// The penalty of one side's rows against its sum in long double.
#include "kernels/penalty.hpp"

#include <doctest/doctest.h>

#include "odot/core/parallel.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

TEST_CASE("uniform, by count and without any, with and without a pinned column, on both sides") {
  for (const double lambda : {0.0, 0.7, 30.0}) {
    for (const double per_rating : {0.0, 0.3}) {
      for (const bool biases : {false, true}) {
        for (const int rank : {1, 7, 40, 100}) {
          FactorizationProblem problem = long_column_problem(rank, biases, lambda, per_rating);
          CAPTURE(describe(problem));
          const FactorLayout& layout = problem.layout;
          const RatingMatrix matrix = problem.matrix();
          const Vector theta = random_theta(layout, 40, 3);
          const NaiveEvaluation naive = naive_evaluate(problem, widen(theta));
          const Penalty users{lambda, per_rating, layout.user_pin()};
          const Penalty items{lambda, per_rating, layout.item_pin()};
          const double of_users = users.value(matrix.by_user(), theta.data(), layout.stride());
          const double of_items = items.value(matrix.by_item(), theta.data() + layout.item_row(0), layout.stride());
          // A pin of 40 is subtracted from the norm, with what that costs in digits.
          CHECK(relative(of_users, naive.user_penalty) <= (biases ? tolerance(1e-11, 2e-3) : tolerance(1e-13, 1e-6)));
          CHECK(relative(of_items, naive.item_penalty) <= (biases ? tolerance(1e-11, 2e-3) : tolerance(1e-13, 1e-6)));
          set_threads(1);
          CHECK(users.value(matrix.by_user(), theta.data(), layout.stride()) == of_users);
          set_threads(0);
        }
      }
    }
  }
}

TEST_CASE("a row's own penalty") {
  const FactorizationProblem problem = small_problem(2, false);
  const RatingMatrix matrix = problem.matrix();
  const RatingSide side = matrix.by_user();
  CHECK(Penalty{0.5}.of_row(side, 0) == 0.5);
  CHECK(Penalty{0.5, 0.25}.of_row(side, 0) == 0.5);
  CHECK(Penalty{0.5, 0.25}.of_row(side, 1) == 0.75);
  CHECK(Penalty{0.5, 0.25}.of_row(side, 2) == 0.5 + 0.25 * 111);
}

}  // namespace
}  // namespace odot
