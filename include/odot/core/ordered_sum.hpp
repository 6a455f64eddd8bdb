// Sums of what the parts of a whole came to: chunks of a pass, pieces of a row, parts of a batch.
//
// Parts are always added one after another in their own order, whoever computed them, so that results have the same
// bits on any number of threads. All such sums go through this file: here several machines would add theirs.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>

#include "odot/core/precision.hpp"

#pragma GCC visibility push(default)
namespace odot::inline ODOT_PRECISION {

/// total += of(part) for one part after another; numbers, or small structs of numbers that have +=.
template <class Parts, class Total, class Of = std::identity>
void add_in_order(const Parts& parts, Total& total, Of of = {}) {
  for (const auto& part : parts) total += std::invoke(of, part);
}

/// The same from 0.
template <class Parts, class Of = std::identity>
auto ordered_sum(const Parts& parts, Of of = {}) {
  std::remove_cvref_t<std::invoke_result_t<Of&, decltype(*std::begin(parts))>> total{};
  add_in_order(parts, total, std::ref(of));
  return total;
}

/// The same element by element: `parts` are any number of stretches as long as `total`.
template <class T>
void add_elements_in_order(std::span<const T> parts, std::span<T> total) {
  const T* part = parts.data();
  for (const T* const end = part + parts.size(); part != end; part += total.size()) {
    for (std::size_t k = 0; k < total.size(); ++k) total[k] += part[k];
  }
}

}  // namespace odot::inline ODOT_PRECISION
#pragma GCC visibility pop
