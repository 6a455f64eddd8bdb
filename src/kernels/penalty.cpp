// The regularisation of one side's factor rows: its value, and its part of the line polynomial.
#include "kernels/penalty.hpp"

#include <algorithm>
#include <array>

#include "kernels/row_products.hpp"
#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

// Rows whose products are computed at a time.
constexpr std::size_t kBlock = 256;

// Σ λ_i a_i·b_i over the rows of a side, without column `left_out` unless that is −1.
double penalty_of(const RatingSide& side, const Penalty& penalty, const Real* a, const Real* b, std::size_t stride,
                  int left_out) {
  return parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
    std::array<Real, kBlock> products;
    double sum = 0;
    for (std::size_t first = begin; first < end; first += kBlock) {
      const std::size_t count = std::min(kBlock, end - first);
      row_products({a + first * stride, stride}, {b + first * stride, stride}, stride, count, products.data());
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t row = first + k;
        double product = static_cast<double>(products[k]);
        if (left_out >= 0) {
          const std::size_t at = row * stride + static_cast<std::size_t>(left_out);
          product -= static_cast<double>(a[at]) * static_cast<double>(b[at]);
        }
        sum += penalty.of_row(side, static_cast<Index>(row)) * product;
      }
    }
    return sum;
  });
}

}  // namespace

double Penalty::value(const RatingSide& side, const Real* rows, std::size_t stride) const {
  if (lambda == 0 && per_rating == 0) return 0;
  return penalty_of(side, *this, rows, rows, stride, pinned);
}

PenaltyLine penalty_line(const RatingSide& side, std::size_t stride, const Penalty& penalty, const Real* rows,
                         const Real* row_steps) {
  if (penalty.lambda == 0 && penalty.per_rating == 0) return {};
  return {penalty_of(side, penalty, rows, row_steps, stride, -1),
          penalty_of(side, penalty, row_steps, row_steps, stride, -1)};
}

}  // namespace odot::inline ODOT_PRECISION
