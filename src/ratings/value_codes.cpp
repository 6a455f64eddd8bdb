// One-byte codes for ratings of few different values: finding the values, and coding them.
#include "ratings/value_codes.hpp"

#include <algorithm>

#include "odot/core/parallel.hpp"

namespace odot::inline ODOT_PRECISION {

ValueCodes::ValueCodes(std::vector<Real> values) : values_(std::move(values)) {
  for (std::size_t code = 0; code < values_.size(); ++code) {
    std::size_t slot = slot_of(values_[code]);
    while (slots_[slot].used) slot = (slot + 1) % kSlots;
    slots_[slot] = {values_[code], static_cast<std::uint8_t>(code), true};
  }
}

std::optional<ValueCodes> ValueCodes::find(const std::vector<Real>& values) {
  ValueSet all;
  if (!all.add(values)) return std::nullopt;
  std::vector<Real> sorted = all.values();
  std::ranges::sort(sorted);
  return ValueCodes(std::move(sorted));
}

bool ValueSet::add(std::span<const Real> values) {
  const VectorChunks chunks(values.size());
  std::vector<ValueSet> sets(chunks.count());
  std::vector<unsigned char> fits(chunks.count(), 1);
  parallel_for(chunks.count(), [&](std::size_t chunk) {
    for (std::size_t k = chunks.begin(chunk); fits[chunk] && k < chunks.end(chunk); ++k) {
      fits[chunk] = sets[chunk].add(values[k]);
    }
  });
  for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
    if (!fits[chunk]) return false;
    for (const Real value : sets[chunk].values()) {
      if (!add(value)) return false;
    }
  }
  return true;
}

}  // namespace odot::inline ODOT_PRECISION
