// The line pass and the penalty's line against sums in long double.
#include "kernels/masked_line.hpp"

#include <doctest/doctest.h>

#include "kernels/ranks.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

// A sum and the sum of its terms' sizes.
struct Sum {
  Long value = 0;
  Long size = 0;
  void add(Long term, Long term_size) {
    value += term;
    size += term_size;
  }
  bool matches(double computed) const {
    return std::abs(static_cast<Long>(computed) - value) <= tolerance(1e-13, 1e-5) * size;
  }
};

struct NaiveLine {
  Sum el, ll, ew, lw, ww;
};

NaiveLine naive_line(const FactorizationProblem& problem, const Vector& theta, const Vector& d) {
  const FactorLayout& layout = problem.layout;
  NaiveLine out;
  for (std::size_t t = 0; t < problem.ratings.size(); ++t) {
    const std::size_t u = layout.user_row(problem.ratings.user[t]);
    const std::size_t v = layout.item_row(problem.ratings.item[t]);
    Sum e, l, w;
    e.add(-static_cast<Long>(problem.ratings.value[t]), std::abs(static_cast<Long>(problem.ratings.value[t])));
    for (std::size_t k = 0; k < layout.width(); ++k) {
      const auto product = [](Real a, Real b) { return static_cast<Long>(a) * static_cast<Long>(b); };
      const auto add = [](Sum& sum, Long term) { sum.add(term, std::abs(term)); };
      add(e, product(theta[u + k], theta[v + k]));
      add(l, product(theta[u + k], d[v + k]));
      add(l, product(d[u + k], theta[v + k]));
      add(w, product(d[u + k], d[v + k]));
    }
    out.el.add(e.value * l.value, e.size * l.size);
    out.ll.add(l.value * l.value, l.size * l.size);
    out.ew.add(e.value * w.value, e.size * w.size);
    out.lw.add(l.value * w.value, l.size * w.size);
    out.ww.add(w.value * w.value, w.size * w.size);
  }
  return out;
}

LineSums run(const RatingSide& side, std::size_t stride, const Vector& theta, const Vector& d, std::size_t rows,
             std::size_t columns) {
  return MaskedLine(side, stride)(theta.data() + rows, theta.data() + columns, d.data() + rows, d.data() + columns);
}

void check_against_naive(const FactorizationProblem& problem) {
  CAPTURE(describe(problem));
  const FactorLayout& layout = problem.layout;
  const RatingMatrix matrix = problem.matrix();
  const Vector theta = random_theta(layout, 1.75, 7);
  const Vector d = random_theta(layout, 0, 8);
  const NaiveLine naive = naive_line(problem, theta, d);
  for (const bool by_item : {false, true}) {
    CAPTURE(by_item);
    const std::size_t v = layout.item_row(0);
    const LineSums sums = by_item ? run(matrix.by_item(), layout.stride(), theta, d, v, 0)
                                  : run(matrix.by_user(), layout.stride(), theta, d, 0, v);
    CHECK(naive.el.matches(sums.el));
    CHECK(naive.ll.matches(sums.ll));
    CHECK(naive.ew.matches(sums.ew));
    CHECK(naive.lw.matches(sums.lw));
    CHECK(naive.ww.matches(sums.ww));
  }
}

TEST_CASE("line sums are right at every width, with every instruction set") {
  with_each_instruction_set([](const char* name) {
    CAPTURE(name);
    for (const int rank : tested_ranks()) {
      check_against_naive(small_problem(rank, false));
      check_against_naive(small_problem(rank, true));
    }
  });
}

TEST_CASE("line sums are right where a row is cut into pieces") {
  for (const int rank : {1, 10, 200}) {
    check_against_naive(long_row_problem(rank, true, 0, false));
    check_against_naive(long_column_problem(rank, false, 0, false));
  }
}

TEST_CASE("the penalty along the line is right: uniform, by count, without the pins") {
  for (const int rank : {1, 3, 10, 33, 200, 1024}) {
    for (const double per_rating : {0.0, 0.3}) {
      CAPTURE(rank);
      CAPTURE(per_rating);
      const FactorizationProblem problem = small_problem(rank, true, 0.6, per_rating);
      const FactorLayout& layout = problem.layout;
      const RatingMatrix matrix = problem.matrix();
      const Vector theta = random_theta(layout, 1.75, 12);
      const Vector d = random_theta(layout, 0, 13);
      const std::vector<Long> lambdas = row_lambdas(problem);
      for (const bool items : {false, true}) {
        const std::size_t first = items ? layout.users : 0;
        const RatingSide side = items ? matrix.by_item() : matrix.by_user();
        Sum cross, square;
        for (std::size_t row = first; row < first + side.rows(); ++row) {
          for (std::size_t k = row * layout.stride(); k < (row + 1) * layout.stride(); ++k) {
            const Long xd = lambdas[row] * static_cast<Long>(theta[k]) * static_cast<Long>(d[k]);
            cross.add(xd, std::abs(xd));
            const Long dd = lambdas[row] * static_cast<Long>(d[k]) * static_cast<Long>(d[k]);
            square.add(dd, dd);
          }
        }
        const Penalty penalty{0.6, per_rating, items ? layout.item_pin() : layout.user_pin()};
        const std::size_t at = first * layout.stride();
        const PenaltyLine line = penalty_line(side, layout.stride(), penalty, theta.data() + at, d.data() + at);
        CHECK(cross.matches(line.cross));
        CHECK(square.matches(line.square));
        const PenaltyLine none = penalty_line(side, layout.stride(), {}, theta.data() + at, d.data() + at);
        CHECK(none.cross == 0);
        CHECK(none.square == 0);
      }
    }
  }
}

TEST_CASE("the same bits on any number of threads") {
  for (const int rank : {3, 10, 80}) {
    const FactorizationProblem problem = long_row_problem(rank, false, 0.5, true);
    const FactorLayout& layout = problem.layout;
    const RatingMatrix matrix = problem.matrix();
    const Vector theta = random_theta(layout, 1, 14);
    const Vector d = random_theta(layout, 0, 15);
    const std::size_t v = layout.item_row(0);
    const auto everything = [&] {
      const LineSums user = run(matrix.by_user(), layout.stride(), theta, d, 0, v);
      const LineSums item = run(matrix.by_item(), layout.stride(), theta, d, v, 0);
      const PenaltyLine penalty =
          penalty_line(matrix.by_item(), layout.stride(), {0.5, true, -1}, theta.data() + v, d.data() + v);
      return Plain{user.el, user.ll, user.ew, user.lw, user.ww,       item.el,
                   item.ll, item.ew, item.lw, item.ww, penalty.cross, penalty.square};
    };
    set_threads(1);
    const Plain one = everything();
    for (const int count : {2, 3, 8}) {
      CAPTURE(count);
      set_threads(count);
      CHECK(everything() == one);
    }
    set_threads(0);
  }
}

}  // namespace
}  // namespace odot
