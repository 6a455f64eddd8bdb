// Sums and updates over vectors, in chunks.
#include "odot/core/vector.hpp"

#include <algorithm>
#include <cmath>

namespace odot {
namespace {

// Sum of term(i) over [begin, end) in double, in so many interleaved partial sums that the compiler can use the SIMD
// unit without reordering what is written here, and no addition waits for the one before.
template <class Term>
double interleaved_sum(std::size_t begin, std::size_t end, Term term) {
  constexpr std::size_t kSums = 32;
  double lane[kSums] = {};
  std::size_t i = begin;
  for (; i + kSums <= end; i += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) lane[k] += term(i + k);
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

// Cuts a chunk into blocks of which a vector's part stays in the nearest cache while those of others pass by.
template <class Body>
void for_each_block(const VectorChunks& chunks, std::size_t chunk, Body body) {
  constexpr std::size_t kBlock = 4096;
  for (std::size_t begin = chunks.begin(chunk); begin < chunks.end(chunk); begin += kBlock) {
    body(begin, std::min(begin + kBlock, chunks.end(chunk)));
  }
}

}  // namespace

double dot(ConstSpan x, ConstSpan y) {
  const Real* a = x.data();
  const Real* b = y.data();
  return sum_of(x.size(), [=](std::size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
}

void dots(std::span<const ConstSpan> x, ConstSpan y, std::span<double> out) {
  const std::size_t count = x.size();
  const VectorChunks chunks(y.size());
  const auto add = [&](std::size_t chunk, double* sums) {
    std::fill(sums, sums + count, 0.0);
    for_each_block(chunks, chunk, [&](std::size_t begin, std::size_t end) {
      const Real* b = y.data();
      for (std::size_t k = 0; k < count; ++k) {
        const Real* a = x[k].data();
        sums[k] += interleaved_sum(
            begin, end, [=](std::size_t i) { return static_cast<double>(a[i]) * static_cast<double>(b[i]); });
      }
    });
  };
  if (chunks.count() == 1) return add(0, out.data());
  std::vector<double> partial(chunks.count() * count);
  parallel_for(chunks.count(), [&](std::size_t chunk) { add(chunk, partial.data() + chunk * count); });
  for (std::size_t k = 0; k < count; ++k) {
    out[k] = 0;
    for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) out[k] += partial[chunk * count + k];
  }
}

void combine(std::span<const double> a, std::span<const ConstSpan> x, Span out) {
  const VectorChunks chunks(out.size());
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    for_each_block(chunks, chunk, [&](std::size_t begin, std::size_t end) {
      Real* o = out.data();
      std::fill(o + begin, o + end, Real{0});
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Real factor = static_cast<Real>(a[k]);
        const Real* from = x[k].data();
        for (std::size_t i = begin; i < end; ++i) o[i] += factor * from[i];
      }
    });
  });
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
