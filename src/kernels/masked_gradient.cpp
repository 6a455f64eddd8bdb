#include "kernels/masked_gradient.hpp"

#include "kernels/pack.hpp"
#include "odot/core/parallel.hpp"

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
  const Real* values = side.values.data();
  double squared_error = 0;
  for (Offset t = begin; t < end; ++t) {
    const Pack* column = as_packs(columns + indices[t] * stride);
    const Real error = row_dot(width, local_row, column) - values[t];
    squared_error += static_cast<double>(error) * static_cast<double>(error);
    width.for_each([&](std::size_t k) { sum[k] += error * column[k]; });
  }
  width.for_each([&](std::size_t k) { gradient[k] = sum[k]; });
  return squared_error;
}

}  // namespace

MaskedGradient::MaskedGradient(const Side& side, std::size_t stride)
    : side_(side), stride_(stride), plan_(side), sums_(plan_.chunks.size()), pieces_(plan_.pieces * stride) {}

// Turns Σ e_j column_j, which is in the gradient row, into the gradient; returns the row's penalty.
template <class Width>
double MaskedGradient::finish_row(Width width, Index row, const Real* rows, const Penalty& penalty,
                                  Real* gradient) const {
  const Real* row_values = rows + row * stride_;
  Real* out = gradient + row * stride_;
  const double lambda = penalty.of_row(side_, row);
  const Real weight = static_cast<Real>(lambda);
  const Pack* from = as_packs(row_values);
  Pack* to = as_packs(out);
  Pack squares{};
  width.for_each([&](std::size_t k) {
    squares += from[k] * from[k];
    to[k] = 2 * (to[k] + weight * from[k]);
  });
  double norm2 = static_cast<double>(lane_sum(squares));
  if (penalty.pinned >= 0) {
    const double pin = static_cast<double>(row_values[penalty.pinned]);
    norm2 -= pin * pin;
    out[penalty.pinned] = 0;
  }
  return lambda * norm2;
}

template <class Width>
void MaskedGradient::run_chunk(Width width, std::size_t number, const Real* rows, const Real* columns,
                               const Penalty& penalty, Real* gradient) {
  const Chunk& chunk = plan_.chunks[number];
  if (chunk.piece != Chunk::kWhole) {
    const Pack* row = as_packs(rows + chunk.row_begin * stride_);
    Pack* piece = as_packs(pieces_.data() + chunk.piece * stride_);
    sums_[number] = {accumulate(width, side_, chunk.begin, chunk.end, row, columns, stride_, piece), 0};
    return;
  }
  Sums sums;
  for (Index row = chunk.row_begin; row < chunk.row_end; ++row) {
    sums.squared_error +=
        accumulate(width, side_, side_.offsets[row], side_.offsets[row + 1], as_packs(rows + row * stride_), columns,
                   stride_, as_packs(gradient + row * stride_));
    sums.penalty += finish_row(width, row, rows, penalty, gradient);
  }
  sums_[number] = sums;
}

MaskedGradient::Sums MaskedGradient::operator()(const Real* rows, const Real* columns, const Penalty& penalty,
                                                Real* gradient) {
  Sums total;
  with_width(stride_, [&](auto width) {
    parallel_for(plan_.chunks.size(),
                 [&](std::size_t chunk) { run_chunk(width, chunk, rows, columns, penalty, gradient); });
    for (const LongRow& long_row : plan_.long_rows) {
      Pack* out = as_packs(gradient + long_row.row * stride_);
      width.for_each([&](std::size_t k) { out[k] = Pack{}; });
      for (std::size_t piece = long_row.first_piece; piece < long_row.end_piece; ++piece) {
        const Pack* part = as_packs(pieces_.data() + piece * stride_);
        width.for_each([&](std::size_t k) { out[k] += part[k]; });
      }
      total.penalty += finish_row(width, long_row.row, rows, penalty, gradient);
    }
  });
  for (const Sums& sums : sums_) {
    total.squared_error += sums.squared_error;
    total.penalty += sums.penalty;
  }
  return total;
}

}  // namespace odot
