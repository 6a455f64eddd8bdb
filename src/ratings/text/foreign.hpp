// What is no text of ratings at all, and what to do about it.
#pragma once

#include <string>
#include <string_view>

#include "odot/core/precision.hpp"
#include "ratings/text/source.hpp"

namespace odot::inline ODOT_PRECISION::reading {

/// Throws Error for archives, compressions that are not read, other programs' files, other encodings, pages and
/// pointers in place of a file: with the command that makes text of it where there is one.
void refuse_foreign(std::string_view text, const std::string& name, const Contents& contents);

}  // namespace odot::inline ODOT_PRECISION::reading
