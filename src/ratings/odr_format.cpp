// What lies where in an .odr file.
#include "ratings/odr_format.hpp"

#ifndef __clang__  // false alarms in GCC 12's own AVX-512 header
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include "odot/core/error.hpp"

namespace odot::odr {

std::uint64_t checksum(const void* bytes, std::size_t size) { return XXH3_64bits(bytes, size); }

std::uint64_t checksum(const Header& header) { return checksum(&header, offsetof(Header, checksum)); }

void lay_out(Header& header) {
  const std::uint64_t rows[] = {header.users, header.items};
  const auto set_size = [&](Section section, std::uint64_t size) { header.sections[section].size = size; };
  set_size(kUserIdOffsets, (rows[0] + 1) * sizeof(Offset));
  set_size(kItemIdOffsets, (rows[1] + 1) * sizeof(Offset));
  set_size(kUserOffsets, (rows[0] + 1) * sizeof(Offset));
  set_size(kItemOffsets, (rows[1] + 1) * sizeof(Offset));
  for (const Section section : {kUserIndices, kItemIndices}) set_size(section, header.ratings * sizeof(Index));
  for (const Section section : {kUserValues, kItemValues}) set_size(section, header.ratings * header.value_bytes);
  set_size(kChunkSums, 4 * chunk_count(header.ratings) * sizeof(std::uint64_t));
  std::uint64_t end = sizeof(Header);
  for (Extent& section : header.sections) {
    section.begin = (end + kAlignment - 1) / kAlignment * kAlignment;
    end = section.end();
  }
  header.file_size = end;
}

std::vector<Index> cut_rows(std::span<const Offset> offsets, Index first, Index end, Offset most) {
  std::vector<Index> cuts{first};
  while (cuts.back() < end) {
    const auto begin = offsets.begin() + cuts.back();
    const auto last = std::upper_bound(begin, offsets.begin() + end + 1, *begin + most) - 1;
    cuts.push_back(std::max(cuts.back() + 1, static_cast<Index>(last - offsets.begin())));
  }
  return cuts;
}

int target_descriptor(const OutputFile& file) {
  if (file.descriptor() >= 0) return file.descriptor();
  throw Error(fmt::format("cannot write {}: an .odr file needs a regular file, not a pipe or a device",
                          file.path() == "-" ? "to standard output" : file.path()));
}

ChunkSums::~ChunkSums() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void ChunkSums::add(std::string_view bytes) {
  if (!state_ && !(state_ = XXH3_createState())) throw std::bad_alloc();
  while (!bytes.empty()) {
    if (used_ == 0) XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_));
    const std::size_t now = std::min(bytes.size(), chunk_bytes_ - used_);
    XXH3_64bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), now);
    bytes.remove_prefix(now);
    used_ += now;
    if (used_ == chunk_bytes_) close();
  }
}

void ChunkSums::close() {
  sums_.push_back(XXH3_64bits_digest(static_cast<XXH3_state_t*>(state_)));
  used_ = 0;
}

std::vector<std::uint64_t> ChunkSums::finish() {
  if (used_ > 0) close();
  return std::move(sums_);
}

}  // namespace odot::odr
