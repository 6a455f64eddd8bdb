// Sums of the rows that ratings point to, against sums in long double.
#include "kernels/row_sums.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "kernels/ranks.hpp"
#include "odot/core/parallel.hpp"
#include "support/factorization_problem.hpp"

namespace odot {
namespace {

using namespace test;

constexpr Real kUntouched = 123;

Vector random_rows(std::size_t count, std::size_t stride, std::uint64_t seed) {
  Uniform uniform(seed);
  Vector rows(count * stride);
  for (Real& element : rows) element = static_cast<Real>(uniform(-1, 1));
  return rows;
}

// How many elements of `found` are not the sums of the rows that `indices` has, but for rounding.
std::size_t wrong_sums(std::span<const Index> indices, const Vector& rows, std::size_t stride, const Real* found) {
  std::size_t wrong = 0;
  for (std::size_t k = 0; k < stride; ++k) {
    Long sum = 0;
    Long size = 0;
    for (const Index index : indices) {
      const Long term = rows[index * stride + k];
      sum += term;
      size += std::abs(term);
    }
    wrong += !(std::abs(static_cast<Long>(found[k]) - sum) <= tolerance(1e-13, 2e-5) * size);
  }
  return wrong;
}

TEST_CASE("sums of rows, at every rank and instruction set, some rows more than once") {
  constexpr std::size_t kRows = 40;
  Uniform uniform(1);
  for (const int rank : tested_ranks()) {
    const std::size_t stride = FactorLayout{.rank = rank}.stride();
    const Vector rows = random_rows(kRows, stride, 2);
    for (const std::size_t count : {0, 1, 2, 7, 100}) {
      std::vector<Index> indices(count);
      for (Index& index : indices) index = static_cast<Index>(uniform(0, kRows));
      with_each_instruction_set([&](const char* name) {
        CAPTURE(rank);
        CAPTURE(count);
        CAPTURE(name);
        Vector out(stride + kLanes, kUntouched);
        sum_rows(indices, rows.data(), stride, out.data());
        CHECK(wrong_sums(indices, rows, stride, out.data()) == 0);
        for (std::size_t k = stride; k < out.size(); ++k) CHECK(out[k] == kUntouched);
      });
    }
  }
}

// Of both orientations: every row's sum, whatever was there before.
void check_masked_sums(const FactorizationProblem& problem) {
  const RatingMatrix matrix = problem.matrix();
  const std::size_t stride = problem.layout.stride();
  for (const RatingSide& side : {matrix.by_user(), matrix.by_item()}) {
    const Vector columns = random_rows(side.columns, stride, 3);
    MaskedSums sums(side, stride);
    Vector out(side.rows() * stride + kLanes, kUntouched);
    sums(columns.data(), out.data());
    std::size_t wrong = 0;
    for (Index row = 0; row < side.rows(); ++row) {
      wrong += wrong_sums(side.indices.subspan(side.offsets[row], side.count(row)), columns, stride,
                          out.data() + row * stride);
    }
    CHECK(wrong == 0);
    for (std::size_t k = 0; k < kLanes; ++k) CHECK(out[side.rows() * stride + k] == kUntouched);
    // What one call leaves behind is nothing to the next.
    const Vector once = out;
    sums(random_rows(side.columns, stride, 4).data(), out.data());
    CHECK(out != once);
    sums(columns.data(), out.data());
    CHECK(out == once);
    Vector less = random_rows(side.rows() + 1, stride, 5);
    const Vector before = less;
    sums.subtract(columns.data(), less.data());
    for (std::size_t k = 0; k < side.rows() * stride; ++k) wrong += less[k] != before[k] - once[k];
    for (std::size_t k = side.rows() * stride; k < less.size(); ++k) wrong += less[k] != before[k];
    CHECK(wrong == 0);
  }
}

TEST_CASE("products with the mask, at every rank and instruction set") {
  for (const int rank : tested_ranks()) {
    const FactorizationProblem problem = small_problem(rank, false);
    with_each_instruction_set([&](const char* name) {
      CAPTURE(rank);
      CAPTURE(name);
      check_masked_sums(problem);
    });
  }
}

// Rows of 9002 and of 20000 ratings, which are cut into pieces, and one that is just too short for that.
FactorizationProblem piecewise_problem(int rank) {
  FactorizationProblem problem{{5, 20000, rank}, {}};
  const std::vector<Index> counts = {0, 9002, 20000, 0, 8191};
  for (Index user = 0; user < counts.size(); ++user) {
    for (Index k = 0; k < counts[user]; ++k) {
      problem.ratings.user.push_back(user);
      problem.ratings.item.push_back(19999 - k);
      problem.ratings.value.push_back(1);
    }
  }
  return problem;
}

TEST_CASE("rows without ratings and rows that are summed in pieces") {
  for (const int rank : {1, 10, 33}) {
    CAPTURE(rank);
    const FactorizationProblem problem = piecewise_problem(rank);
    check_masked_sums(problem);
    check_masked_sums(long_row_problem(rank, false, 0, 0));
    const RatingMatrix matrix = problem.matrix();
    const std::size_t stride = problem.layout.stride();
    const Vector columns = random_rows(problem.layout.items, stride, 5);
    MaskedSums sums(matrix.by_user(), stride);
    Vector out(5 * stride, kUntouched);
    sums(columns.data(), out.data());
    for (std::size_t k = 0; k < stride; ++k) {
      CHECK(out[k] == 0);
      CHECK(out[3 * stride + k] == 0);
    }
  }
}

TEST_CASE("products with the mask have the same bits on any number of threads") {
  for (const FactorizationProblem& problem : {piecewise_problem(10), long_row_problem(10, false, 0, 0)}) {
    const RatingMatrix matrix = problem.matrix();
    const std::size_t stride = problem.layout.stride();
    for (const RatingSide& side : {matrix.by_user(), matrix.by_item()}) {
      const Vector columns = random_rows(side.columns, stride, 6);
      Vector expected;
      for (const int count : {1, 2, 3, 8}) {
        CAPTURE(count);
        set_threads(count);
        MaskedSums sums(side, stride);
        Vector out(side.rows() * stride, kUntouched);
        sums(columns.data(), out.data());
        if (count == 1) expected = out;
        CHECK((out == expected));
      }
      set_threads(0);
    }
  }
}

}  // namespace
}  // namespace odot
