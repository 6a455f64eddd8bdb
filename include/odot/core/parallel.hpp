// Parallel loops over numbered chunks of work. How work is cut never depends on the number of threads,
// and sums are added in chunk order: results have the same bits on any number of threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <span>

#include "odot/core/ordered_sum.hpp"

namespace odot {

/// Sets the number of threads of every later parallel loop; 0 means one for each core this process may use.
void set_threads(int threads);

/// The number of threads that parallel loops use.
int threads();

/// The number of the calling thread within a parallel loop, from 0 and below threads().
inline int thread_number() { return omp_get_thread_num(); }

/// Calls body(chunk) once for every chunk in [0, count), on all threads, in any order. When bodies throw,
/// the exception of the lowest-numbered chunk that threw is rethrown after the loop.
template <class Body>
void parallel_for(std::size_t count, Body&& body) {
  if (count <= 1) {
    if (count == 1) body(std::size_t{0});
    return;
  }
  std::exception_ptr error;
  std::size_t error_chunk = count;
#pragma omp parallel for schedule(dynamic, 1)
  for (std::size_t chunk = 0; chunk < count; ++chunk) {
    try {
      body(chunk);
    } catch (...) {
#pragma omp critical(odot_parallel_for_error)
      if (chunk < error_chunk) {
        error_chunk = chunk;
        error = std::current_exception();
      }
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Cuts [0, n) into at most kMost pieces of equal length, by n alone.
class VectorChunks {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kShortest = 8192;

  explicit VectorChunks(std::size_t n)
      : n_(n), length_(std::max(kShortest, ((n + kMost - 1) / kMost + 15) / 16 * 16)) {}
  std::size_t count() const { return (n_ + length_ - 1) / length_; }
  std::size_t begin(std::size_t chunk) const { return chunk * length_; }
  std::size_t end(std::size_t chunk) const { return std::min(n_, (chunk + 1) * length_); }

 private:
  std::size_t n_;
  std::size_t length_;
};

/// Σ over chunks of [0, n) of body(begin, end), added in chunk order.
template <class Body>
double parallel_sum(std::size_t n, Body&& body) {
  if (n <= VectorChunks::kShortest) return n == 0 ? 0 : body(std::size_t{0}, n);
  const VectorChunks chunks(n);
  std::array<double, VectorChunks::kMost> partial{};
  parallel_for(chunks.count(),
               [&](std::size_t chunk) { partial[chunk] = body(chunks.begin(chunk), chunks.end(chunk)); });
  return ordered_sum(std::span(partial).first(chunks.count()));
}

}  // namespace odot
