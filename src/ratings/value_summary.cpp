// Summaries of rating values as they are stored.
#include "ratings/value_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {

ValueSummary summarize_values(std::span<const Real> values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  const auto sum_of = [&](auto term) {
    return parallel_sum(values.size(), [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t k = begin; k < end; ++k) sum += term(static_cast<double>(values[k]));
      return sum;
    });
  };
  ValueSummary out;
  out.mean = sum_of([](double value) { return value; }) / n;
  out.deviation = std::sqrt(sum_of([&](double value) { return (value - out.mean) * (value - out.mean); }) / n);
  const VectorChunks chunks(values.size());
  std::array<Real, VectorChunks::kMost> lowest;
  std::array<Real, VectorChunks::kMost> highest;
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    lowest[chunk] = highest[chunk] = values[chunks.begin(chunk)];
    for (const Real value : values.subspan(chunks.begin(chunk), chunks.end(chunk) - chunks.begin(chunk))) {
      lowest[chunk] = std::min(lowest[chunk], value);
      highest[chunk] = std::max(highest[chunk], value);
    }
  });
  out.lowest = static_cast<double>(*std::min_element(lowest.begin(), lowest.begin() + chunks.count()));
  out.highest = static_cast<double>(*std::max_element(highest.begin(), highest.begin() + chunks.count()));
  return out;
}

ValueSummary summarize_counts(std::span<const Real> table, std::span<const std::uint64_t> counts) {
  if (table.empty()) return {};
  double n = 0;
  for (const std::uint64_t count : counts) n += static_cast<double>(count);
  const auto mean_of = [&](auto term) {
    double sum = 0;
    for (std::size_t code = 0; code < table.size(); ++code) {
      sum += static_cast<double>(counts[code]) * term(static_cast<double>(table[code]));
    }
    return sum / n;
  };
  ValueSummary out;
  out.mean = mean_of([](double value) { return value; });
  out.deviation = std::sqrt(mean_of([&](double value) { return (value - out.mean) * (value - out.mean); }));
  out.lowest = static_cast<double>(table.front());
  out.highest = static_cast<double>(table.back());
  return out;
}

}  // namespace odot::inline ODOT_PRECISION
