// What lies where in an .odr file. docs/files.md describes the format.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/digest.hpp"
#include "odot/core/output_file.hpp"
#include "odot/core/precision.hpp"
#include "odot/core/types.hpp"

namespace odot::inline ODOT_PRECISION::odr {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are, and are little-endian");

inline constexpr std::array<char, 8> kMagic{'O', 'D', 'R', '\r', '\n', '\x1a', '\n', '\0'};
inline constexpr std::uint32_t kByteOrder = 0x01020304;
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kAlignment = 4096;    ///< of every section
inline constexpr Offset kChunk = Offset{1} << 18;  ///< ratings that have a checksum of their own
inline constexpr std::size_t kMostTableValues = 256;

/// The sections, in the order in which they lie in the file.
enum Section : std::size_t {
  kUserIds,
  kUserIdOffsets,
  kItemIds,
  kItemIdOffsets,
  kUserOffsets,
  kItemOffsets,
  kUserIndices,
  kUserValues,
  kItemIndices,
  kItemValues,
  kChunkSums,
  kSections
};

struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;  ///< of the bytes; 0 for the sections of ratings, whose chunks have checksums

  std::uint64_t end() const { return begin + size; }
};

/// The first bytes of a file.
struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t byte_order = kByteOrder;
  std::uint32_t version = kVersion;
  std::uint64_t file_size = 0;
  std::uint64_t users = 0;
  std::uint64_t items = 0;
  std::uint64_t ratings = 0;
  std::uint32_t value_bytes = 1;  ///< of a rating's value: 1 for codes, 4 or 8 for floating-point numbers
  std::uint32_t table_size = 0;   ///< how many values codes stand for; 0 without codes
  double mean = 0;
  double deviation = 0;
  double lowest = 0;
  double highest = 0;
  std::array<Extent, kSections> sections{};
  std::array<double, kMostTableValues> table{};
  std::array<std::byte, 1688> zeros{};
  std::uint64_t checksum = 0;  ///< of all that is before it
};
static_assert(sizeof(Header) == kAlignment);

/// XXH3, 64 bits.
std::uint64_t checksum(const void* bytes, std::size_t size);
std::uint64_t checksum(const Header& header);

inline Offset chunk_count(Offset ratings) { return (ratings + kChunk - 1) / kChunk; }

/// Where everything lies, from the counts, value_bytes and the sizes of the sections of ids; sets file_size.
void lay_out(Header& header);

/// Cuts the rows [first, end) into parts of at most `most` ratings, or of one row; returns where parts begin, and
/// `end`.
std::vector<Index> cut_rows(std::span<const Offset> offsets, Index first, Index end, Offset most);

/// The descriptor of a file that .odr is to be written to. Throws Error unless it is a regular file.
int target_descriptor(const OutputFile& file);

/// The checksums of a section's chunks of kChunk elements, from bytes that come piece by piece.
class ChunkSums {
 public:
  explicit ChunkSums(std::size_t element) : chunk_bytes_(kChunk * element) {}

  void add(std::string_view bytes);
  /// The last chunk may be shorter than the others.
  std::vector<std::uint64_t> finish();

 private:
  void close();

  std::size_t chunk_bytes_;
  std::size_t used_ = 0;  // of the chunk at hand
  Digest digest_;
  std::vector<std::uint64_t> sums_;
};

/// The bytes of a span's elements.
template <class T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return bytes_of(std::span<const T>(values));
}

}  // namespace odot::inline ODOT_PRECISION::odr
