// First-order directions (algorithms 5 to 11) against the document's pseudo-code in plain loops.
#include "odot/optim/direction.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "odot/optim/minimize.hpp"
#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;

// The direction p_t of the pseudo-code from g_t; called with t = 1, 2, … in order.
using Reference = std::function<Plain(int t, const Plain& g)>;

Reference gd_reference() {
  return [](int, const Plain& g) { return plain_scale(-1, g); };
}

Reference momentum_reference(double beta, bool nesterov) {
  return [=, b = Plain()](int t, const Plain& g) mutable {
    Plain step = g;
    if (beta != 0) {
      b = t > 1 ? plain_add(g, beta, b) : g;
      step = nesterov ? plain_add(g, beta, b) : b;
    }
    return plain_scale(-1, step);
  };
}

// AdaGrad: gain 1. RMSProp: gain 1 − α.
Reference squares_reference(double alpha, double gain, double epsilon) {
  return [=, s = Plain()](int, const Plain& g) mutable {
    s.resize(g.size(), 0.0);
    Plain p(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) {
      s[i] = alpha * s[i] + gain * g[i] * g[i];
      p[i] = -g[i] / (std::sqrt(s[i]) + epsilon);
    }
    return p;
  };
}

Reference adam_reference(double beta1, double beta2, double epsilon) {
  return [=, m = Plain(), v = Plain()](int t, const Plain& g) mutable {
    m.resize(g.size(), 0.0);
    v.resize(g.size(), 0.0);
    Plain p(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      const double m_hat = m[i] / (1 - std::pow(beta1, t));
      const double v_hat = v[i] / (1 - std::pow(beta2, t));
      p[i] = -m_hat / (std::sqrt(v_hat) + epsilon);
    }
    return p;
  };
}

struct Case {
  std::string name;
  ParameterValues values;
  Reference reference;
};

std::vector<Case> cases() {
  return {
      {"gd", {}, gd_reference()},
      {"heavy-ball", {}, momentum_reference(0.9, false)},
      {"heavy-ball", {{"momentum", 0.5}}, momentum_reference(0.5, false)},
      {"heavy-ball", {{"momentum", 0}}, gd_reference()},
      {"nesterov", {}, momentum_reference(0.9, true)},
      {"nesterov", {{"momentum", 0.3}}, momentum_reference(0.3, true)},
      {"nesterov", {{"momentum", 0}}, gd_reference()},
      {"adagrad", {}, squares_reference(1, 1, 1e-8)},
      {"adagrad", {{"decay", 0.7}, {"epsilon", 0.5}}, squares_reference(0.7, 1, 0.5)},
      {"rmsprop", {}, squares_reference(0.99, 1 - 0.99, 1e-8)},
      {"rmsprop", {{"decay", 0.5}, {"epsilon", 0.25}}, squares_reference(0.5, 0.5, 0.25)},
      {"adam", {}, adam_reference(0.9, 0.999, 1e-8)},
      {"adam", {{"beta1", 0.5}, {"beta2", 0.75}, {"epsilon", 0.1}}, adam_reference(0.5, 0.75, 0.1)},
      {"adam", {{"beta1", 0}}, adam_reference(0, 0.999, 1e-8)},
  };
}

// Steps `direction` by hand, γ = step, comparing every direction with `reference`.
void check_steps(Direction& direction, Reference reference, PlainObjective& objective, const Plain& start,
                 double step) {
  const std::size_t n = start.size();
  direction.reset(n);
  Iterate previous;
  Iterate current = iterate_at(objective, to_vector(start));
  Vector d(n);
  for (int t = 1; t <= 8; ++t) {
    CAPTURE(t);
    direction.next(t > 1 ? &previous : nullptr, current, d);
    CHECK(relative_error(to_plain(d), reference(t, to_plain(current.gradient))) <= tolerance(1e-13, 2e-6));
    previous = current;
    current = iterate_at(objective, to_vector(plain_add(to_plain(current.x), step, to_plain(d))));
  }
}

TEST_CASE("first-order directions are the document's, default and other parameters") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const auto direction = make_direction(c.name, c.values);
    PlainObjective bowl = quadratic(5);
    check_steps(*direction, c.reference, bowl, {3, -1, 2, 0.5, -2}, 0.01);
    // reset() forgets everything, also the size; the reference is copied before it has seen anything.
    PlainObjective valley = rosenbrock();
    check_steps(*direction, c.reference, valley, {-1.2, 1}, 1e-3);
  }
}

TEST_CASE("first-order directions on vectors that are cut into several chunks of work") {
  const std::size_t n = 20'000;
  const Plain start = Uniform(7).vector(n, -1, 1);
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const auto direction = make_direction(c.name, c.values);
    PlainObjective bowl = quadratic(n, 1.0 / static_cast<double>(n));
    check_steps(*direction, c.reference, bowl, start, 0.01);
  }
}

TEST_CASE("a zero gradient gives a finite direction") {
  for (const Algorithm& method : optimizers()) {
    CAPTURE(method.name);
    const auto direction = make_direction(method.name);
    direction->reset(3);
    const Iterate first{{1, 2, 3}, {0, 0, 1}, 1};
    const Iterate second{{1, 2, Real(2.5)}, {0, 0, 0}, 0.5};
    Vector d(3);
    direction->next(nullptr, first, d);
    CHECK(all_finite(d));
    CHECK(d[2] < 0);
    CHECK(d[0] == 0);
    direction->next(&first, second, d);
    CHECK(all_finite(d));
  }
}

// The first direction at x = (3, 4) with this gradient, as shares of the gradient's elements.
Plain first_shares(Direction& direction, const Plain& gradient) {
  direction.reset(2);
  Vector d(2);
  direction.next(nullptr, {to_vector({3, 4}), to_vector(gradient), 0}, d);
  return {static_cast<double>(d[0]) / gradient[0], static_cast<double>(d[1]) / gradient[1]};
}

