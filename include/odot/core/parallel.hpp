// Parallel loops over numbered chunks of work. How work is cut never depends on the number of threads,
// and sums are added in chunk order: results have the same bits on any number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "odot/core/ordered_sum.hpp"
#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// Sets the threads of every later parallel loop of the calling thread, odot's and OpenMP's; 0: OMP_NUM_THREADS, or one
/// for each core this process may use, by its control groups' quota too. Until then OpenMP, which knows none, decides.
void set_threads(int threads);

/// The number of threads that parallel loops of the calling thread use; in a loop's body, the number that the loop
/// uses.
int threads();

/// The number of the calling thread within a parallel loop, from 0 and below threads().
int thread_number();

/// Calls body(context, chunk) once for every chunk in [0, count), as parallel_for does, which is written with it.
void run_chunks(std::size_t count, void (*body)(void* context, std::size_t chunk), void* context);

/// Calls body(chunk) once for every chunk in [0, count), on all threads, in any order. When bodies throw,
/// the exception of the lowest-numbered chunk that threw is rethrown after the loop. Any number of threads may call it
/// at a time, each has helpers of its own; within a body of it, or within a parallel region of OpenMP, the calling
/// thread does all chunks.
template <class Body>
void parallel_for(std::size_t count, Body&& body) {
  if (count <= 1) {
    if (count == 1) body(std::size_t{0});
    return;
  }
  using Plain = std::remove_reference_t<Body>;
  run_chunks(
      count, [](void* context, std::size_t chunk) { (*static_cast<Plain*>(context))(chunk); },
      const_cast<void*>(static_cast<const void*>(std::addressof(body))));
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

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
