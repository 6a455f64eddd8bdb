// Decompression of whole files in memory.
#pragma once

#include <string>
#include <string_view>

#include "odot/core/precision.hpp"

namespace odot::inline ODOT_PRECISION::reading {

enum class Compression { none, gzip, zstd };

/// By the first bytes.
Compression compression_of(std::string_view bytes);

/// All members (frames) of `bytes`, joined. Throws Error, in which the file is called `name`, when the bytes are
/// damaged or end too early.
std::string decompress(std::string_view bytes, Compression compression, const std::string& name);

}  // namespace odot::inline ODOT_PRECISION::reading