TEST_CASE("directions state what they are: scaled element by element, of a length of their own, or gain times −∇f") {
  int own = 0;
  int scaled = 0;
  for (const Algorithm& method : optimizers()) {
    CAPTURE(method.name);
    const auto direction = make_direction(method.name);
    const Plain shares = first_shares(*direction, {1, 100});
    const Plain larger = first_shares(*direction, {1000, 100'000});
    // Only where elements are scaled one by one does each get a share of its own.
    CHECK((std::abs(shares[0] / shares[1] - 1) > 1e-3) == direction->scales_elements());
    if (direction->scales_elements()) {
      ++scaled;
    } else if (direction->unit_step()) {
      ++own;
      CHECK(shares[0] < 0);
    } else {
      CHECK(larger[0] == doctest::Approx(shares[0]).epsilon(1e-5));  // as long as the gradient makes it
      direction->reset(1);
      Vector d(1);
      const Iterate point{{0}, {1}, 0};
      for (int t = 0; t < 400; ++t) direction->next(t > 0 ? &point : nullptr, point, d);
      CHECK(static_cast<double>(d[0]) == doctest::Approx(-direction->gain()).epsilon(1e-5));
    }
  }
  CHECK(own >= 3);
  CHECK(scaled >= 3);
  for (const std::string name : {"adgd", "bfgs", "lbfgs"}) CHECK(make_direction(name)->unit_step());
  for (const std::string name : {"heavy-ball", "nesterov"}) {
    CHECK(make_direction(name, {{"momentum", 0.75}})->gain() == doctest::Approx(4));
  }
}

// Algorithm 6 with the step of Malitsky & Mishchenko (2020): every iterate from x_0 on, in double.
std::vector<Plain> adgd_iterates(const PlainObjective& f, const Plain& start, double first_step, int iterations) {
  const double x_norm = plain_norm(start) > 0 ? plain_norm(start) : 1;
  double lambda = first_step * x_norm / plain_norm(f.gradient(start));
  double theta = std::numeric_limits<double>::infinity();
  std::vector<Plain> x = {start, plain_add(start, -lambda, f.gradient(start))};
  for (int t = 1; t < iterations; ++t) {
    const Plain& now = x[x.size() - 1];
    const Plain& before = x[x.size() - 2];
    const double moved = plain_norm(plain_add(now, -1, before));
    const double turned = plain_norm(plain_add(f.gradient(now), -1, f.gradient(before)));
    const double next = std::min(std::sqrt(1 + theta) * lambda, moved / (2 * turned));
    theta = next / lambda;
    lambda = next;
    x.push_back(plain_add(now, -lambda, f.gradient(now)));
  }
  return x;
}

TEST_CASE("adgd under a constant step is Malitsky and Mishchenko's algorithm") {
  const auto check = [](PlainObjective objective, const Plain& start, const ParameterValues& values, double first) {
    const int iterations = 12;
    const std::vector<Plain> expected = adgd_iterates(objective, start, first, iterations);
    const auto direction = make_direction("adgd", values);
    const auto rule = make_step_rule("constant");  // "auto" is 1 for directions with their own length
    Vector x = to_vector(start);
    std::size_t seen = 0;
    minimize(objective, *direction, *rule, {.iterations = iterations}, x, [&](const Progress& progress) {
      CAPTURE(progress.counts.iterations);
      REQUIRE(seen < expected.size());
      CHECK(relative_error(to_plain(progress.current.x), expected[seen]) <= tolerance(1e-10, 2e-4));
      ++seen;
      return true;
    });
    CHECK(seen == expected.size());
  };
  check(quadratic(5), {3, -1, 2, 0.5, -2}, {}, 1e-2);
  check(quadratic(5, 100), {3, -1, 2, 0.5, -2}, {{"first-step", 1e-3}}, 1e-3);
  check(quadratic(4), {0, 0, 0, 0}, {}, 1e-2);
  check(small_factorization(), {1, 1, 1, 1, 1}, {{"first-step", 0.05}}, 0.05);
}

TEST_CASE("adgd measures the last two iterates as they are, whatever the step rule made of its direction") {
  // f' = x³: moved / turned depends on where the points really are.
  PlainObjective objective = scalar([](double x) { return x * x * x * x / 4; }, [](double x) { return x * x * x; });
  const auto direction = make_direction("adgd", {{"first-step", 0.5}});
  direction->reset(1);
  const Iterate first = iterate_at(objective, {2});
  Vector d(1);
  direction->next(nullptr, first, d);
  CHECK(static_cast<double>(d[0]) == doctest::Approx(-0.5 * 2));  // length first_step · ‖x‖
  const Iterate second = iterate_at(objective, {Real(1.75)});     // a quarter of it
  direction->next(&first, second, d);
  const double gradient = 1.75 * 1.75 * 1.75;
  CHECK(static_cast<double>(d[0]) == doctest::Approx(-0.25 / (2 * (8 - gradient)) * gradient).epsilon(1e-5));
}

TEST_CASE("adgd stays finite on a linear function, where the gradient never turns") {
  PlainObjective objective = scalar([](double x) { return x; }, [](double) { return 1.0; });
  const auto direction = make_direction("adgd");
  direction->reset(1);
  Iterate previous;
  Iterate current = iterate_at(objective, {1});
  Vector d(1);
  for (int t = 0; t < 10; ++t) {
    direction->next(t > 0 ? &previous : nullptr, current, d);
    CHECK(all_finite(d));
    CHECK(d[0] < 0);
    previous = current;
    current = iterate_at(objective, {current.x[0] + d[0]});
  }
}

}  // namespace
}  // namespace odot
