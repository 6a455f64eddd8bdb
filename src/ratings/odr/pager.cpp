// Verifying, reading ahead, giving back.
#include "ratings/odr/pager.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>

#include "odot/core/error.hpp"
#include "odot/core/parallel.hpp"
#include "ratings/odr/format.hpp"

namespace odot::inline ODOT_PRECISION::odr {
namespace {

constexpr std::size_t kChunksAhead = 8;  // some 10 MB

bool all_within(const Real* values, std::size_t count, Real lowest, Real highest) {
  bool within = true;
  for (std::size_t k = 0; k < count; ++k) within &= values[k] >= lowest && values[k] <= highest;
  return within;
}

}  // namespace

Pager::Pager(MappedSide side, double kept_share)
    : side_(std::move(side)),
      chunks_(chunk_count(side_.indices.size())),
      kept_(kept_share >= 1 ? chunks_ : static_cast<std::size_t>(kept_share * static_cast<double>(chunks_))),
      states_(std::make_unique<std::atomic<std::uint8_t>[]>(chunks_)),
      read_(std::make_unique<std::atomic<Offset>[]>(chunks_)) {}

void Pager::before(Offset begin, Offset end) {
  if (begin >= end) return;
  const std::size_t last = (end - 1) / kChunk;
  for (std::size_t chunk = begin / kChunk; chunk <= last; ++chunk) {
    const bool good = is_good(chunk);
    if (good && chunk < kept_) continue;
    read_ahead(chunk);
    if (!good) make_good(chunk);
  }
}

// A chunk is verified once, but read in every pass: so it is asked each time whether the file is as it was.
void Pager::after(Offset begin, Offset end) {
  if (begin >= end) return;
  side_.file->check_unchanged();
  const std::size_t last = (end - 1) / kChunk;
  for (std::size_t chunk = std::max<std::size_t>(begin / kChunk, kept_); chunk <= last; ++chunk) {
    const Offset first = chunk * kChunk;
    const Offset chunk_end = std::min<Offset>(first + kChunk, side_.indices.size());
    const Offset now = std::min(end, chunk_end) - std::max(begin, first);
    if (read_[chunk].fetch_add(now, std::memory_order_relaxed) + now < chunk_end - first) continue;
    read_[chunk].store(0, std::memory_order_relaxed);
    give_back(chunk);
  }
}

void Pager::verify_rest() {
  parallel_for(chunks_, [&](std::size_t chunk) {
    if (is_good(chunk)) return;
    make_good(chunk);
    if (chunk >= kept_) give_back(chunk);
  });
  side_.file->check_unchanged();
}

// Threads usually come to a new chunk together. One verifies it and the others the next ones meanwhile.
void Pager::make_good(std::size_t chunk) {
  for (std::size_t next = chunk; next < chunks_ && !is_good(chunk); ++next) {
    if (next - chunk > kChunksAhead) break;
    if (claim(next)) verify_claimed(next);
  }
  states_[chunk].wait(kBusy, std::memory_order_acquire);
  if (is_good(chunk)) return;
  side_.file->check_unchanged();
  const char* const fault = find_fault(chunk);
  throw Error(fmt::format("{}: found that {}, expected what was written: convert the ratings again", side_.name,
                          fault ? fault : "it is changing"));
}

bool Pager::claim(std::size_t chunk) {
  std::uint8_t expected = kNew;
  return states_[chunk].compare_exchange_strong(expected, kBusy, std::memory_order_acq_rel);
}

void Pager::verify_claimed(std::size_t chunk) {
  states_[chunk].store(find_fault(chunk) ? kBad : kGood, std::memory_order_release);
  states_[chunk].notify_all();
}

// What is wrong with a chunk, or nothing.
const char* Pager::find_fault(std::size_t chunk) const {
  const Offset begin = chunk * kChunk;
  const Offset end = std::min<Offset>(begin + kChunk, side_.indices.size());
  const Index* const indices = side_.indices.data();
  const char* const values = side_.values + begin * side_.value_bytes;
  const std::size_t count = end - begin;
  if (checksum(indices + begin, count * sizeof(Index)) != side_.index_checksums[chunk] ||
      checksum(values, count * side_.value_bytes) != side_.value_checksums[chunk]) {
    return "some of its ratings do not have their checksum";
  }
  // Whoever computes checksums can write anything; the passes rely on this much.
  auto row = static_cast<std::size_t>(std::ranges::upper_bound(side_.offsets, begin) - side_.offsets.begin()) - 1;
  bool in_order = true;
  for (Offset k = begin; k < end; ++row) {
    const Offset row_end = std::min<Offset>(side_.offsets[row + 1], end);
    if (k == row_end) continue;
    for (; k + 1 < row_end; ++k) in_order &= indices[k] < indices[k + 1];
    in_order &= indices[k++] < side_.columns;
  }
  if (!in_order) return "a row's indices do not ascend or are too large";
  if (side_.table_size > 0) {
    const auto* codes = reinterpret_cast<const unsigned char*>(values);
    if (*std::max_element(codes, codes + count) >= side_.table_size) return "it has a code without a value";
  } else if (!all_within(reinterpret_cast<const Real*>(values), count, side_.lowest, side_.highest)) {
    return "it has ratings that are no numbers, or lie outside of their range";
  }
  return nullptr;
}

void Pager::read_ahead(std::size_t chunk) {
  const std::size_t want = std::min(chunk + kChunksAhead, chunks_);
  std::size_t asked = ahead_.load(std::memory_order_relaxed);
  // Otherwise this is a new pass, or another part of the file.
  const std::size_t from = asked >= chunk && asked <= want ? asked : chunk;
  if (from == want || !ahead_.compare_exchange_strong(asked, want)) return;
  for_each_part(from, want, [](char* start, std::size_t size, std::size_t) { ::madvise(start, size, MADV_WILLNEED); });
}

// Out of this process, and out of the system's cache, so that it does not drive the chunks out that stay.
void Pager::give_back(std::size_t chunk) const {
  for_each_part(chunk, chunk + 1, [&](char* start, std::size_t size, std::size_t position) {
    ::madvise(start, size, MADV_DONTNEED);
    ::posix_fadvise(side_.file->descriptor(), static_cast<off_t>(position), static_cast<off_t>(size),
                    POSIX_FADV_DONTNEED);
  });
}

// advise(start, size, position in the file) for the indices and for the values of the chunks [first, end). Chunks are
// whole pages.
template <class Advise>
void Pager::for_each_part(std::size_t first, std::size_t end, Advise advise) const {
  const Offset begin = first * kChunk;
  const std::size_t count = std::min<Offset>(end * kChunk, side_.indices.size()) - begin;
  const auto part = [&](const char* start, std::size_t element) {
    const char* const at = start + begin * element;
    advise(const_cast<char*>(at), count * element, static_cast<std::size_t>(at - side_.base));
  };
  part(reinterpret_cast<const char*>(side_.indices.data()), sizeof(Index));
  part(side_.values, side_.value_bytes);
}

}  // namespace odot::inline ODOT_PRECISION::odr
