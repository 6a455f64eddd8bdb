// BFGS against algorithm 12 in plain matrices, L-BFGS against the dense product form that it stands for.
#include <doctest/doctest.h>

#include <deque>

#include "odot/core/error.hpp"
#include "odot/optim/registry.hpp"
#include "support/optim_problems.hpp"

namespace odot {
namespace {

using namespace test;
using Matrix = std::vector<Plain>;

Matrix identity(std::size_t n, double diagonal) {
  Matrix h(n, Plain(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) h[i][i] = diagonal;
  return h;
}

Plain times(const Matrix& h, const Plain& v) {
  Plain result;
  for (const Plain& row : h) result.push_back(plain_dot(row, v));
  return result;
}

// Algorithm 12's update as printed.
Matrix document_update(const Matrix& h, const Plain& s, const Plain& y) {
  const double sy = plain_dot(s, y);
  const Plain hy = times(h, y);
  const double outer = (sy + plain_dot(y, hy)) / (sy * sy);
  Matrix result = h;
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (std::size_t j = 0; j < s.size(); ++j) {
      result[i][j] += outer * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
    }
  }
  return result;
}

// Nocedal & Wright (7.16): H⁺ = VᵀHV + ρ s sᵀ with V = I − ρ y sᵀ.
Matrix product_update(const Matrix& h, const Plain& s, const Plain& y) {
  const std::size_t n = s.size();
  const double rho = 1 / plain_dot(s, y);
  Matrix v = identity(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) v[i][j] -= rho * y[i] * s[j];
  }
  Matrix result(n, Plain(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t l = 0; l < n; ++l) result[i][j] += v[k][i] * h[k][l] * v[l][j];
      }
      result[i][j] += rho * s[i] * s[j];
    }
  }
  return result;
}

struct Pair {
  Plain s, y;
};

Pair pair_between(const Iterate& previous, const Iterate& current) {
  return {plain_add(to_plain(current.x), -1, to_plain(previous.x)),
          plain_add(to_plain(current.gradient), -1, to_plain(previous.gradient))};
}

// −H g of L-BFGS from the pairs kept, the oldest first.
Plain lbfgs_reference(const std::deque<Pair>& pairs, const Iterate& current, double first_step) {
  const Plain g = to_plain(current.gradient);
  if (pairs.empty()) {
    const double x_norm = plain_norm(to_plain(current.x));
    return plain_scale(-first_step * (x_norm > 0 ? x_norm : 1) / plain_norm(g), g);
  }
  const Pair& last = pairs.back();
  Matrix h = identity(g.size(), plain_dot(last.s, last.y) / plain_dot(last.y, last.y));
  for (const Pair& pair : pairs) h = product_update(h, pair.s, pair.y);
  return plain_scale(-1, times(h, g));
}

// The current iterate moved along d; the steps differ so that the pairs do.
Iterate moved(Objective& objective, const Iterate& current, const Vector& d, double step) {
  return iterate_at(objective, to_vector(plain_add(to_plain(current.x), step, to_plain(d))));
}

TEST_CASE("bfgs is algorithm 12") {
  const auto check = [](Direction& direction, PlainObjective objective, const Plain& start, double step) {
    const std::size_t n = start.size();
    direction.reset(n);
    CHECK(direction.unit_step());
    Matrix h = identity(n, 1);
    Iterate previous;
    Iterate current = iterate_at(objective, to_vector(start));
    Vector d(n);
    for (int t = 1; t <= 8; ++t) {
      CAPTURE(t);
      direction.next(t > 1 ? &previous : nullptr, current, d);
      if (t > 1) {
        const auto [s, y] = pair_between(previous, current);
        REQUIRE(plain_dot(s, y) > 0);
        h = document_update(h, s, y);
      }
      CHECK(relative_error(to_plain(d), plain_scale(-1, times(h, to_plain(current.gradient)))) <=
            tolerance(1e-9, 2e-3));
      previous = current;
      current = moved(objective, current, d, step / t);
    }
  };
  const auto direction = make_direction("bfgs", {{"initial-hessian", 1}});
  check(*direction, quadratic(5), {3, -1, 2, 0.5, -2}, 0.3);
  check(*direction, quadratic(3), {0, 0, 0}, 0.2);  // reset() forgets the matrix and its size
  check(*direction, small_factorization(), {1, 1.5, 1, 1.25, 2}, 0.01);
  check(*direction, quadratic(150, 0.01), Uniform(8).vector(150, -1, 1), 0.3);  // more rows than a chunk of work
}

