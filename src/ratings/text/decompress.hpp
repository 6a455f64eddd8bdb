// Decompression of whole files in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

enum class Compression { none, gzip, zstd };

/// By the first bytes.
Compression compression_of(std::string_view bytes);

/// What compressed files that are no ratings may become, which nobody has as large as they can be made: 64 times their
/// size, and 16 MiB in any case.
inline std::size_t most_decompressed(std::size_t size) { return std::max(64 * size, std::size_t{16} << 20); }

/// All members (frames) of `bytes`, joined. Throws Error, in which the file is called `name`, when the bytes are
/// damaged, end too early or become more than `most`.
std::string decompress(std::string_view bytes, Compression compression, const std::string& name,
                       std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace odot::inline ODOT_PRECISION::reading
