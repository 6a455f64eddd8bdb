#include "kernels/penalty.hpp"

#include "kernels/pack.hpp"
#include "odot/core/parallel.hpp"

namespace odot {

double Penalty::value(const Side& side, const Real* rows, std::size_t stride) const {
  if (lambda == 0) return 0;
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

}  // namespace odot
