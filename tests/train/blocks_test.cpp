// Row by row and column by column: against the printed loop, never upwards, every row once a sweep.
#include <doctest/doctest.h>

#include "odot/ratings/synthetic.hpp"
#include "support/dense_solve.hpp"
#include "train/method_task.hpp"

namespace odot {
namespace {

using namespace test;

constexpr double kPin = 1.75;

TrainSettings blocks(std::string_view optimizer = kNewton, int sweeps = 4) {
  TrainSettings settings{.method = "blocks"};
  settings.optimizer = optimizer;
  limit(settings, {.iterations = sweeps});
  return settings;
}

// Row `row` of θ becomes the minimiser of f in its free elements, all else as it is.
void solve_row(const FactorizationProblem& problem, std::size_t row, std::vector<Long>& theta) {
  const FactorLayout& layout = problem.layout;
  const bool is_user = row < layout.users;
  const int pin = is_user ? layout.user_pin() : layout.item_pin();
  std::vector<std::size_t> free;
  for (std::size_t k = 0; k < layout.width(); ++k) {
    if (static_cast<int>(k) != pin) free.push_back(k);
  }
  LongMatrix a(free.size(), LongVector(free.size()));
  LongVector b(free.size());
  for (std::size_t i = 0; i < free.size(); ++i) a[i][i] = row_lambdas(problem)[row];
  const auto add = [&](std::size_t partner, Long target, Long weight) {
    const Long* other = theta.data() + partner * layout.stride();
    if (pin >= 0) target -= theta[row * layout.stride() + static_cast<std::size_t>(pin)] * other[pin];
    for (std::size_t i = 0; i < free.size(); ++i) {
      b[i] += weight * target * other[free[i]];
      for (std::size_t k = 0; k < free.size(); ++k) a[i][k] += weight * other[free[i]] * other[free[k]];
    }
  };
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    const std::size_t user = problem.ratings.user[t];
    const std::size_t item = layout.users + problem.ratings.item[t];
    if ((is_user ? user : item) == row) add(is_user ? item : user, problem.ratings.value[t], 1);
  }
  const std::size_t first = is_user ? layout.users : 0;
  const std::size_t partners = is_user ? layout.items : layout.users;
  for (std::size_t partner = first; problem.unobserved_weight > 0 && partner < first + partners; ++partner) {
    add(partner, problem.unobserved_target, problem.unobserved_weight);
  }
  const LongVector solution = dense_solve(a, b);
  for (std::size_t i = 0; i < free.size(); ++i) theta[row * layout.stride() + free[i]] = solution[i];
}

// Algorithm 13 as printed, one row at a time, but for the end of its loop over t: the printed one, n + m − 1, is only
// enough where k_U / k_V = m / n.
void printed_sweep(const FactorizationProblem& problem, long k_u, long k_v, long end, std::vector<Long>& theta) {
  const long m = problem.layout.users;
  const long n = problem.layout.items;
  const long d = k_u + k_v;
  for (long t = 0; t <= end; ++t) {
    const long r = t % d;
    if (r < k_u) {
      const long i = k_u * (t / d) + r + 1;
      if (i > m) continue;
      solve_row(problem, static_cast<std::size_t>(i - 1), theta);
    } else {
      const long j = k_v * (t / d) + r - k_u + 1;
      if (j > n) continue;
      solve_row(problem, static_cast<std::size_t>(m + j - 1), theta);
    }
  }
}

double worst_difference(const Vector& theta, const std::vector<Long>& expected) {
  double worst = 0;
  for (std::size_t k = 0; k < theta.size(); ++k) {
    const auto error = static_cast<double>(std::abs(theta[k] - expected[k]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

// 12 × 18 with about half of the entries.
FactorizationProblem dozen(bool biases, double lambda, double per_rating) {
  FactorizationProblem problem{{12, 18, 3, biases}, {}, lambda, per_rating};
  Uniform uniform(5);
  for (Index user = 0; user < 12; ++user) {
    for (Index item = 0; item < 18; ++item) {
      const double value = uniform(-4, 4);
      if (value < 0 && item != user) continue;
      problem.ratings.user.push_back(user);
      problem.ratings.item.push_back(item);
      problem.ratings.value.push_back(static_cast<Real>(value));
    }
  }
  return problem;
}

TEST_CASE("two sweeps of newton are the printed loop, one row after another") {
  for (const bool biases : {false, true}) {
    for (const auto& [per_rating, unobserved] : {std::pair{0.0, 0.0}, {0.3, 0.0}, {0.3, 0.4}}) {
      const FactorizationProblem problem = with_unobserved(dozen(biases, 0.8, per_rating), unobserved, 0.7);
      CAPTURE(describe(problem));
      const Vector start = random_theta(problem.layout, kPin, 3);
      // Where the ratio is m / n, the printed end of the loop is right.
      for (const auto& sizes : {std::pair{2L, 3L}, {4L, 6L}, {12L, 18L}, {1L, 1L}, {1L, 4L}, {5L, 2L}, {7L, 7L}}) {
        const auto k_u = sizes.first;
        const auto k_v = sizes.second;
        CAPTURE(k_u);
        CAPTURE(k_v);
        const long end = k_u * 3 == k_v * 2 ? 18 + 12 - 1 : 1000;
        std::vector<Long> expected = widen(start);
        printed_sweep(problem, k_u, k_v, end, expected);
        printed_sweep(problem, k_u, k_v, end, expected);
        TrainSettings settings = blocks(kNewton, 2);
        settings.block_rows = static_cast<Index>(k_u);
        settings.block_cols = static_cast<Index>(k_v);
        const MethodRun run = run_method(run_blocks, problem, settings, start);
        CHECK(worst_difference(run.theta, expected) <= tolerance(1e-11, 1e-3));
      }
    }
  }
}

TEST_CASE("block sizes: one gives the other, none an eighth of all") {
  const FactorizationProblem problem = dozen(true, 0.8, false);
  const Vector start = random_theta(problem.layout, kPin, 4);
  const auto theta = [&](Index rows, Index cols) {
    TrainSettings settings = blocks(kNewton, 1);
    settings.block_rows = rows;
    settings.block_cols = cols;
    return run_method(run_blocks, problem, settings, start).theta;
  };
  CHECK((theta(4, 0) == theta(4, 6)));
  CHECK((theta(0, 6) == theta(4, 6)));
  CHECK((theta(0, 1) == theta(1, 1)));
  CHECK((theta(0, 0) == theta(2, 3)));
  CHECK((theta(0, 0) != theta(4, 6)));
  CHECK((theta(1000, 1000) == theta(12, 18)));
  CHECK((theta(4000000000U, 1) == theta(12, 1)));
}

TEST_CASE("the objective never rises, and is what the method says it is") {
  for (const bool biases : {false, true}) {
    for (const auto& [per_rating, unobserved] : {std::pair{0.0, 0.0}, {0.3, 0.0}, {0.3, 0.2}}) {
      const FactorizationProblem problem =
          with_unobserved(small_problem(5, biases, per_rating > 0 ? 0 : 0.8, per_rating / 5), unobserved, -0.5);
      CAPTURE(describe(problem));
      const Vector start = random_theta(problem.layout, kPin, 5);
      for (const auto& sizes : {std::pair<Index, Index>{1, 1}, {7, 7}, {40, 112}, {9, 0}, {0, 2}, {0, 0}}) {
        const auto rows = sizes.first;
        const auto cols = sizes.second;
        CAPTURE(rows);
        CAPTURE(cols);
        TrainSettings settings = blocks(kNewton, 5);
        settings.block_rows = rows;
        settings.block_cols = cols;
        const MethodRun newton = run_method(run_blocks, problem, settings, start);
        check_never_rises(newton);
        CHECK(newton.objectives.back() < 0.5 * newton.objectives.front());
        for (const std::string optimizer : {"gd", "heavy-ball", "adam", "bfgs", "lbfgs"}) {
          for (const Algorithm& search : line_searches()) {
            if (!make_step_rule(search.name)->needs_descent()) continue;
            CAPTURE(optimizer);
            CAPTURE(search.name);
            settings.optimizer = optimizer;
            settings.line_search = search.name;
            const MethodRun run = run_method(run_blocks, problem, settings, start);
            check_never_rises(run);
            CHECK(run.objectives.back() < 0.7 * run.objectives.front());
            CHECK(run.outcome.summary.counts.trials >= run.outcome.summary.counts.lines);
          }
        }
        settings.line_search.reset();
      }
    }
  }
}

TEST_CASE("long rows and columns: the objective never rises, and is what the method says it is") {
  for (const std::string_view optimizer : {kNewton, std::string_view("bfgs")}) {
    for (const bool column : {false, true}) {
      const FactorizationProblem problem =
          column ? long_column_problem(4, true, 0.02, true) : long_row_problem(4, true, 0.02, true);
      const MethodRun run =
          run_method(run_blocks, problem, blocks(optimizer, 3), random_theta(problem.layout, kPin, 6));
      check_never_rises(run);
      CHECK(run.objectives.back() < 0.5 * run.objectives.front());
    }
  }
}

TEST_CASE("without penalty and with more factors than ratings the objective never rises either") {
  const RatingList list = synthesize({.users = 300, .items = 150, .ratings = 4500, .seed = 5}).list;
  for (const int rank : {8, 16, 40}) {
    const FactorizationProblem problem{{list.users.size(), list.items.size(), rank, true}, list.ratings};
    CAPTURE(describe(problem));
    for (const std::string_view optimizer : {kNewton, std::string_view("bfgs")}) {
      CAPTURE(optimizer);
      const MethodRun run =
          run_method(run_blocks, problem, blocks(optimizer, 25), random_theta(problem.layout, kPin, 6));
      for (std::size_t t = 1; t < run.objectives.size(); ++t) {
        CHECK(run.objectives[t] <= run.objectives[t - 1] + tolerance(1e-13, 1e-6) * run.objectives[0]);
      }
      CHECK(run.objectives.back() < 0.1 * run.objectives.front());
    }
  }
}

TEST_CASE("where the ratings are met exactly the objective does not fall below zero") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
    FactorizationProblem problem = dozen(false, 0, false);
    problem.layout.rank = 24;
    const MethodRun run =
        run_method(run_blocks, problem, blocks(kNewton, 12), random_theta(problem.layout, kPin, seed));
    CHECK(run.outcome.summary.value >= 0);
    CHECK(run.outcome.summary.value <= tolerance(1e-12, 1e-5) * run.objectives.front());
  }
}

TEST_CASE("every row and column with ratings is updated exactly once a sweep") {
  const FactorizationProblem problem = small_problem(4, false);
  const Vector start = random_theta(problem.layout, kPin, 7);
  TrainSettings settings = blocks("gd", 3);
  settings.line_search = "exact";
  settings.inner_iterations = 1;
  // User 0 and item 0 have no rating.
  constexpr long kRows = 39 + 111;
  for (const auto& sizes : {std::pair<Index, Index>{1, 1}, {1, 100}, {30, 1}, {40, 112}, {7, 7}}) {
    const auto rows = sizes.first;
    const auto cols = sizes.second;
    CAPTURE(rows);
    CAPTURE(cols);
    settings.block_rows = rows;
    settings.block_cols = cols;
    const MethodRun run = run_method(run_blocks, problem, settings, start);
    REQUIRE(run.counts.size() == 4);
    for (long sweep = 0; sweep < 4; ++sweep) {
      const Counts& counts = run.counts[static_cast<std::size_t>(sweep)];
      CHECK(counts.evaluations == 2 * kRows * sweep);
      CHECK(counts.lines == kRows * sweep);
      CHECK(counts.trials == kRows * sweep);
    }
    std::size_t unchanged = 0;
    for (std::size_t row = 0; row < 152; ++row) {
      const auto at = static_cast<std::ptrdiff_t>(row * problem.layout.stride());
      unchanged += std::equal(start.begin() + at, start.begin() + at + 4, run.iterates[1].begin() + at);
    }
    CHECK(unchanged == 2);
  }
}

TEST_CASE("rows without ratings: zero under a penalty, as they were without one or by count") {
  for (const auto& [lambda, per_rating] : {std::pair{0.5, 0.0}, {0.0, 0.0}, {0.0, 0.5}}) {
    const FactorizationProblem problem = small_problem(4, true, lambda, per_rating);
    const FactorLayout& layout = problem.layout;
    const Vector start = random_theta(layout, kPin, 8);
    const Vector theta = run_method(run_blocks, problem, blocks(kNewton, 2), start).theta;
    for (const std::size_t row : {layout.user_row(0), layout.item_row(0)}) {
      const int pin = row == 0 ? layout.user_pin() : layout.item_pin();
      for (std::size_t k = 0; k < layout.stride(); ++k) {
        const bool zeroed = lambda > 0 && static_cast<int>(k) != pin;
        CHECK(theta[row + k] == (zeroed ? Real{0} : start[row + k]));
      }
    }
  }
}

TEST_CASE("pins and padding stay as they are") {
  const FactorizationProblem problem = long_row_problem(3, true, 0.5, false);
  const FactorLayout& layout = problem.layout;
  for (const std::string_view optimizer : {kNewton, std::string_view("adam")}) {
    const Vector theta = run_method(run_blocks, problem, blocks(optimizer, 1), random_theta(layout, kPin, 9)).theta;
    std::size_t wrong = 0;
    for (std::size_t row = 0; row < std::size_t{layout.users} + layout.items; ++row) {
      const Real* values = theta.data() + row * layout.stride();
      wrong += values[row < layout.users ? layout.user_pin() : layout.item_pin()] != Real(kPin);
      for (std::size_t k = 5; k < 8; ++k) wrong += values[k] != 0;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("after many sweeps all rows are at their minima at once") {
  const FactorizationProblem problem = dozen(true, 1, false);
  const Vector start = random_theta(problem.layout, kPin, 10);
  const MethodRun run = run_method(run_blocks, problem, blocks(kNewton, 500), start);
  const NaiveEvaluation naive = naive_evaluate(problem, widen(run.theta));
  Long worst = 0;
  for (const Long element : naive.gradient) worst = std::max(worst, std::abs(element));
  CHECK(static_cast<double>(worst) <= tolerance(1e-6, 1e-2));
}

TEST_CASE("it stops as it is told") {
  const FactorizationProblem problem = dozen(false, 0.8, false);
  const Vector start = random_theta(problem.layout, kPin, 11);
  const MethodRun none = run_method(run_blocks, problem, blocks(kNewton, 0), start);
  CHECK(none.outcome.summary.reason == StopReason::iterations);
  CHECK(none.outcome.passes == 1);
  CHECK((none.theta == start));
  const MethodRun four = run_method(run_blocks, problem, blocks(kNewton, 4), start);
  CHECK(four.outcome.passes == 9);
  CHECK(four.outcome.summary.counts.iterations == 4);
  CHECK((four.theta == four.iterates.back()));

  TrainSettings settings = blocks(kNewton, 1000);
  settings.tolerance = 1e-3;
  const MethodRun settled = run_method(run_blocks, problem, settings, start);
  CHECK(settled.outcome.summary.reason == StopReason::tolerance);
  const std::vector<double>& f = settled.objectives;
  REQUIRE(f.size() > 3);
  for (std::size_t t = 1; t < f.size(); ++t) CHECK((f[t - 1] - f[t] <= 1e-3 * f[t - 1]) == (t + 1 == f.size()));

  limit(settings, {.iterations = 1000, .seconds = 1e-9});
  const MethodRun timed = run_method(run_blocks, problem, settings, start);
  CHECK(timed.outcome.summary.reason == StopReason::time);
  CHECK(timed.outcome.summary.counts.iterations < 1000);

  const RatingMatrix matrix = problem.matrix();
  for (const int at : {0, 2}) {
    const TrainSettings many = blocks(kNewton, 50);
    Vector theta = start;
    const TrainTask task{
        matrix, problem.layout, many, {problem.lambda, problem.per_rating}, [&](const TrainState& state) {
          return state.counts.iterations < at;
        }};
    const TrainOutcome outcome = run_blocks(task, theta);
    CHECK(outcome.summary.reason == StopReason::interrupted);
    CHECK(outcome.summary.counts.iterations == at);
    CHECK((theta == four.iterates[static_cast<std::size_t>(at)]));
  }
}

TEST_CASE("a step that is too long diverges, is told, and the last good iterate is kept") {
  const FactorizationProblem problem = dozen(false, 0.8, false);
  const Vector start = random_theta(problem.layout, kPin, 12);
  for (const double step : {0.3, 10.0, 1e30}) {
    CAPTURE(step);
    TrainSettings settings = blocks("gd", 200);
    settings.line_search = "constant";
    settings.parameters = {{"step", step}};
    const MethodRun run = run_method(run_blocks, problem, settings, start);
    CHECK(run.outcome.summary.reason == StopReason::diverged);
    REQUIRE(!run.iterates.empty());
    CHECK((run.theta == run.iterates.back()));
    CHECK(all_finite(run.theta));
    CHECK(run.outcome.summary.value == doctest::Approx(run.objectives.back()).epsilon(1e-4));
    CHECK(run.outcome.summary.counts.iterations + 1 == static_cast<int>(run.iterates.size()));
  }
}

}  // namespace
}  // namespace odot
