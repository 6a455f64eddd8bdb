// Sums over rows, in double, whose parts are a few numbers each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "odot/core/ordered_sum.hpp"
#include "odot/core/parallel.hpp"
#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION {

/// Σ over rows of what body(begin, end, part) adds to `size` numbers for stretches of them, of `shortest` rows at least
/// but for the last. Parallel; the same bits on any number of threads.
template <class Body>
std::vector<double> sum_over_stretches(std::size_t rows, std::size_t size, std::size_t shortest, Body&& body) {
  constexpr std::size_t kMostChunks = 64;                     // each has sums of its own,
  constexpr std::size_t kMostNumbers = std::size_t{1} << 23;  // so many in all
  const std::size_t most = std::clamp<std::size_t>(kMostNumbers / std::max<std::size_t>(size, 1), 1, kMostChunks);
  const std::size_t length = std::max(shortest, (rows + most - 1) / most);
  const std::size_t chunks = (rows + length - 1) / length;
  std::vector<double> parts(chunks * size);
  parallel_for(chunks,
               [&](std::size_t at) { body(at * length, std::min(rows, (at + 1) * length), parts.data() + at * size); });
  std::vector<double> total(size);
  if (size > 0) add_elements_in_order<double>(parts, total);
  return total;
}

/// Likewise of what body(i, part) adds for each row.
template <class Body>
std::vector<double> sum_over_rows(std::size_t rows, std::size_t size, Body&& body) {
  constexpr std::size_t kShortest = 256;
  return sum_over_stretches(rows, size, kShortest, [&](std::size_t begin, std::size_t end, double* part) {
    for (std::size_t i = begin; i < end; ++i) body(i, part);
  });
}

}  // namespace odot::inline ODOT_PRECISION