TEST_CASE("bfgs leaves its matrix alone when the curvature along the step is not positive") {
  const auto direction = make_direction("bfgs", {{"initial-hessian", 1}});
  direction->reset(2);
  Vector d(2);
  const Iterate first{{0, 0}, {2, 1}, 0};
  const Iterate second{{-1, 0}, {1, Real(0.5)}, 0};  // sᵀy = 1
  const Iterate third{{-1, -1}, {1, 1}, 0};          // sᵀy = −½
  const Iterate fourth{{-1, -2}, {2, 1}, 0};         // sᵀy = 0
  direction->next(nullptr, first, d);
  CHECK(to_plain(d) == Plain{-2, -1});
  direction->next(&first, second, d);
  const auto [s, y] = pair_between(first, second);
  const Matrix h = document_update(identity(2, 1), s, y);
  CHECK(relative_error(to_plain(d), plain_scale(-1, times(h, {1, 0.5}))) <= tolerance(1e-14, 1e-6));
  direction->next(&second, third, d);
  CHECK(relative_error(to_plain(d), plain_scale(-1, times(h, {1, 1}))) <= tolerance(1e-14, 1e-6));
  direction->next(&third, fourth, d);
  CHECK(relative_error(to_plain(d), plain_scale(-1, times(h, {2, 1}))) <= tolerance(1e-14, 1e-6));
}

TEST_CASE("bfgs sizes its matrix by the first steps unless told otherwise") {
  PlainObjective objective = quadratic(5);
  const auto direction = make_direction("bfgs");
  direction->reset(5);
  Vector d(5);
  const Iterate first = iterate_at(objective, to_vector({3, -1, 2, 0.5, -2}));
  direction->next(nullptr, first, d);
  const Plain g = to_plain(first.gradient);
  CHECK(relative_error(to_plain(d), plain_scale(-0.01 * plain_norm(to_plain(first.x)) / plain_norm(g), g)) <=
        tolerance(1e-14, 1e-6));
  const Iterate second = moved(objective, first, d, 1);
  direction->next(&first, second, d);
  const auto [s, y] = pair_between(first, second);
  const Matrix h = document_update(identity(5, plain_dot(s, y) / plain_dot(y, y)), s, y);
  CHECK(relative_error(to_plain(d), plain_scale(-1, times(h, to_plain(second.gradient)))) <= tolerance(1e-9, 1e-3));
}

TEST_CASE("bfgs refuses a matrix that would not fit and names the method that needs none") {
  const auto direction = make_direction("bfgs");
  direction->reset(200);
  try {
    direction->reset(1'000'000);
    FAIL("a matrix of 10^12 elements was accepted");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("lbfgs") != std::string::npos);
  }
  make_direction("lbfgs")->reset(1'000'000);
}

TEST_CASE("lbfgs is the dense update over the last pairs") {
  const auto check = [](Direction& direction, std::size_t memory, double first_step, PlainObjective objective,
                        const Plain& start, double step) {
    const std::size_t n = start.size();
    direction.reset(n);
    CHECK(direction.unit_step());
    std::deque<Pair> pairs;
    Iterate previous;
    Iterate current = iterate_at(objective, to_vector(start));
    Vector d(n);
    for (int t = 1; t <= 14; ++t) {
      CAPTURE(t);
      direction.next(t > 1 ? &previous : nullptr, current, d);
      if (t > 1) {
        pairs.push_back(pair_between(previous, current));
        REQUIRE(plain_dot(pairs.back().s, pairs.back().y) > 0);
        if (pairs.size() > memory) pairs.pop_front();
      }
      CHECK(relative_error(to_plain(d), lbfgs_reference(pairs, current, first_step)) <= tolerance(1e-8, 5e-3));
      previous = current;
      current = moved(objective, current, d, step / t);
    }
  };
  const auto plain = make_direction("lbfgs");
  check(*plain, 5, 1e-2, quadratic(6), {3, -1, 2, 0.5, -2, 1}, 0.4);
  check(*plain, 5, 1e-2, quadratic(3), {0, 0, 0}, 0.4);  // reset() forgets pairs and size; ‖x‖ = 0 counts as 1
  const auto short_memory = make_direction("lbfgs", {{"memory", 3}, {"first-step", 0.5}});
  check(*short_memory, 3, 0.5, quadratic(6), {3, -1, 2, 0.5, -2, 1}, 0.4);
  const auto one = make_direction("lbfgs", {{"memory", 1}});
  check(*one, 1, 1e-2, quadratic(6, 50), {3, -1, 2, 0.5, -2, 1}, 0.4);
}

TEST_CASE("lbfgs stays a descent direction after a step of negative curvature") {
  const auto direction = make_direction("lbfgs");
  direction->reset(2);
  Vector d(2);
  const std::vector<Iterate> path = {{{1, 1}, {2, 1}, 0},
                                     {{0, 1}, {1, Real(0.5)}, 0},     // sᵀy = 1
                                     {{0, 0}, {1, 1}, 0},             // sᵀy = −½
                                     {{0, -1}, {3, 1}, 0},            // sᵀy = 0
                                     {{-1, -1}, {1, Real(0.5)}, 0}};  // sᵀy = 2
  for (std::size_t t = 0; t < path.size(); ++t) {
    CAPTURE(t);
    direction->next(t > 0 ? &path[t - 1] : nullptr, path[t], d);
    CHECK(all_finite(d));
    CHECK(dot(d, path[t].gradient) < 0);
  }
}

}  // namespace
}  // namespace odot
