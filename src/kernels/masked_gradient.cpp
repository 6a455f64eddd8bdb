#include "kernels/masked_gradient.hpp"

#include "kernels/pack.hpp"

namespace odot {
namespace {

// gradient ← Σ e_j column_j over the ratings [begin, end) of `row`; returns Σ e_j².
template <class Width>
double accumulate(Width width, const Side& side, Offset begin, Offset end, const Pack* row, const Real* columns,
                  std::size_t stride, Pack* gradient) {
  Pack local_row[Width::kCapacity];
  Pack sum[Width::kCapacity];
  width.for_each([&](std::size_t k) {
    local_row[k] = row[k];
    sum[k] = Pack{};
  });
  const Index* indices = side.indices.data();
  double squared_error = 0;
  for (Offset t = begin; t < end; ++t) {
    const Pack* column = as_packs(columns + indices[t] * stride);
    const Real error = row_dot(width, local_row, column) - side.values[t];
    squared_error += static_cast<double>(error) * static_cast<double>(error);
    width.for_each([&](std::size_t k) { sum[k] += error * column[k]; });
  }
  width.for_each([&](std::size_t k) { gradient[k] = sum[k]; });
  return squared_error;
}

// Turns Σ e_j column_j, which is in `gradient`, into the row's gradient; returns the row's penalty.
template <class Width>
double finish(Width width, double lambda, int pinned, const Real* row, Real* gradient) {
  const Real weight = static_cast<Real>(lambda);
  const Pack* from = as_packs(row);
  Pack* to = as_packs(gradient);
  Pack squares{};
  width.for_each([&](std::size_t k) {
    squares += from[k] * from[k];
    to[k] = 2 * (to[k] + weight * from[k]);
  });
  double norm2 = static_cast<double>(lane_sum(squares));
  if (pinned >= 0) {
    const double pin = static_cast<double>(row[pinned]);
    norm2 -= pin * pin;
    gradient[pinned] = 0;
  }
  return lambda * norm2;
}

}  // namespace

MaskedGradient::MaskedGradient(const Side& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, stride) {}

PassSums MaskedGradient::operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* gradient) {
  return with_width(stride_, [&](auto width) {
    return pass_.run([&](Index row) { return gradient + row * stride_; },
                     [&](Index row, Offset begin, Offset end, Real* sums) {
                       return accumulate(width, side_, begin, end, as_packs(rows + row * stride_), columns, stride_,
                                         as_packs(sums));
                     },
                     [&](Index row, Real* sums) {
                       return finish(width, penalty.of_row(side_, row), penalty.pinned, rows + row * stride_, sums);
                     });
  });
}

}  // namespace odot
