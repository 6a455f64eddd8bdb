// BFGS's dense matrix: the update and the product with a vector.
#include "optim/directions/bfgs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "odot/core/error.hpp"
#include "optim/first_length.hpp"

namespace odot::inline ODOT_PRECISION {
namespace {

constexpr double kNotPositive = 1e-12;  // sᵀy relative to ‖s‖‖y‖ that rounding alone can give
constexpr double kFirstStep = 0.01;     // relative to ‖θ‖, as of lbfgs and adgd by default
constexpr std::size_t kRowsPerChunk = 64;

// Σ a_i b_i over doubles; vectors of at most a few thousand elements need no threads.
template <class B>
double product(const double* a, const B* b, std::size_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

// Calls body(i) for every row of an n-row matrix, in parallel.
template <class Body>
void for_each_row(std::size_t n, Body body) {
  parallel_for((n + kRowsPerChunk - 1) / kRowsPerChunk, [&](std::size_t chunk) {
    const std::size_t end = std::min(n, (chunk + 1) * kRowsPerChunk);
    for (std::size_t i = chunk * kRowsPerChunk; i < end; ++i) body(i);
  });
}

}  // namespace

void Bfgs::reset(std::size_t n) {
  if (n > kLargest) {
    throw Error(
        fmt::format("bfgs keeps a dense matrix and serves up to {} variables, this problem has {}: use the "
                    "optimizer lbfgs, which needs no matrix",
                    kLargest, n));
  }
  n_ = n;
  h_.resize(n * n);
  set_multiple_of_identity(settings_.initial_hessian);
  updated_ = false;
  s_.resize(n);
  y_.resize(n);
  hy_.resize(n);
}

void Bfgs::set_multiple_of_identity(double diagonal) {
  std::fill(h_.begin(), h_.end(), 0);
  for (std::size_t i = 0; i < n_; ++i) h_[i * n_ + i] = diagonal;
}

void Bfgs::next(const Iterate* previous, const Iterate& current, Span d) {
  if (previous) {
    update(*previous, current);
  } else if (settings_.initial_hessian == kScaled) {
    set_multiple_of_identity(first_length(current, kFirstStep));
  }
  for_each_row(n_,
               [&](std::size_t i) { d[i] = static_cast<Real>(-product(&h_[i * n_], current.gradient.data(), n_)); });
}

void Bfgs::update(const Iterate& previous, const Iterate& current) {
  for (std::size_t i = 0; i < n_; ++i) {
    s_[i] = static_cast<double>(current.x[i]) - static_cast<double>(previous.x[i]);
    y_[i] = static_cast<double>(current.gradient[i]) - static_cast<double>(previous.gradient[i]);
  }
  const double ss = product(s_.data(), s_.data(), n_);
  const double yy = product(y_.data(), y_.data(), n_);
  const double sy = product(s_.data(), y_.data(), n_);
  if (!(sy > kNotPositive * std::sqrt(ss * yy))) return;
  if (!updated_ && settings_.initial_hessian == kScaled) set_multiple_of_identity(sy / yy);
  updated_ = true;
  for_each_row(n_, [&](std::size_t i) { hy_[i] = product(&h_[i * n_], y_.data(), n_); });
  const double a = (sy + product(y_.data(), hy_.data(), n_)) / (sy * sy);
  for_each_row(n_, [&](std::size_t i) {
    const double along_s = a * s_[i] - hy_[i] / sy;
    const double along_hy = -s_[i] / sy;
    double* row = &h_[i * n_];
    for (std::size_t j = 0; j < n_; ++j) row[j] += along_s * s_[j] + along_hy * hy_[j];
  });
}

}  // namespace odot::inline ODOT_PRECISION
