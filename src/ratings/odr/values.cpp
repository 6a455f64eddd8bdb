// Values as codes as long as they are few.
#include "ratings/odr/values.hpp"

#include <algorithm>
#include <array>

#include "odot/core/parallel.hpp"
#include "ratings/odr/format.hpp"
#include "ratings/value_summary.hpp"

namespace odot::inline ODOT_PRECISION::odr {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 24;  // values at a time

using Counts = std::array<std::uint64_t, ValueCodes::kMost>;

std::vector<Real> sorted(std::vector<Real> values) {
  std::ranges::sort(values);
  return values;
}

}  // namespace

void ValueSpill::append(std::span<const Real> values) {
  if (coded_ && !learn(values)) give_up_codes();
  if (coded_) {
    std::vector<std::uint8_t> codes(values.size());
    const VectorChunks chunks(values.size());
    parallel_for(chunks.count(), [&](std::size_t chunk) {
      for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) codes[k] = (*codes_)(values[k]);
    });
    file_->append(bytes_of(codes));
  } else {
    file_->append(bytes_of(values));
  }
  count_ += values.size();
}

// False when there are too many different values.
bool ValueSpill::learn(std::span<const Real> values) {
  const std::size_t before = known_.values().size();
  if (!known_.add(values)) return false;
  if (known_.values().size() > before) {
    stretches_.push_back({count_, table()});
    codes_.emplace(stretches_.back().table);
  }
  return true;
}

std::vector<Real> ValueSpill::table() const { return coded_ ? sorted(known_.values()) : std::vector<Real>(); }

std::size_t ValueSpill::stretch_end(std::size_t stretch) const {
  return stretch + 1 < stretches_.size() ? stretches_[stretch + 1].begin : count_;
}

// Writes what there is so far anew, as values.
void ValueSpill::give_up_codes() {
  coded_ = false;
  const MappedBytes codes = file_->map();
  auto plain = std::make_unique<SpillFile>(beside_);
  std::vector<Real> values;
  for (std::size_t stretch = 0; stretch < stretches_.size(); ++stretch) {
    const std::size_t end = stretch_end(stretch);
    for (std::size_t begin = stretches_[stretch].begin; begin < end; begin += kBlock) {
      const auto block = codes.elements<std::uint8_t>(begin, std::min(kBlock, end - begin));
      values.resize(block.size());
      std::ranges::transform(block, values.begin(), [&](std::uint8_t code) { return stretches_[stretch].table[code]; });
      plain->append(bytes_of(values));
    }
  }
  file_ = std::move(plain);
}

ValueSummary ValueSpill::read_back(const std::function<void(std::string_view)>& write) const {
  const MappedBytes bytes = file_->map();
  if (!coded_) {
    for (std::size_t begin = 0; begin < bytes.size(); begin += kBlock) {
      write({bytes.data() + begin, std::min(kBlock, bytes.size() - begin)});
    }
    return summarize_values(bytes.elements<Real>(0, count_));
  }
  const std::vector<Real> final_table = table();
  Counts counts{};
  std::vector<std::uint8_t> block;
  for (std::size_t stretch = 0; stretch < stretches_.size(); ++stretch) {
    std::array<std::uint8_t, ValueCodes::kMost> now{};  // the final code by that in this stretch
    for (std::size_t code = 0; code < stretches_[stretch].table.size(); ++code) {
      now[code] = static_cast<std::uint8_t>(std::ranges::lower_bound(final_table, stretches_[stretch].table[code]) -
                                            final_table.begin());
    }
    const std::size_t end = stretch_end(stretch);
    for (std::size_t begin = stretches_[stretch].begin; begin < end; begin += kBlock) {
      const auto codes = bytes.elements<std::uint8_t>(begin, std::min(kBlock, end - begin));
      block.resize(codes.size());
      const VectorChunks chunks(codes.size());
      std::vector<Counts> parts(chunks.count(), Counts{});
      parallel_for(chunks.count(), [&](std::size_t chunk) {
        for (std::size_t k = chunks.begin(chunk); k < chunks.end(chunk); ++k) {
          block[k] = now[codes[k]];
          ++parts[chunk][block[k]];
        }
      });
      for (const Counts& part : parts) std::ranges::transform(counts, part, counts.begin(), std::plus());
      write(bytes_of(block));
      bytes.forget(begin, block.size());
    }
  }
  return summarize_counts(final_table, std::span(counts).first(final_table.size()));
}

}  // namespace odot::inline ODOT_PRECISION::odr
