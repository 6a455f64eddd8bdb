// What lies where in an .odr file.
#include "ratings/odr/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION::odr {

std::uint64_t checksum(const void* bytes, std::size_t size) {
  Digest digest;
  digest.add({static_cast<const char*>(bytes), size});
  return digest.value();
}

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
                          file.path() == "-" ? "to standard output" : file.path()),
              ErrorKind::system);
}

void ChunkSums::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t now = std::min(bytes.size(), chunk_bytes_ - used_);
    digest_.add(bytes.substr(0, now));
    bytes.remove_prefix(now);
    used_ += now;
    if (used_ == chunk_bytes_) close();
  }
}

void ChunkSums::close() {
  sums_.push_back(digest_.value());
  digest_.reset();
  used_ = 0;
}

std::vector<std::uint64_t> ChunkSums::finish() {
  if (used_ > 0) close();
  return std::move(sums_);
}

}  // namespace odot::inline ODOT_PRECISION::odr
