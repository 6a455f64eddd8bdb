// Sums and updates over vectors, in chunks.
#include "odot/core/vector.hpp"

#include <cmath>

namespace odot {
namespace {

// Sum of term(i) over [begin, end) in double, in eight interleaved partial sums so that the compiler can
// use the SIMD unit without reordering what is written here.
template <class Term>
double interleaved_sum(std::size_t begin, std::size_t end, Term term) {
  constexpr std::size_t kLanes = 8;
  double lane[kLanes] = {};
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lane[k] += term(i + k);
  }
  double sum = 0;
  for (double partial : lane) sum += partial;
  for (; i < end; ++i) sum += term(i);
  return sum;
}

template <class Term>
double sum_of(std::size_t n, Term term) {
  return parallel_sum(n, [&](std::size_t begin, std::size_t end) { return interleaved_sum(begin, end, term); });
}

}  // namespace

double dot(ConstSpan x, ConstSpan y) {
  const Real* a = x.data();
  const Real* b = y.data();
  return sum_of(x.size(), [=](std::size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

double norm(ConstSpan x) { return std::sqrt(dot(x, x)); }

double distance(ConstSpan x, ConstSpan y) {
  const Real* a = x.data();
  const Real* b = y.data();
  return std::sqrt(sum_of(x.size(), [=](std::size_t i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    return difference * difference;
  }));
}

bool all_finite(ConstSpan x) {
  // x − x is 0 for a finite x and NaN otherwise, and so is the sum.
  const Real* a = x.data();
  return sum_of(x.size(), [=](std::size_t i) { return static_cast<double>(a[i] - a[i]); }) == 0;
}

void copy(ConstSpan x, Span out) {
  const Real* a = x.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = a[i]; });
}

void scale(double a, ConstSpan x, Span out) {
  const Real factor = static_cast<Real>(a);
  const Real* from = x.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = factor * from[i]; });
}

void add_scaled(ConstSpan x, double a, ConstSpan d, Span out) {
  const Real factor = static_cast<Real>(a);
  const Real* from = x.data();
  const Real* along = d.data();
  Real* o = out.data();
  for_each_element(out.size(), [=](std::size_t i) { o[i] = from[i] + factor * along[i]; });
}

}  // namespace odot
