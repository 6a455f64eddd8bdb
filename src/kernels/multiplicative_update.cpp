#include "kernels/multiplicative_update.hpp"

namespace odot {
namespace {

// Keeps 0/0 from being anything but 0; too small to change any other quotient.
constexpr Real kEpsilon = static_cast<Real>(1e-30);
// Factors that vanish become 0 before they are denormal numbers, which are slow.
constexpr Real kSmallest = static_cast<Real>(1e-30);

// numerator ← Σ x_j column_j and denominator ← Σ (row·column_j) column_j over the ratings [begin, end) of `row`;
// returns the sum of the squared errors.
template <class Width>
double accumulate(Width width, const Side& side, Offset begin, Offset end, const Pack* row, const Real* columns,
                  std::size_t stride, Pack* numerator, Pack* denominator) {
  Pack local_row[Width::kCapacity];
  Pack of_ratings[Width::kCapacity];
  Pack of_predictions[Width::kCapacity];
  width.for_each([&](std::size_t k) {
    local_row[k] = row[k];
    of_ratings[k] = Pack{};
    of_predictions[k] = Pack{};
  });
  double squared_error = 0;
  for (Offset t = begin; t < end; ++t) {
    const Pack* column = as_packs(columns + side.indices[t] * stride);
    const Real rating = side.values[t];
    const Real prediction = row_dot(width, local_row, column);
    const double error = static_cast<double>(prediction) - static_cast<double>(rating);
    squared_error += error * error;
    width.for_each([&](std::size_t k) {
      of_ratings[k] += rating * column[k];
      of_predictions[k] += prediction * column[k];
    });
  }
  width.for_each([&](std::size_t k) {
    numerator[k] = of_ratings[k];
    denominator[k] = of_predictions[k];
  });
  return squared_error;
}

}  // namespace

MultiplicativeUpdate::MultiplicativeUpdate(const Side& side, std::size_t stride)
    : side_(side), stride_(stride), pass_(side, 2 * stride) {}

PassSums MultiplicativeUpdate::operator()(const Real* rows, const Real* columns, const Penalty& penalty, Real* next) {
  scratch_.resize(static_cast<std::size_t>(threads()) * 2 * stride_);
  return with_width(stride_, [&](auto width) {
    return pass_.run([&](Index) { return scratch_.data() + static_cast<std::size_t>(thread_number()) * 2 * stride_; },
                     [&](Index row, Offset begin, Offset end, Real* sums) {
                       return accumulate(width, side_, begin, end, as_packs(rows + row * stride_), columns, stride_,
                                         as_packs(sums), as_packs(sums + stride_));
                     },
                     [&](Index row, Real* sums) {
                       const double lambda = penalty.of_row(side_, row);
                       const Real weight = static_cast<Real>(lambda);
                       const Pack* from = as_packs(rows + row * stride_);
                       Pack* to = as_packs(next + row * stride_);
                       const Pack* numerator = as_packs(sums);
                       const Pack* denominator = as_packs(sums + stride_);
                       Pack squares{};
                       width.for_each([&](std::size_t k) {
                         squares += from[k] * from[k];
                         const Pack updated = from[k] * numerator[k] / (denominator[k] + weight * from[k] + kEpsilon);
                         to[k] = updated > kSmallest ? updated : Pack{};
                       });
                       return lambda * static_cast<double>(lane_sum(squares));
                     });
  });
}

}  // namespace odot
