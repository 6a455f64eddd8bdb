#include "kernels/penalty.hpp"

#include "kernels/pack.hpp"
#include "odot/core/parallel.hpp"

namespace odot {

double Penalty::value(const Side& side, const Real* rows, std::size_t stride) const {
  if (lambda == 0 && per_rating == 0) return 0;
  return with_width(stride, [&](auto width) {
    return parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t row = begin; row < end; ++row) {
        const Real* values = rows + row * stride;
        double norm2 = static_cast<double>(row_dot(width, as_packs(values), as_packs(values)));
        if (pinned >= 0) norm2 -= static_cast<double>(values[pinned]) * static_cast<double>(values[pinned]);
        sum += of_row(side, static_cast<Index>(row)) * norm2;
      }
      return sum;
    });
  });
}

PenaltyLine penalty_line(const Side& side, std::size_t stride, const Penalty& penalty, const Real* rows,
                         const Real* row_steps) {
  PenaltyLine line;
  const auto weighted = [&](const Real* other) {
    return parallel_sum(side.rows(), [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t row = begin; row < end; ++row) {
        const Real product = with_width(stride, [&](auto width) {
          return row_dot(width, as_packs(other + row * stride), as_packs(row_steps + row * stride));
        });
        sum += penalty.of_row(side, static_cast<Index>(row)) * static_cast<double>(product);
      }
      return sum;
    });
  };
  if (penalty.lambda == 0 && penalty.per_rating == 0) return line;
  line.cross = weighted(rows);
  line.square = weighted(row_steps);
  return line;
}

}  // namespace odot
