// Runs that share a workspace: the same bits as without, and nothing is allocated.
#include <doctest/doctest.h>

#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "support/allocations.hpp"

namespace odot {
namespace {

// Σ k (x_k − k)², which allocates nothing.
class Bowl : public Objective {
 public:
  explicit Bowl(std::size_t n) : n_(n) {}
  std::size_t size() const override { return n_; }
  double value_gradient(ConstSpan x, Span gradient) override {
    double value = 0;
    for (std::size_t k = 0; k < n_; ++k) {
      const double weight = static_cast<double>(k + 1);
      const double distance = static_cast<double>(x[k]) - weight;
      value += weight * distance * distance;
      gradient[k] = static_cast<Real>(2 * weight * distance);
    }
    return value;
  }
  std::optional<LinePolynomial> line(ConstSpan x, ConstSpan d) override {
    LinePolynomial line;
    for (std::size_t k = 0; k < n_; ++k) {
      const double weight = static_cast<double>(k + 1);
      const auto step = static_cast<double>(d[k]);
      line.c[0] += 2 * weight * (static_cast<double>(x[k]) - weight) * step;
      line.c[1] += weight * step * step;
    }
    return line;
  }

 private:
  std::size_t n_;
};

TEST_CASE("a run in a used workspace gives the same bits and allocates nothing") {
  if (!test::kCountsAllocations) MESSAGE("allocations cannot be counted in this build");
  const StopSettings stop{.iterations = 12};
  for (const Algorithm& optimizer : optimizers()) {
    for (const Algorithm& search : line_searches()) {
      CAPTURE(optimizer.name);
      CAPTURE(search.name);
      Bowl bowl(6);
      const auto solve = [&](MinimizeWorkspace& workspace, Direction& direction, StepRule& rule, Vector& x) {
        return minimize(bowl, direction, rule, stop, x, {}, workspace);
      };
      Vector fresh_x(6);
      MinimizeWorkspace fresh;
      const auto fresh_direction = make_direction(optimizer.name);
      const auto fresh_rule = make_step_rule(search.name);
      const Summary expected = solve(fresh, *fresh_direction, *fresh_rule, fresh_x);

      Vector x(6, Real{100});
      MinimizeWorkspace workspace;
      const auto direction = make_direction(optimizer.name);
      const auto rule = make_step_rule(search.name);
      solve(workspace, *direction, *rule, x);
      x.assign(6, Real{0});
      const long before = test::allocations;
      const Summary again = solve(workspace, *direction, *rule, x);
      const long after = test::allocations;
      CHECK(after == before);
      CHECK((x == fresh_x));
      CHECK(again.value == expected.value);
      CHECK(again.counts.iterations == expected.counts.iterations);
      CHECK(again.counts.evaluations == expected.counts.evaluations);
      CHECK(again.reason == expected.reason);
    }
  }
}

TEST_CASE("a workspace that served another size serves this one") {
  MinimizeWorkspace workspace;
  const auto direction = make_direction("bfgs");
  const auto rule = make_step_rule("weak-wolfe");
  for (const std::size_t n : {6, 3, 9}) {
    Bowl bowl(n);
    Vector x(n);
    Vector expected(n);
    minimize(bowl, *direction, *rule, {.iterations = 8}, x, {}, workspace);
    const auto fresh_direction = make_direction("bfgs");
    const auto fresh_rule = make_step_rule("weak-wolfe");
    minimize(bowl, *fresh_direction, *fresh_rule, {.iterations = 8}, expected);
    CHECK((x == expected));
  }
}

TEST_CASE("allocations are counted") {
  if (!test::kCountsAllocations) return;
  const long before = test::allocations;
  const Vector aligned(100);
  const std::vector<double> plain(100);
  CHECK(test::allocations == before + 2);
  CHECK(aligned.size() == plain.size());
}

}  // namespace
}  // namespace odot
